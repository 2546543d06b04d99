//! The trace that a search must make, written down span by span.

use sha2::{Digest, Sha256};
use shared::{QueryCapture, SearchResponse};

/// A question and what its phases must count: terms that take part, words dropped before, terms that no book holds, books
/// that hold a term, postings of the terms.
#[derive(Clone, Copy, Debug)]
pub struct Case(
    /// The question.
    pub &'static str,
    /// Terms that take part.
    pub usize,
    /// Words dropped before.
    pub usize,
    /// Terms that no book holds.
    pub usize,
    /// Books that hold a term.
    pub usize,
    /// Postings of the terms.
    pub usize,
);

/// What differs between places where the same services run.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Host in the address of the page.
    pub page_host: String,
    /// Host by which frontend-server calls the backend.
    pub backend_host: String,
    /// How much of a query the spans may hold.
    pub capture: QueryCapture,
}

impl Default for Setting {
    /// That of a [`Stack`](crate::Stack).
    fn default() -> Self {
        Setting {
            page_host: "127.0.0.1".to_owned(),
            backend_host: "127.0.0.1".to_owned(),
            capture: QueryCapture::Raw,
        }
    }
}

impl Setting {
    /// The attribute for the text of a query, as the rendered trace has it in front of the query's length.
    fn query_attribute(&self, query: &str) -> String {
        match self.capture {
            QueryCapture::Raw => format!("app.search.query={query}, "),
            QueryCapture::Hash => {
                let digest = Sha256::digest(query.as_bytes());
                let front: String = digest[..8]
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                format!("app.search.query.hash={front}, ")
            }
            QueryCapture::Off => String::new(),
        }
    }

    /// The query part of an address: search text is user data and stays out unless it may be recorded as typed.
    fn url_query(&self, query: &str) -> String {
        match self.capture {
            QueryCapture::Raw => url::form_urlencoded::Serializer::new(String::new())
                .append_pair("q", query)
                .append_pair("method", "tfidf")
                .finish(),
            QueryCapture::Hash | QueryCapture::Off => "q=REDACTED&method=tfidf".to_owned(),
        }
    }
}

/// The trace that a search must have made, from what it counts and what it found.
pub fn expected(case: &Case, answer: &SearchResponse, setting: &Setting) -> String {
    let Case(query, tokens, dropped, unknown, documents, postings) = case;
    let letters = query.chars().count();
    let asked = setting.query_attribute(query);
    let url_query = setting.url_query(query);
    let (page_host, backend_host) = (&setting.page_host, &setting.backend_host);
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
    // Hits are described in the order of the corpus, which is that of the books' ids.
    let mut hits: Vec<_> = answer.results.iter().collect();
    hits.sort_by(|one, other| one.id.cmp(&other.id));
    let snippets: String = hits
        .into_iter()
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
frontend_search INTERNAL {page} {{app.search.method=tfidf, app.search.outcome=answered, {asked}app.search.query.length={letters}, app.search.results_count={count}}}
  update_ui_loading INTERNAL {page}
  prepare_api_request INTERNAL {page}
  api_request_execute INTERNAL {page}
    GET CLIENT {page} {{http.request.method=GET, http.response.body.size=…, http.response.status_code=200, server.address={page_host}, server.port=…, url.full=…}} events=request,response
      GET /api/{{*path}} SERVER {proxy} {{http.request.method=GET, http.response.status_code=200, http.route=/api/{{*path}}, network.protocol.version=1.1, server.address={page_host}, server.port=…, url.path=/api/search, url.query={url_query}, url.scheme=http, user_agent.original=…}}
        GET CLIENT {proxy} {{http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, server.address={backend_host}, server.port=…, url.full=…}}
          GET /search SERVER {backend} {{app.index.version=…, http.request.method=GET, http.response.status_code=200, http.route=/search, network.protocol.version=1.1, server.address={backend_host}, server.port=…, url.path=/search, url.query={url_query}, url.scheme=http, user_agent.original=…}} links=1
            search_api INTERNAL {backend} {{app.index.version=…, app.search.method=tfidf, {asked}app.search.query.length={letters}, app.search.results_count={count}}}
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
