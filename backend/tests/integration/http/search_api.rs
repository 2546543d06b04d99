//! `GET /search`: what it takes, what it answers, and every span and attribute of it.

use insta::assert_snapshot;
use serde_json::json;
use shared::{QueryCapture, SearchResponse};

use super::{assert_problem, ready};
use crate::support::{Backend, ParseTraceId, recorder, three_books};

#[tokio::test]
async fn hits_come_with_everything_about_them() {
    let answer = ready()
        .get("/search?q=White+whale,+the+xyzzy&limit=1")
        .await;
    let response: SearchResponse = serde_json::from_str(&answer.body).unwrap();
    assert!(
        (response.results[0].score - 0.754).abs() < 0.1,
        "{}",
        response.results[0].score
    );
    let mut json = answer.json();
    json["took_us"] = json!(0);
    json["results"][0]["score"] = json!(0);
    let expected = json!({
        "query": "White whale, the xyzzy",
        "method": "tfidf",
        "total_results": 1,
        "total_matches": 3,
        "took_us": 0,
        "results": [{
            "id": "austen-persuasion.txt",
            "title": "Persuasion",
            "author": "Jane Austen",
            "year": 1817,
            "score": 0,
            "snippet": "They saw the white whale--white as snow. The white whale saw them.",
            "highlights": [[13, 18], [19, 24], [26, 31], [45, 50], [51, 56]],
            "location": { "chapter": "CHAPTER II", "from": 30, "to": 99 },
        }],
        "unknown_words": ["xyzzy"],
        "dropped_words": ["the"],
    });
    assert_eq!(json, expected);
}

#[tokio::test]
async fn a_misspelled_word_comes_with_what_may_have_been_meant() {
    let json = ready().get("/search?q=Whael").await.json();
    let expected = json!([{ "word": "Whael", "instead": ["whale"] }]);
    assert_eq!(
        (&json["suggestions"], &json["unknown_words"]),
        (&expected, &json!(["Whael"]))
    );
}

#[tokio::test]
async fn the_trace_of_a_search_is_whole() {
    let backend = ready();
    let answer = backend
        .get("/search?q=The+white+whale+xyzzy&method=tfidf")
        .await;
    assert_snapshot!(answer.trace(), @r"
    GET /search SERVER {app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search, network.protocol.version=1.1, server.address=books.example, server.port=…, url.path=/search, url.query=q=The+white+whale+xyzzy&method=tfidf, url.scheme=http} links=1
      search_api INTERNAL {app.index.version=…, app.search.method=tfidf, app.search.query=The white whale xyzzy, app.search.query.length=21, app.search.results_count=3}
        perform_search INTERNAL {app.search.method=tfidf}
          tfidf_search INTERNAL {app.search.max_results=20, app.search.threshold=0.01, app.search.top_score=0.6849373579025269, app.search.total_matches=3}
            preprocess_query INTERNAL {app.query.dropped_stop_words=1, app.query.token_count=3}
            vectorize_query INTERNAL {app.vector.nonzero=2, app.vector.out_of_vocabulary=1}
            compute_similarity INTERNAL {app.similarity.documents_scored=3, app.similarity.postings_read=4}
            process_results INTERNAL {app.results.returned=3}
              generate_snippet INTERNAL {app.book.id=austen-emma.txt, app.snippet.highlights=2}
              generate_snippet INTERNAL {app.book.id=austen-persuasion.txt, app.snippet.highlights=5}
              generate_snippet INTERNAL {app.book.id=austen-sense.txt, app.snippet.highlights=1}
    ");

    let tree = recorder().tree(answer.trace_id().parse_trace_id());
    let link = &tree.spans()[0].links[0];
    assert_eq!(
        link.trace_id.to_string(),
        backend.startup.trace_id().to_string()
    );
    assert_eq!(
        link.span_id.to_string(),
        backend.startup.span_id().to_string()
    );
}

#[tokio::test]
async fn every_method_has_its_own_span_and_the_same_phases() {
    let trace = ready()
        .get("/search?q=The+white+whale+xyzzy&method=bm25")
        .await
        .trace();
    assert_snapshot!(trace, @r"
    GET /search SERVER {app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search, network.protocol.version=1.1, server.address=books.example, server.port=…, url.path=/search, url.query=q=The+white+whale+xyzzy&method=bm25, url.scheme=http} links=1
      search_api INTERNAL {app.index.version=…, app.search.method=bm25, app.search.query=The white whale xyzzy, app.search.query.length=21, app.search.results_count=3}
        perform_search INTERNAL {app.search.method=bm25}
          bm25_search INTERNAL {app.search.max_results=20, app.search.threshold=0, app.search.top_score=2.6987240314483643, app.search.total_matches=3}
            preprocess_query INTERNAL {app.query.dropped_stop_words=0, app.query.token_count=4}
            vectorize_query INTERNAL {app.vector.nonzero=3, app.vector.out_of_vocabulary=1}
            compute_similarity INTERNAL {app.similarity.documents_scored=3, app.similarity.postings_read=12}
            process_results INTERNAL {app.results.returned=3}
              generate_snippet INTERNAL {app.book.id=austen-emma.txt, app.snippet.highlights=3}
              generate_snippet INTERNAL {app.book.id=austen-persuasion.txt, app.snippet.highlights=7}
              generate_snippet INTERNAL {app.book.id=austen-sense.txt, app.snippet.highlights=1}
    ");
}

#[tokio::test]
async fn hybrid_looks_at_its_candidates_again() {
    let trace = ready()
        .get("/search?q=The+white+whales+xyzzy&method=hybrid")
        .await
        .trace();
    assert_snapshot!(trace, @r"
    GET /search SERVER {app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search, network.protocol.version=1.1, server.address=books.example, server.port=…, url.path=/search, url.query=q=The+white+whales+xyzzy&method=hybrid, url.scheme=http} links=1
      search_api INTERNAL {app.index.version=…, app.search.method=hybrid, app.search.query=The white whales xyzzy, app.search.query.length=22, app.search.results_count=3}
        perform_search INTERNAL {app.search.method=hybrid}
          hybrid_search INTERNAL {app.search.max_results=20, app.search.threshold=0, app.search.top_score=1, app.search.total_matches=3}
            preprocess_query INTERNAL {app.query.dropped_stop_words=0, app.query.token_count=4}
            vectorize_query INTERNAL {app.vector.nonzero=3, app.vector.out_of_vocabulary=1}
            compute_similarity INTERNAL {app.similarity.documents_scored=3, app.similarity.postings_read=12}
            rerank_passages INTERNAL {app.rerank.candidates=3}
            process_results INTERNAL {app.results.returned=3}
              generate_snippet INTERNAL {app.book.id=austen-emma.txt, app.snippet.highlights=3}
              generate_snippet INTERNAL {app.book.id=austen-persuasion.txt, app.snippet.highlights=7}
              generate_snippet INTERNAL {app.book.id=austen-sense.txt, app.snippet.highlights=1}
    ");
    let trace = ready().get("/search?q=%28&method=hybrid").await.trace();
    assert_snapshot!(trace, @r"
    GET /search SERVER {app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search, network.protocol.version=1.1, server.address=books.example, server.port=…, url.path=/search, url.query=q=%28&method=hybrid, url.scheme=http} links=1
      search_api INTERNAL {app.index.version=…, app.search.method=hybrid, app.search.query=(, app.search.query.length=1, app.search.results_count=0}
        perform_search INTERNAL {app.search.method=hybrid}
          hybrid_search INTERNAL {app.search.max_results=20, app.search.threshold=0, app.search.total_matches=0}
            preprocess_query INTERNAL {app.query.dropped_stop_words=1, app.query.token_count=0}
            vectorize_query INTERNAL {app.vector.nonzero=0, app.vector.out_of_vocabulary=0}
            compute_similarity INTERNAL {app.similarity.documents_scored=0, app.similarity.postings_read=0}
            rerank_passages INTERNAL {app.rerank.candidates=0}
            process_results INTERNAL {app.results.returned=0}
    ");
}

#[tokio::test]
async fn a_phrase_is_searched_in_one_trace() {
    let trace = ready()
        .get("/search?q=the+white+whale&method=phrase")
        .await
        .trace();
    assert_snapshot!(trace, @r"
    GET /search SERVER {app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search, network.protocol.version=1.1, server.address=books.example, server.port=…, url.path=/search, url.query=q=the+white+whale&method=phrase, url.scheme=http} links=1
      search_api INTERNAL {app.index.version=…, app.search.method=phrase, app.search.query=the white whale, app.search.query.length=15, app.search.results_count=1}
        perform_search INTERNAL {app.search.method=phrase}
          phrase_search INTERNAL {app.search.max_results=20, app.search.threshold=0, app.search.top_score=2.5516653060913086, app.search.total_matches=1}
            preprocess_query INTERNAL {app.query.dropped_stop_words=0, app.query.token_count=3}
            vectorize_query INTERNAL {app.vector.nonzero=3, app.vector.out_of_vocabulary=0}
            compute_similarity INTERNAL {app.similarity.documents_scored=1, app.similarity.postings_read=6}
            process_results INTERNAL {app.results.returned=1}
              generate_snippet INTERNAL {app.book.id=austen-persuasion.txt, app.snippet.highlights=6}
    ");
}

#[tokio::test]
async fn a_fuzzy_search_weighs_similar_words() {
    let trace = ready()
        .get("/search?q=whiet+xyzzy&method=fuzzy")
        .await
        .trace();
    assert_snapshot!(trace, @r"
    GET /search SERVER {app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search, network.protocol.version=1.1, server.address=books.example, server.port=…, url.path=/search, url.query=q=whiet+xyzzy&method=fuzzy, url.scheme=http} links=1
      search_api INTERNAL {app.index.version=…, app.search.method=fuzzy, app.search.query=whiet xyzzy, app.search.query.length=11, app.search.results_count=2}
        perform_search INTERNAL {app.search.method=fuzzy}
          fuzzy_search INTERNAL {app.search.max_results=20, app.search.threshold=0, app.search.top_score=0.4988068640232086, app.search.total_matches=2}
            preprocess_query INTERNAL {app.query.dropped_stop_words=0, app.query.token_count=2}
            vectorize_query INTERNAL {app.vector.nonzero=1, app.vector.out_of_vocabulary=2}
            compute_similarity INTERNAL {app.similarity.documents_scored=2, app.similarity.postings_read=4}
            process_results INTERNAL {app.results.returned=2}
              generate_snippet INTERNAL {app.book.id=austen-persuasion.txt, app.snippet.highlights=3}
              generate_snippet INTERNAL {app.book.id=austen-sense.txt, app.snippet.highlights=1}
    ");
}

#[tokio::test]
async fn a_search_without_hits_has_no_score_and_no_snippets() {
    let answer = ready().get("/search?q=xyzzy").await;
    assert_snapshot!(answer.trace(), @r"
    GET /search SERVER {app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search, network.protocol.version=1.1, server.address=books.example, server.port=…, url.path=/search, url.query=q=xyzzy, url.scheme=http} links=1
      search_api INTERNAL {app.index.version=…, app.search.method=tfidf, app.search.query=xyzzy, app.search.query.length=5, app.search.results_count=0}
        perform_search INTERNAL {app.search.method=tfidf}
          tfidf_search INTERNAL {app.search.max_results=20, app.search.threshold=0, app.search.total_matches=0}
            preprocess_query INTERNAL {app.query.dropped_stop_words=0, app.query.token_count=1}
            vectorize_query INTERNAL {app.vector.nonzero=0, app.vector.out_of_vocabulary=1}
            compute_similarity INTERNAL {app.similarity.documents_scored=0, app.similarity.postings_read=0}
            process_results INTERNAL {app.results.returned=0}
    ");
}

#[tokio::test]
async fn how_much_of_a_query_is_recorded_is_a_setting() {
    for (capture, recorded) in [
        (QueryCapture::Raw, "app.search.query=white ale"),
        (QueryCapture::Hash, "app.search.query.hash=06ca898eefb1764b"),
        (QueryCapture::Off, "app.search.query.length=9"),
    ] {
        let trace = Backend::new(three_books(), capture)
            .get("/search?q=white+ale")
            .await
            .trace();
        assert!(trace.contains(recorded), "{trace}");
        assert!(trace.contains("app.search.query.length=9"), "{trace}");
        assert_eq!(
            trace.contains("ale"),
            capture == QueryCapture::Raw,
            "{trace}"
        );
        assert_eq!(
            trace.contains("query.hash"),
            capture == QueryCapture::Hash,
            "{trace}"
        );
        assert_eq!(
            trace.contains("url.query=q=REDACTED"),
            capture != QueryCapture::Raw,
            "{trace}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_answered_is_told_with_what_is_allowed() {
    let blank = "q is missing or blank: say what to look for, such as q=love";
    let limit = "limit: allowed is a whole number from 1 to 20";
    let threshold = "threshold: allowed is a number of at least 0";
    let features = "features: allowed is 5000, or nothing for all";
    let twice = "a parameter is given twice or is no text";
    for (path, detail) in [
        ("/search", blank),
        ("/search?q=", blank),
        ("/search?q=%20%09+", blank),
        ("/search?q=%00%0d%0a", blank),
        ("/search?q=a&q=b", twice),
        (
            "/search?q=a&method=magic",
            "unknown method; allowed: hybrid tfidf bm25 phrase fuzzy slow_tfidf",
        ),
        (
            "/search?q=a&method=",
            "unknown method; allowed: hybrid tfidf bm25 phrase fuzzy slow_tfidf",
        ),
        ("/search?q=a&limit=0", limit),
        ("/search?q=a&limit=21", limit),
        ("/search?q=a&limit=-1", limit),
        ("/search?q=a&limit=many", limit),
        ("/search?q=a&threshold=-1", threshold),
        ("/search?q=a&threshold=NaN", threshold),
        ("/search?q=a&features=500", features),
    ] {
        assert_problem(&ready().get(path).await, 400, "Bad request", detail);
    }
    let long = format!("/search?q={}", "a".repeat(10_000));
    assert_problem(
        &ready().get(&long).await,
        414,
        "Query too long",
        "the query may have at most 1024 bytes",
    );
    assert_eq!(
        ready()
            .get(&format!("/search?q={}", "a".repeat(1024)))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn hostile_queries_are_queries() {
    let check = async |query: &str, matches: usize, dropped: &[&str], unknown: &[&str]| {
        let answer = ready().get(&format!("/search?q={query}")).await;
        let json = answer.json();
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(json["total_matches"], matches, "{query}");
        let words = |key: &str| json.get(key).cloned().unwrap_or_else(|| json!([]));
        assert_eq!(
            (words("dropped_words"), words("unknown_words")),
            (json!(dropped), json!(unknown)),
            "{query}"
        );
    };
    check("love+c%2b%2b", 2, &["c++"], &[]).await;
    check("(", 0, &["("], &[]).await;
    check("%E6%84%9B", 0, &["\u{611b}"], &[]).await;
    check("to+be+or+not", 0, &["to", "be", "or", "not"], &[]).await;
    check("love%00%0d%0a", 2, &[], &[]).await;
    check("%ff%fe+love", 2, &[], &[]).await;
    let html = "%3Cimg+src%3Dx+onerror%3Dalert(1)%3E";
    check(html, 0, &[], &["img", "src=x", "onerror=alert(1)>"]).await;
}
