//! Random small corpora: the index agrees with the plain reference, and passages are true to the texts.

use backend::search::{Deadline, Features, Request};
use proptest::prelude::*;

use super::{reference, request};
use crate::support::library;

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn the_index_agrees_with_the_plain_reference(
        mut texts in prop::collection::vec(text(0..60), 1..6),
        query in text(1..6),
    ) {
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
}
