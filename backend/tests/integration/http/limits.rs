//! Searches that take too long, come in too great a number, or are not awaited to the end.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use backend::search::Limits;
use insta::assert_snapshot;
use shared::QueryCapture;
use tokio::net::TcpListener;

use super::assert_problem;
use crate::support::{Backend, ParseTraceId, recorder, three_books};

fn limited(limits: Limits) -> Backend {
    Backend::with_limits(three_books(), QueryCapture::Off, limits)
}

#[tokio::test]
async fn a_search_that_is_out_of_time_is_told_so() {
    let backend = limited(Limits {
        deadline: Duration::ZERO,
        ..Limits::default()
    });
    for method in ["tfidf", "hybrid", "slow_tfidf"] {
        let answer = backend
            .get(&format!("/search?q=whale&method={method}"))
            .await;
        let detail = "the search took too long; use fewer or rarer words";
        assert_problem(&answer, 504, "Too slow", detail);
    }
    let answer = backend.get("/search?q=whale&method=bm25").await;
    assert_snapshot!(answer.trace(), @r"
    GET /search SERVER {app.index.version=…, error.type=504, http.request.method=GET, http.response.status_code=504, http.route=/search, network.protocol.version=1.1, server.address=books.example, server.port=…, url.path=/search, url.query=q=REDACTED&method=bm25, url.scheme=http} [error: Gateway Timeout] links=1
      search_api INTERNAL {app.search.method=bm25, app.search.query.length=5}
        perform_search INTERNAL {app.search.method=bm25, error.type=deadline_exceeded} [error: the search took too long]
          bm25_search INTERNAL {error.type=deadline_exceeded} [error: the search took too long]
            preprocess_query INTERNAL {app.query.dropped_stop_words=0, app.query.token_count=1}
            vectorize_query INTERNAL {app.vector.nonzero=1, app.vector.out_of_vocabulary=0}
    ");
    let health = backend.get("/health").await.json();
    assert_eq!(
        (&health["searches_late"], &health["searches_refused"]),
        (&4.into(), &0.into())
    );
}

#[tokio::test]
async fn more_expensive_searches_than_may_wait_are_refused() {
    let backend = limited(Limits {
        expensive: 1,
        waiting: 1,
        ..Limits::default()
    });
    let slow = || backend.get("/search?q=whale&method=slow_tfidf");
    let (first, second, third) = tokio::join!(slow(), slow(), slow());
    assert_eq!(
        (first.status, second.status),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    let detail = "too many expensive searches wait already; try again in a second";
    assert_problem(&third, 503, "Overloaded", detail);
    assert_eq!(third.header("retry-after"), "1");
    assert_eq!(backend.get("/health").await.json()["searches_refused"], 1);
    // The places are free again.
    assert_eq!(slow().await.status, 200);
}

#[tokio::test]
async fn an_expensive_search_runs_elsewhere_in_the_same_trace() {
    let backend = limited(Limits {
        cheap_postings: 0,
        ..Limits::default()
    });
    let answer = backend.get("/search?q=whale&method=bm25").await;
    let cheap = limited(Limits::default())
        .get("/search?q=whale&method=bm25")
        .await;
    assert_eq!(answer.json()["results"], cheap.json()["results"]);
    assert_eq!(answer.trace(), cheap.trace());
}

/// The request whose trace this is, sent to a real socket and given up.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_away_stops_its_search() {
    let backend = limited(Limits::default());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(backend.serve(listener));
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = format!(
        "GET /search?q=whale&method=slow_tfidf HTTP/1.1\r\nhost: x\r\ntraceparent: 00-{trace}-b7ad6b7169203331-01\r\n\r\n"
    );
    let mut client = TcpStream::connect(address).unwrap();
    client.write_all(request.as_bytes()).unwrap();
    let ended = |name: &'static str| {
        let spans = recorder().spans(|span| {
            span.span_context.trace_id() == trace.parse_trace_id() && span.name == name
        });
        spans.into_iter().next()
    };
    let wait_for = async |name| {
        let until = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(span) = ended(name) {
                return span;
            }
            assert!(tokio::time::Instant::now() < until, "{name} did not end");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    wait_for("slow_preprocess_query").await;
    drop(client);
    for name in [
        "slow_tfidf_search",
        "perform_search",
        "search_api",
        "GET /search",
    ] {
        let span = wait_for(name).await;
        let is_cancelled = span
            .attributes
            .iter()
            .any(|one| one.key.as_str() == "cancelled");
        assert!(is_cancelled, "{name}");
    }
    assert!(ended("slow_process_results").is_none());
    server.abort();
}

#[tokio::test]
async fn a_slow_search_finds_what_a_fast_one_does_and_shows_its_five_faults() {
    let backend = limited(Limits::default());
    let slow = backend.get("/search?q=white+whale&method=slow_tfidf").await;
    let fast = backend.get("/search?q=white+whale&method=tfidf").await;
    assert_eq!(slow.json()["results"], fast.json()["results"]);
    assert_snapshot!(slow.trace(), @r"
    GET /search SERVER {app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search, network.protocol.version=1.1, server.address=books.example, server.port=…, url.path=/search, url.query=q=REDACTED&method=slow_tfidf, url.scheme=http} links=1
      search_api INTERNAL {app.index.version=…, app.search.method=slow_tfidf, app.search.query.length=11, app.search.results_count=3}
        perform_search INTERNAL {app.search.method=slow_tfidf}
          slow_tfidf_search INTERNAL {app.search.max_results=20, app.search.total_matches=3}
            slow_preprocess_query INTERNAL {app.query.token_count=2}
            slow_vectorize_query INTERNAL {app.slow.words_read=23, app.vector.nonzero=2}
            slow_compute_similarity INTERNAL {app.similarity.documents_scored=3}
            slow_process_results INTERNAL {app.results.returned=3}
              inefficient_bubble_sort INTERNAL {app.slow.comparisons=6}
              slow_generate_snippet INTERNAL {app.book.id=austen-persuasion.txt, app.slow.words_read=11, app.snippet.highlights=5}
              slow_generate_snippet INTERNAL {app.book.id=austen-emma.txt, app.slow.words_read=5, app.snippet.highlights=2}
              slow_generate_snippet INTERNAL {app.book.id=austen-sense.txt, app.slow.words_read=6, app.snippet.highlights=1}
    ");
}
