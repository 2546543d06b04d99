//! How often the right book and the right passage come first, on judged queries (`RELEVANCE_QUERIES`) and the real books.
//! `cargo xtask bench relevance` prints the same figures for all methods.

use std::env;
use std::fs;

use serde::Deserialize;
use shared::Method;

use super::search_by;
use crate::support::real_library;

#[derive(Deserialize)]
struct Judged {
    query: String,
    book: String,
    anchor: String,
}

#[test]
fn the_right_book_and_the_right_passage_come_first() {
    let (Some(library), Some(path)) = (real_library(), env::var_os("RELEVANCE_QUERIES")) else {
        return;
    };
    let queries: Vec<Judged> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(queries.len() >= 30, "{} are too few to tell", queries.len());
    for (method, books, passages) in [
        (Method::Tfidf, 0.561, 0.0),
        (Method::Bm25, 0.879, 0.81),
        (Method::Hybrid, 0.95, 0.92),
    ] {
        let (mut right_book, mut right_passage) = (0.0, 0.0);
        for judged in &queries {
            let hits = search_by(library, method, &judged.query).hits;
            let Some(first) = hits.first().filter(|hit| hit.id == judged.book) else {
                continue;
            };
            right_book += 1.0;
            let anchor = judged.anchor.to_lowercase();
            right_passage += f64::from(u8::from(first.snippet.to_lowercase().contains(&anchor)));
        }
        let number = queries.len() as f64;
        assert!(right_book / number >= books, "{method}: {right_book} books");
        assert!(
            right_passage / number >= passages,
            "{method}: {right_passage} passages"
        );
    }
}
