//! The trace that a search must make, written down span by span.

use shared::SearchResponse;

/// A question to the sample and what its phases must count: terms that take part, words dropped before, terms that no
/// book holds, books that hold a term, postings of the terms.
pub(crate) struct Case(
    pub(crate) &'static str,
    pub(crate) usize,
    pub(crate) usize,
    pub(crate) usize,
    pub(crate) usize,
    pub(crate) usize,
);

/// The trace that a search must have made, from what it counts and what it found.
pub(crate) fn expected(case: &Case, answer: &SearchResponse) -> String {
    let Case(query, tokens, dropped, unknown, documents, postings) = case;
    let letters = query.chars().count();
    let url_query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("q", query)
        .append_pair("method", "tfidf")
        .finish();
    let nonzero = tokens - unknown;
    let found = answer.total_matches;
    // Where no score exceeds the usual threshold, every match may become a hit.
    let threshold = if found == 0 { "0" } else { "0.01" };
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
    GET CLIENT {page} {{http.request.method=GET, http.response.body.size=…, http.response.status_code=200, server.address=127.0.0.1, server.port=…, url.full=…}} events=request,response
      GET /api/{{*path}} SERVER {proxy} {{http.request.method=GET, http.response.status_code=200, http.route=/api/{{*path}}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/search, url.query={url_query}, url.scheme=http, user_agent.original=…}}
        GET CLIENT {proxy} {{http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.full=…}}
          GET /search SERVER {backend} {{app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/search, url.query={url_query}, url.scheme=http, user_agent.original=…}} links=1
            search_api INTERNAL {backend} {{app.index.version=…, app.search.method=tfidf, app.search.query={query}, app.search.query.length={letters}, app.search.results_count={count}}}
              perform_search INTERNAL {backend} {{app.search.method=tfidf}}
                tfidf_search INTERNAL {backend} {{app.search.max_results=20, app.search.threshold={threshold}{top_score}, app.search.total_matches={found}}}
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
