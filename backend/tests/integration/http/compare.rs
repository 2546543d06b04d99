//! `GET /search/compare` and `/search/explain`: methods side by side, and scores taken apart.

use insta::assert_snapshot;
use serde_json::json;
use shared::{Comparison, Explanation, Method, QueryCapture, SearchResponse};

use super::{assert_problem, ready};
use crate::support::{Backend, ParseTraceId, library, recorder};

#[tokio::test]
async fn methods_are_compared_in_one_trace() {
    let answer = ready()
        .get("/search/compare?q=%22white+whale&methods=phrase,bm25")
        .await;
    let comparison: Comparison = serde_json::from_str(&answer.body).unwrap();
    let found: Vec<(Method, usize, usize)> = comparison
        .comparison
        .values()
        .map(|one| (one.method, one.total_matches, one.total_results))
        .collect();
    assert_eq!(found, [(Method::Bm25, 3, 3), (Method::Phrase, 1, 1)]);
    assert!(comparison.performance.faster_method.is_some());
    assert_eq!(comparison.hints.len(), 1);
    assert_snapshot!(answer.trace(), @r"
    GET /search/compare SERVER {app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search/compare, network.protocol.version=1.1, server.address=books.example, server.port=…, url.path=/search/compare, url.query=q=%22white+whale&methods=phrase,bm25, url.scheme=http} links=1
      compare_methods INTERNAL
        perform_search INTERNAL {app.search.method=bm25}
          bm25_search INTERNAL {app.search.max_results=20, app.search.threshold=0, app.search.top_score=1.8481688499450684, app.search.total_matches=3}
            preprocess_query INTERNAL {app.query.dropped_stop_words=0, app.query.token_count=2}
            vectorize_query INTERNAL {app.vector.nonzero=2, app.vector.out_of_vocabulary=0}
            compute_similarity INTERNAL {app.similarity.documents_scored=3, app.similarity.postings_read=8}
            process_results INTERNAL {app.results.returned=3}
              generate_snippet INTERNAL {app.book.id=austen-emma.txt, app.snippet.highlights=2}
              generate_snippet INTERNAL {app.book.id=austen-persuasion.txt, app.snippet.highlights=5}
              generate_snippet INTERNAL {app.book.id=austen-sense.txt, app.snippet.highlights=1}
        perform_search INTERNAL {app.search.method=phrase}
          phrase_search INTERNAL {app.search.max_results=20, app.search.threshold=0, app.search.top_score=1.7011102437973022, app.search.total_matches=1}
            preprocess_query INTERNAL {app.query.dropped_stop_words=0, app.query.token_count=2}
            vectorize_query INTERNAL {app.vector.nonzero=2, app.vector.out_of_vocabulary=0}
            compute_similarity INTERNAL {app.similarity.documents_scored=1, app.similarity.postings_read=4}
            process_results INTERNAL {app.results.returned=1}
              generate_snippet INTERNAL {app.book.id=austen-persuasion.txt, app.snippet.highlights=4}
    ");
    let tree = recorder().tree(answer.trace_id().parse_trace_id());
    let searches: Vec<_> = tree
        .spans()
        .iter()
        .filter(|span| span.name == "perform_search")
        .collect();
    assert!(
        searches[1].start_ns < searches[0].end_ns,
        "one after the other"
    );
}

#[tokio::test]
async fn all_methods_are_compared_unless_told_otherwise() {
    let backend = ready();
    let json = backend.get("/search/compare?q=whale&limit=1").await.json();
    let names: Vec<&str> = Method::ALL.iter().map(|method| method.as_str()).collect();
    for name in &names {
        assert_eq!(json["comparison"][name]["total_results"], 1, "{name}");
        assert_eq!(json["comparison"][name]["total_matches"], 2, "{name}");
    }
    assert_eq!(json["comparison"].as_object().unwrap().len(), names.len());
    let slow = json["comparison"]["slow_tfidf"]["duration_ms"]
        .as_f64()
        .unwrap();
    let difference = json["performance"]["speed_difference_ms"].as_f64().unwrap();
    assert!(
        slow >= difference && difference > 0.0,
        "{slow} {difference}"
    );

    let allowed = "methods: allowed are two or more different names with commas between them, or nothing for all";
    for methods in ["bm25", "bm25,bm25"] {
        let answer = backend
            .get(&format!("/search/compare?q=a&methods={methods}"))
            .await;
        assert_problem(&answer, 400, "Bad request", allowed);
    }
    let answer = backend.get("/search/compare?q=a&methods=bm25,").await;
    assert_eq!(answer.status, 400);
}

#[tokio::test]
async fn contributions_add_up_to_the_score_that_the_search_gives() {
    let backend = Backend::new(
        library([
            "A white whale swam. The whale was white as snow, and no fish at all. So it goes on.",
            "Whales are big. A white ship sailed.",
            "Nothing of the kind.",
        ]),
        QueryCapture::Raw,
    );
    for query in [
        "white+whale",
        "whale",
        "whael+white",
        "the+white+whale+was+white",
        "%22white+whale%22",
    ] {
        for method in Method::ALL {
            let search = backend
                .get(&format!("/search?q={query}&method={method}"))
                .await;
            let found: SearchResponse = serde_json::from_str(&search.body).unwrap();
            for hit in &found.results {
                let path = format!("/search/explain?q={query}&method={method}&id={}", hit.id);
                let explained: Explanation =
                    serde_json::from_str(&backend.get(&path).await.body).unwrap();
                let sum: f64 = explained
                    .contributions
                    .iter()
                    .map(|one| one.contribution)
                    .sum();
                assert!(
                    (explained.score - hit.score).abs() < 1e-9,
                    "{query} {method} {}",
                    hit.id
                );
                assert!(
                    (sum - hit.score).abs() < 1e-6,
                    "{query} {method} {}: {sum} {}",
                    hit.id,
                    hit.score
                );
                assert!(!explained.contributions.is_empty() && explained.document_length > 0.0);
            }
        }
    }
}

#[tokio::test]
async fn every_hit_of_one_book_is_explained_by_its_place() {
    let filler = "word ".repeat(70);
    let text = format!("white whale {filler} whale {filler} white white whale {filler}");
    let backend = Backend::new(library([text, "whale".to_owned()]), QueryCapture::Off);
    for method in ["hybrid", "bm25"] {
        let asked = format!("q=white+whale&method={method}&book=austen-emma.txt");
        let search = backend.get(&format!("/search?{asked}")).await;
        let found: SearchResponse = serde_json::from_str(&search.body).unwrap();
        assert_eq!(found.results.len(), 3);
        for hit in found.results {
            let path = format!(
                "/search/explain?{asked}&id={}&from={}",
                hit.id, hit.location.from
            );
            let explained: Explanation =
                serde_json::from_str(&backend.get(&path).await.body).unwrap();
            assert!((explained.score - hit.score).abs() < 1e-6, "{method}");
        }
    }
}

#[tokio::test]
async fn a_score_is_explained_with_all_its_numbers() {
    let path = "/search/explain?q=White+whales+xyzzy&method=bm25&id=austen-persuasion.txt";
    let explained: Explanation = serde_json::from_str(&ready().get(path).await.body).unwrap();
    assert_eq!(explained.unknown_words, ["xyzzy"]);
    assert_eq!((explained.documents, explained.document_length), (4, 15.0));
    let terms: Vec<_> = explained
        .contributions
        .iter()
        .map(|one| {
            (
                one.word.as_str(),
                one.term.as_str(),
                one.term_frequency,
                one.document_frequency,
            )
        })
        .collect();
    assert_eq!(terms, [("White", "white", 3, 2), ("whales", "whale", 2, 2)]);
}

#[tokio::test]
async fn a_book_that_does_not_match_has_the_score_zero() {
    let path = "/search/explain?q=snow&method=hybrid&id=austen-emma.txt";
    let json = ready().get(path).await.json();
    assert_eq!(
        (&json["score"], &json["contributions"]),
        (&json!(0.0), &json!([]))
    );
    let answer = ready().get("/search/explain?q=snow").await;
    assert_problem(
        &answer,
        400,
        "Bad request",
        "id is missing: say which book, such as id=austen-emma.txt",
    );
}
