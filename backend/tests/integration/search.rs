//! Search: exact scores, the right hits, passages that show them.

mod best_books;
mod golden;
mod invariants;
mod kept_index;
mod passages;
mod properties;
mod reference;
mod relevance;
mod snippets;
mod syntax;

use backend::search::{Answer, Deadline, Features, Library, Request};
use shared::Method;

use crate::support::{library, real_library, three_books};

/// What `library` answers to `query` with everything else left to the method.
fn search(library: &Library, query: &str, features: Features) -> Answer {
    let request = request(query, features);
    library.search(&request, &Deadline::none()).unwrap()
}

/// What `library` answers to `query` by `method`.
fn search_by(library: &Library, method: Method, query: &str) -> Answer {
    let request = Request {
        method,
        ..request(query, Features::All)
    };
    library.search(&request, &Deadline::none()).unwrap()
}

fn request(query: &str, features: Features) -> Request<'_> {
    Request {
        features,
        ..Request::new(query, Method::Tfidf)
    }
}

fn ids(answer: &Answer) -> Vec<&str> {
    answer.hits.iter().map(|hit| hit.id.as_ref()).collect()
}

#[test]
fn hits_come_by_score_and_of_equal_ones_in_the_order_of_the_corpus() {
    let answer = search(&three_books(), "white whale", Features::All);
    assert_eq!(
        ids(&answer),
        [
            "austen-persuasion.txt",
            "austen-emma.txt",
            "austen-sense.txt"
        ]
    );
    let twins = library(["one whale", "red whale", "no fish", "old whale"]);
    let answer = search(&twins, "whale", Features::All);
    assert_eq!(
        ids(&answer),
        ["austen-emma.txt", "austen-persuasion.txt", "bible-kjv.txt"]
    );
}

#[test]
fn a_limit_cuts_the_hits_and_not_their_number() {
    let library = three_books();
    let request = Request {
        limit: 1,
        ..request("white", Features::All)
    };
    let answer = library.search(&request, &Deadline::none()).unwrap();
    assert_eq!((answer.hits.len(), answer.total_matches), (1, 2));
}

#[test]
fn a_threshold_that_was_asked_for_is_kept() {
    let library = three_books();
    let above = |threshold| {
        let request = Request {
            threshold: Some(threshold),
            ..request("whale", Features::All)
        };
        library
            .search(&request, &Deadline::none())
            .unwrap()
            .total_matches
    };
    assert_eq!((above(0.0), above(0.5), above(1.0)), (2, 1, 0));
}

#[test]
fn a_word_that_a_long_book_only_mentions_is_found_with_the_whole_vocabulary() {
    let mut long = "whale ".repeat(500);
    long.push_str("yorick");
    let library = library([long, "another book".to_owned()]);
    assert_eq!(search(&library, "yorick", Features::All).total_matches, 1);
    assert_eq!(
        search(&library, "yorick", Features::MostFrequent).total_matches,
        0
    );
}

#[test]
fn what_is_not_searched_for_is_named() {
    let answer = search(&three_books(), "The Whale, xyzzy? c++", Features::All);
    assert_eq!(answer.unknown_words, ["xyzzy"]);
    assert_eq!(answer.dropped_words, ["The", "c++"]);
    for nothing in ["(", "to be or not to be", "\u{611b}", "\0\r\n x", "xyzzy"] {
        let answer = search(&three_books(), nothing, Features::All);
        assert_eq!(answer.total_matches, 0, "{nothing:?}");
        assert!(
            !(answer.unknown_words.is_empty() && answer.dropped_words.is_empty()),
            "{nothing:?}"
        );
    }
}

#[test]
fn both_variants_find_as_many_books_as_the_original() {
    let Some(library) = real_library() else {
        return;
    };
    let counts = [
        ("love", 10),
        ("death", 9),
        ("time", 18),
        ("hope", 6),
        ("fear", 7),
        ("joy", 5),
        ("peace", 6),
        ("war", 3),
        ("nature", 6),
    ];
    for (word, count) in counts {
        for features in [Features::All, Features::MostFrequent] {
            assert_eq!(
                search(library, word, features).total_matches,
                count,
                "{word} {features:?}"
            );
        }
    }
}

#[test]
fn the_whole_vocabulary_finds_what_the_cut_to_5000_features_lost() {
    let Some(library) = real_library() else {
        return;
    };
    for (word, count) in [("adventure", 10), ("journey", 14), ("yorick", 1)] {
        assert_eq!(
            search(library, word, Features::All).total_matches,
            count,
            "{word}"
        );
        assert_eq!(
            search(library, word, Features::MostFrequent).total_matches,
            0,
            "{word}"
        );
    }
}
