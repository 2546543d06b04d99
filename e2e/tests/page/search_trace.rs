//! One search is one trace: complete, of the right shape, with every attribute.

use e2e::{StackOptions, http_get};
use shared::SearchResponse;

use crate::page::Page;
use crate::tree::{assert_contained, rendered};

/// A question to the sample and what its phases must count: terms that take part, words dropped before, terms that no
/// book holds, books that hold a term, postings of the terms.
struct Case(&'static str, usize, usize, usize, usize, usize);

/// Twenty questions that the sample answers with many books, a few, one or none.
const CASES: [Case; 20] = [
    Case("love", 1, 0, 0, 12, 12),
    Case("death", 1, 0, 0, 10, 10),
    Case("time", 1, 0, 0, 16, 16),
    Case("hope", 1, 0, 0, 6, 6),
    Case("fear", 1, 0, 0, 12, 12),
    Case("joy", 1, 0, 0, 7, 7),
    Case("peace", 1, 0, 0, 11, 11),
    Case("war", 1, 0, 0, 7, 7),
    Case("nature", 1, 0, 0, 4, 4),
    Case("ocean", 1, 0, 0, 6, 6),
    Case("white whale", 2, 0, 0, 8, 10),
    Case("blue sky", 2, 0, 0, 7, 13),
    Case("freedom", 1, 0, 0, 4, 4),
    Case("adventure", 1, 0, 0, 3, 3),
    Case("wisdom", 1, 0, 0, 6, 6),
    Case("dream", 1, 0, 0, 6, 6),
    Case("king", 1, 0, 0, 6, 6),
    Case("zeppelin", 1, 0, 1, 0, 0),
    Case("the and of", 0, 3, 0, 0, 0),
    Case("Love & Death", 2, 0, 0, 14, 22),
];

#[tokio::test]
async fn twenty_searches_are_twenty_whole_traces() {
    let page = Page::open(StackOptions::default()).await;
    let mut seen = Vec::new();
    for case in CASES {
        let query = case.0;
        let ended = page.search(query).await;
        let mut tree = page.traces().complete(&ended.trace_id).await.unwrap();
        let answer = answer_to(&page, query).await;
        assert_eq!(rendered(&tree), expected(&case, &answer), "{query}");
        assert_contained(&mut tree);
        seen.push(ended.trace_id);
    }
    let kept = page.searches(CASES.len()).await;
    let kept: Vec<String> = kept
        .iter()
        .map(|trace| trace[0].trace_id.to_string())
        .collect();
    assert_eq!(kept, seen);
    page.close().await;
}

/// What the backend answers to the same question when it is asked directly.
async fn answer_to(page: &Page, query: &str) -> SearchResponse {
    let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let backend = page.stack.backend.address("http");
    let url = format!("http://{backend}/search?q={encoded}");
    let body = http_get(&url, &[]).await.unwrap().into_body();
    serde_json::from_str(&body).unwrap()
}

/// The trace that a search must have made, from what it counts and what it found.
fn expected(case: &Case, answer: &SearchResponse) -> String {
    let Case(query, tokens, dropped, unknown, documents, postings) = case;
    let letters = query.chars().count();
    let url_query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("q", query)
        .append_pair("method", "tfidf")
        .finish();
    let nonzero = tokens - unknown;
    let found = answer.total_matches;
    let count = answer.results.len();
    let top_score = answer
        .results
        .first()
        .map(|hit| format!(", app.search.top_score={}", hit.score))
        .unwrap_or_default();
    let snippets: String = answer
        .results
        .iter()
        .map(|hit| {
            format!(
                "                    generate_snippet INTERNAL gutenberg-backend \
                 {{app.book.id={}, app.snippet.highlights={}}}\n",
                hit.id,
                hit.highlights.len()
            )
        })
        .collect();
    let page = "gutenberg-frontend";
    let proxy = "gutenberg-frontend-server";
    let backend = "gutenberg-backend";
    format!(
        "\
frontend_search INTERNAL {page} {{app.search.method=tfidf, app.search.outcome=answered, app.search.query={query}, app.search.query.length={letters}, app.search.results_count={count}}}
  update_ui_loading INTERNAL {page}
  prepare_api_request INTERNAL {page}
  api_request_execute INTERNAL {page}
    GET CLIENT {page} {{http.request.method=GET, http.response.status_code=200, server.address=127.0.0.1, server.port=…, url.full=…}}
      GET /api/{{*path}} SERVER {proxy} {{http.request.method=GET, http.response.status_code=200, http.route=/api/{{*path}}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/search, url.query={url_query}, url.scheme=http, user_agent.original=…}}
        GET CLIENT {proxy} {{http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.full=…}}
          GET /search SERVER {backend} {{app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/search, url.query={url_query}, url.scheme=http, user_agent.original=…}} links=1
            search_api INTERNAL {backend} {{app.index.version=…, app.search.method=tfidf, app.search.query={query}, app.search.query.length={letters}, app.search.results_count={count}}}
              perform_search INTERNAL {backend} {{app.search.method=tfidf}}
                tfidf_search INTERNAL {backend} {{app.search.max_results=20, app.search.threshold=0.01{top_score}, app.search.total_matches={found}}}
                  preprocess_query INTERNAL {backend} {{app.query.dropped_stop_words={dropped}, app.query.token_count={tokens}}}
                  vectorize_query INTERNAL {backend} {{app.vector.nonzero={nonzero}, app.vector.out_of_vocabulary={unknown}}}
                  compute_similarity INTERNAL {backend} {{app.similarity.documents_scored={documents}, app.similarity.postings_read={postings}}}
                  process_results INTERNAL {backend} {{app.results.returned={count}}}
{snippets}  parse_response INTERNAL {page} {{app.search.results_count={count}}}
  process_search_results INTERNAL {page}
  update_url_params INTERNAL {page}
  update_ui_final INTERNAL {page}
"
    )
}
