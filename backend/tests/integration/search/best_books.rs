//! Where there are more books than are asked for, blocks of passages are left out: what is found is what is found when every
//! book is asked for, to the last bit.

use backend::search::{Answer, Deadline, Library, Request};
use proptest::prelude::*;
use shared::Method;

use crate::support::library;

/// Words of every kind: those with a column, those whose list is long enough for bounds to be stored, and rare ones.
fn word() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        300 => prop::sample::select(vec!["the", "and", "of", "sea"]),
        30 => prop::sample::select(vec!["ship", "gold", "wind"]),
        1 => prop::sample::select(vec!["yorick", "ahab", "alas"]),
    ]
}

/// A book of chapters that are one passage each: up to three blocks of them.
fn book() -> impl Strategy<Value = String> {
    let chapter = prop::collection::vec(word(), 1..9);
    let chapters = prop::collection::vec(chapter, 1..150);
    chapters.prop_map(|chapters| {
        let chapter = |words: Vec<&str>| format!("CHAPTER I\n\n{}", words.join(" "));
        chapters
            .into_iter()
            .map(chapter)
            .collect::<Vec<_>>()
            .join("\n\n")
    })
}

fn query() -> impl Strategy<Value = String> {
    let words = vec![
        "the", "and", "of", "sea", "ship", "gold", "wind", "yorick", "ahab", "alas", "yorrick",
    ];
    prop::collection::vec(prop::sample::select(words), 1..6).prop_map(|words| words.join(" "))
}

/// With a limit that no book is beyond, all are scored.
fn ask(library: &Library, query: &str, method: Method, limit: usize) -> Answer {
    let request = Request {
        limit,
        ..Request::new(query, method)
    };
    library.search(&request, &Deadline::none()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn a_limit_changes_how_many_books_are_told_and_nothing_else(
        books in prop::collection::vec(book(), 21..32),
        queries in prop::collection::vec(query(), 24),
    ) {
        let library = library(books);
        for (query, method) in queries.iter().flat_map(|query| {
            [Method::Bm25, Method::Fuzzy].map(|method| (query, method))
        }) {
            for query in [query.clone(), format!("{query} author:austen"), format!("{query} -gold")] {
                let mut all = ask(&library, &query, method, library.corpus.books.len());
                for limit in [20, 5, 1] {
                    all.hits.truncate(limit);
                    prop_assert_eq!(&ask(&library, &query, method, limit), &all, "{} {}", method, query);
                }
            }
        }
    }
}
