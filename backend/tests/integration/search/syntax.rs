//! What a query asks for besides words: words in a row, words that must not occur, authors, books.

use backend::search::{Deadline, Library, Request};
use shared::Method;

use super::{ids, search_by};
use crate::support::library;

/// Two books by Jane Austen, one of them with a white whale, and a Bible.
fn books() -> Library {
    library([
        "A white whale swam. Nothing else happened.",
        "The whale was white. A grey ship sailed.",
        "Sense has no fish.",
        "The white whale of the sea is big.",
    ])
}

/// Every method finds these books, whatever their order.
fn check(query: &str, expected: &[&str]) {
    let library = books();
    // As a phrase, all words that are left would have to stand in a row.
    let methods = Method::ALL.into_iter();
    for method in methods.filter(|method| *method != Method::Phrase) {
        let answer = search_by(&library, method, query);
        let mut found = ids(&answer);
        found.sort_unstable();
        assert_eq!(found, expected, "{method} {query}");
    }
}

const EMMA: &str = "austen-emma.txt";
const PERSUASION: &str = "austen-persuasion.txt";
const BIBLE: &str = "bible-kjv.txt";

#[test]
fn words_in_quotation_marks_stand_in_a_row() {
    check("white whale", &[EMMA, PERSUASION, BIBLE]);
    check("\"white whale\"", &[EMMA, BIBLE]);
    check("\u{201c}white whale\u{201d} \"sea is\"", &[BIBLE]);
    check("\"whale white\"", &[]);
    check("whale \"grey ship\"", &[PERSUASION]);
    check("\"xyzzy whale\"", &[]);
}

#[test]
fn excluded_words_do_not_occur_in_whatever_form() {
    check("whale -grey", &[EMMA, BIBLE]);
    check("whale -ships -big", &[EMMA]);
    check("whale -\"white whale\"", &[PERSUASION]);
    check("whale -xyzzy", &[EMMA, PERSUASION, BIBLE]);
}

#[test]
fn authors_and_books_are_chosen_by_parts_of_their_names() {
    check("whale author:austen", &[EMMA, PERSUASION]);
    check("whale author:\"Jane Austen\" book:Emma", &[EMMA]);
    check("whale book:emma book:bible", &[EMMA, BIBLE]);
    check("whale author:melville", &[]);
}

#[test]
fn what_narrows_a_search_down_changes_no_score() {
    let library = books();
    for method in [Method::Tfidf, Method::Bm25, Method::Fuzzy, Method::Phrase] {
        let all = search_by(&library, method, "whale");
        let some = search_by(&library, method, "whale book:emma");
        let of_emma = all.hits.iter().find(|hit| hit.id == EMMA);
        assert_eq!(some.hits.first(), of_emma, "{method}");
    }
}

#[test]
fn one_book_can_be_searched_by_its_place() {
    let library = books();
    for method in Method::ALL {
        let request = Request {
            book: Some(1),
            ..Request::new("whale", method)
        };
        let answer = library.search(&request, &Deadline::none()).unwrap();
        assert_eq!(ids(&answer), [PERSUASION], "{method}");
    }
}

#[test]
fn in_one_book_every_passage_is_a_hit() {
    let filler = "word ".repeat(70);
    let library = library([
        format!("white whale {filler} whale {filler} {filler} white white whale {filler}"),
        "a whale".to_owned(),
    ]);
    for method in Method::ALL {
        let request = Request {
            book: Some(0),
            ..Request::new("white whale", method)
        };
        let answer = library.search(&request, &Deadline::none()).unwrap();
        let expected = match method {
            Method::Tfidf | Method::SlowTfidf => 1,
            Method::Phrase => 2,
            Method::Hybrid | Method::Bm25 | Method::Fuzzy => 3,
        };
        assert_eq!(
            (answer.hits.len(), answer.total_matches),
            (expected, expected),
            "{method}"
        );
        assert!(answer.hits.iter().all(|hit| hit.id == EMMA));
        // Among books, however few they are, a book is one hit.
        let books = search_by(&library, method, "white whale book:emma");
        assert_eq!(ids(&books), [EMMA], "{method}");
    }
}

#[test]
fn what_fits_nothing_is_said() {
    let library = books();
    let hints = |query| search_by(&library, Method::Hybrid, query).hints;
    assert_eq!(
        hints("whale author:nobody"),
        ["No author here is called “nobody”."]
    );
    assert_eq!(hints("whale book:none"), ["No book here is called “none”."]);
    assert_eq!(hints("whale author:austen"), [] as [&str; 0]);
    assert_eq!(hints("-whale").len(), 1);
}

#[test]
fn the_compatible_variant_knows_words_only() {
    let request = Request {
        features: backend::search::Features::MostFrequent,
        ..Request::new("\"white whale\" -grey", Method::Tfidf)
    };
    let answer = books().search(&request, &Deadline::none()).unwrap();
    assert_eq!(answer.total_matches, 3);
    assert!(answer.hints.is_empty());
}

#[test]
fn a_phrase_may_reach_over_the_border_of_passages_but_not_of_books() {
    let filler = "word ".repeat(59);
    let library = library([
        format!("{filler}alpha beta {filler}"),
        "ends with alpha".to_owned(),
        "beta begins".to_owned(),
    ]);
    for method in [Method::Phrase, Method::Hybrid, Method::Tfidf] {
        let answer = search_by(&library, method, "\"alpha beta\"");
        assert_eq!(ids(&answer), [EMMA], "{method}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// Against the plainest way to look for words in a row.
    #[test]
    fn phrases_are_found_wherever_they_are(
        texts in proptest::collection::vec(proptest::collection::vec("[abc]", 1..150), 1..4),
        phrase in proptest::collection::vec("[abc]", 1..5),
    ) {
        let library = library(texts.iter().map(|words| words.join(" ")));
        let answer = search_by(&library, Method::Phrase, &phrase.join(" "));
        let holds = |words: &Vec<String>| words.windows(phrase.len()).any(|part| part == phrase);
        let expected = texts.iter().filter(|words| holds(words)).count();
        proptest::prop_assert_eq!(answer.total_matches, expected);
    }
}
