//! Random small corpora and queries: the index agrees with the plain reference, passages are true to the texts, and every
//! answer keeps its invariants.

use std::sync::LazyLock;

use backend::search::{Deadline, Features, Library, Request, matching_words};
use proptest::prelude::*;
use shared::Method;

use super::invariants::{check_answer, check_ranges, methods_and_features};
use super::{reference, request};
use crate::support::{library, three_books};

/// Words, with all that texts do to them.
fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "whale",
        "Whale,",
        "\"whale\"",
        "white",
        "sea",
        "sea-shore",
        "love--death",
        "the",
        "and",
        "not",
        "of",
        "AHAB.",
        "ship",
        "don't",
        "--",
        "\n\n",
    ])
}

fn text(words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(word(), words).prop_map(|words| words.join(" "))
}

/// Anything: words of the books, what has a meaning in a query, and letters of all the world.
fn any_query() -> impl Strategy<Value = String> {
    let syntax = prop::sample::select(vec![
        "\"", " ", " -", "author:", "book:", "-author:", "whale", "whail", "white", "austen",
        "\u{17f}", "\u{130}",
    ]);
    let part =
        prop_oneof![3 => syntax.prop_map(str::to_owned), 1 => "\\PC{0,6}", 1 => any::<String>()];
    prop::collection::vec(part, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_index_agrees_with_the_plain_reference(
        mut texts in prop::collection::vec(text(0..60), 1..6),
        query in text(1..6),
    ) {
        // What stands in quotation marks is another question.
        let query = query.replace('"', "");
        // An index without a single word cannot be asked anything.
        texts.push("whale".to_owned());
        let library = library(texts.clone());
        for features in [Features::All, Features::MostFrequent] {
            let request = Request { threshold: Some(0.0), ..request(&query, features) };
            let answer = library.search(&request, &Deadline::none()).unwrap();
            let expected = reference::scores(&texts, &query, features);
            prop_assert_eq!(answer.total_matches, expected.iter().filter(|score| **score > 0.0).count());
            for pair in answer.hits.windows(2) {
                prop_assert!(pair[0].score >= pair[1].score);
            }
            for hit in &answer.hits {
                let place = library.corpus.books.iter().position(|book| book.entry.id == hit.id).unwrap();
                prop_assert!((hit.score - expected[place]).abs() < 1e-6, "{} is not {}", hit.score, expected[place]);
            }
        }
    }

    #[test]
    fn a_passage_is_a_part_of_its_book_and_shows_a_word_of_the_query(
        texts in prop::collection::vec(text(1..200), 1..4),
        query in text(1..4),
    ) {
        let library = library(texts);
        let answer = library.search(&request(&query, Features::All), &Deadline::none()).unwrap();
        for hit in &answer.hits {
            let book = library.corpus.books.iter().find(|book| book.entry.id == hit.id).unwrap();
            let part = book.text.decode(hit.location.from..hit.location.to);
            let words: Vec<&str> = part.split_whitespace().collect();
            prop_assert_eq!(&hit.snippet, &words.join(" "));
            prop_assert!(!hit.highlights.is_empty());
            let mut end = 0;
            for &(from, to) in &hit.highlights {
                prop_assert!(end <= from && from < to && to <= hit.snippet.len());
                end = to;
            }
        }
    }

    #[test]
    fn any_query_by_any_method_is_answered(query in any_query()) {
        static LIBRARY: LazyLock<Library> = LazyLock::new(three_books);
        for (method, features) in methods_and_features() {
            let request = Request { features, ..Request::new(query.as_str(), method) };
            let answer = LIBRARY.search(&request, &Deadline::none()).unwrap();
            check_answer(&LIBRARY, &request, &answer);
        }
        let text = &LIBRARY.corpus.books[0].text;
        let part = 0..text.bytes().len();
        let marked = matching_words(&LIBRARY, &query, 0, part.clone()).unwrap();
        check_ranges(&marked, &text.decode(part));
    }

    #[test]
    fn any_bytes_can_be_the_text_of_a_book(
        text in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(b" \n\n.IVaeT1:".to_vec())], 0..600),
    ) {
        let query: String = text.iter().take(60).map(|&byte| char::from(byte)).collect();
        let length = text.len();
        let library = library([text]);
        let mut end = 0;
        for (_, passage) in library.passages() {
            prop_assert!(end <= passage.start && passage.start < passage.end && passage.end <= length);
            end = passage.end;
        }
        for method in Method::ALL {
            let request = Request::new(query.as_str(), method);
            let answer = library.search(&request, &Deadline::none()).unwrap();
            check_answer(&library, &request, &answer);
        }
    }
}
