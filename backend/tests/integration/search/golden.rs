//! The compatible variant against exact scores of scikit-learn 1.3.1 for 100 queries on the real books.

use std::fs;
use std::path::Path;

use backend::search::Features;
use serde::Deserialize;

use super::search;
use crate::support::real_library;

/// Queries with what scikit-learn answers.
#[derive(Deserialize)]
struct Golden {
    books: Vec<String>,
    queries: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    query: String,
    total: usize,
    /// Place of the book in `books`, and its score.
    hits: Vec<(usize, f64)>,
}

#[test]
fn every_query_has_the_hits_the_order_and_the_scores_of_scikit_learn() {
    let Some(library) = real_library() else {
        return;
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/tfidf-golden.json");
    let golden: Golden = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(golden.queries.len(), 100);
    for expected in golden.queries {
        let query = &expected.query;
        let answer = search(library, query, Features::MostFrequent);
        assert_eq!(answer.total_matches, expected.total, "{query}");
        let ids: Vec<&str> = answer.hits.iter().map(|hit| hit.id.as_ref()).collect();
        let wanted: Vec<&str> = expected
            .hits
            .iter()
            .map(|(book, _)| golden.books[*book].as_str())
            .collect();
        assert_eq!(ids, wanted, "{query}");
        for (hit, (_, score)) in answer.hits.iter().zip(&expected.hits) {
            let difference = (hit.score - score).abs();
            assert!(
                difference < 1e-6,
                "{query}: {} is {} and not {score}",
                hit.id,
                hit.score
            );
        }
    }
}
