//! What travels between page and backend, as JSON.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Answer to `GET /search`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchResponse {
    /// The query as it was received.
    pub query: String,
    /// The method that answered.
    pub method: Method,
    /// Hits in `results`.
    pub total_results: usize,
    /// Hits found, before the cut to the limit.
    pub total_matches: usize,
    /// Time the search took inside the backend, in microseconds.
    pub took_us: u64,
    /// Hits by descending score.
    pub results: Vec<Hit>,
    /// Words of the query that no book contains, as typed and in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_words: Vec<String>,
    /// What may have been meant by unknown words, where words of the books are spelled much like them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggestion>,
    /// Words of the query that were dropped because they are stop words or too short, as typed and in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped_words: Vec<String>,
}

/// An unknown word with words of the books that are spelled much like it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The word as typed.
    pub word: String,
    /// Words of the books in lower case, the most widely used first.
    pub instead: Vec<String>,
}

/// One book that answers a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Id of the book, such as `austen-emma.txt`.
    pub id: String,
    /// True title.
    pub title: String,
    /// True author; absent where the work names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Year of first publication.
    pub year: u16,
    /// How well it answers: for `tfidf` the cosine, 0 to 1; for `bm25` above 0 without an upper bound; for `hybrid` 0 to 1.
    /// Scores of different methods are not comparable.
    pub score: f64,
    /// A passage around the best matches, as plain text.
    pub snippet: String,
    /// Half-open ranges of matched words in `snippet`, counted in Unicode scalar values.
    pub highlights: Vec<(usize, usize)>,
    /// Where the passage stands in the book.
    pub location: Location,
}

/// Place of a passage in its book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Heading of the chapter, where one was recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chapter: Option<String>,
    /// Line of the book's text in which the passage begins, from 1; only methods that search passages know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// First byte of the passage in the book's text.
    pub from: usize,
    /// Byte after the passage.
    pub to: usize,
}

/// How to search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Cosine similarity of TF-IDF vectors of whole books.
    #[default]
    Tfidf,
    /// BM25 over passages; a book is as good as its best passage.
    Bm25,
    /// BM25 over passages, then the order of the words; words that no book holds stand for similar ones.
    Hybrid,
    /// All words in a row, in order, in passages.
    Phrase,
    /// BM25 over passages; words that no book holds stand for similar ones.
    Fuzzy,
}

impl Method {
    /// Every method, in the order in which they are offered.
    pub const ALL: [Method; 5] = [
        Method::Tfidf,
        Method::Bm25,
        Method::Hybrid,
        Method::Phrase,
        Method::Fuzzy,
    ];

    /// Name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Tfidf => "tfidf",
            Method::Bm25 => "bm25",
            Method::Hybrid => "hybrid",
            Method::Phrase => "phrase",
            Method::Fuzzy => "fuzzy",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Method::ALL
            .into_iter()
            .find(|method| method.as_str() == name)
            .ok_or(UnknownMethod)
    }
}

/// A method name that is none of [`Method::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownMethod;

impl fmt::Display for UnknownMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown method; allowed:")?;
        Method::ALL
            .iter()
            .try_for_each(|method| write!(f, " {method}"))
    }
}

impl std::error::Error for UnknownMethod {}

/// Answer to `GET /books`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// Which texts are served: `gutenberg` or `sample`.
    pub corpus: String,
    /// Books in the order of their ids.
    pub books: Vec<Book>,
    /// Books that are not served, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedBook>,
}

/// One book of the corpus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// Id of the book, such as `austen-emma.txt`.
    pub id: String,
    /// True title.
    pub title: String,
    /// True author; absent where the work names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Year of first publication.
    pub year: u16,
    /// Words separated by white space.
    pub word_count: usize,
}

/// A book that could not be served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedBook {
    /// Id of the book.
    pub id: String,
    /// What is wrong with it, in one sentence.
    pub reason: String,
}

/// Answer to `GET /health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Overall state.
    pub status: HealthStatus,
    /// Now, as RFC 3339 in UTC.
    pub timestamp: String,
    /// `service.name` of the process.
    pub service: String,
    /// Books that are served.
    pub books: usize,
    /// Books that are not served, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedBook>,
}

/// State of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Not yet able to answer a search.
    Starting,
    /// Everything works.
    Healthy,
    /// Searches are answered, but some books are missing.
    Degraded,
}

/// Answer to `GET /trace-context`: the span that serves this very request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceContext {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// Two hexadecimal digits.
    pub trace_flags: String,
    /// The same as headers.
    pub trace_context: TraceContextHeaders,
}

/// W3C trace context headers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceContextHeaders {
    /// `traceparent` header.
    pub traceparent: String,
    /// `tracestate` header; empty where there is none.
    pub tracestate: String,
}

/// Error body, `application/problem+json` (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind of error, the same for every occurrence.
    pub title: String,
    /// HTTP status code.
    pub status: u16,
    /// What was wrong this time and what is allowed.
    pub detail: String,
    /// Trace in which it happened; empty where there is none.
    #[serde(default)]
    pub trace_id: String,
}

/// Answer to `GET /config.json`: what the page needs to know at run time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PageConfig {
    /// How much of a query its spans may hold.
    pub capture_query: QueryCapture,
    /// Share of traces to record, 0 to 1.
    pub sampling_ratio: f64,
    /// Address of a trace in another viewer with `{trace_id}` in it; empty where there is none.
    pub trace_link: String,
    /// Whether `/telemetry` answers queries for traces.
    pub trace_panel: bool,
}

/// How much of a query its spans may hold (`CAPTURE_QUERY`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryCapture {
    /// The query as typed.
    Raw,
    /// Its length and a hash.
    #[default]
    Hash,
    /// Its length only.
    Off,
}

impl FromStr for QueryCapture {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "raw" => Ok(QueryCapture::Raw),
            "hash" => Ok(QueryCapture::Hash),
            "off" => Ok(QueryCapture::Off),
            _ => Err("allowed: raw, hash, off"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_has_one_name_in_text_and_json() {
        for method in Method::ALL {
            let json = serde_json::to_string(&method).unwrap();
            assert_eq!(json, format!("\"{method}\""));
            assert_eq!(method.to_string().parse(), Ok(method));
        }
        assert_eq!("TFIDF".parse::<Method>(), Err(UnknownMethod));
        assert_eq!(
            UnknownMethod.to_string(),
            "unknown method; allowed: tfidf bm25 hybrid phrase fuzzy"
        );
    }

    #[test]
    fn a_capture_mode_has_one_name_in_text_and_json() {
        for (name, capture) in [
            ("raw", QueryCapture::Raw),
            ("hash", QueryCapture::Hash),
            ("off", QueryCapture::Off),
        ] {
            assert_eq!(name.parse(), Ok(capture));
            assert_eq!(serde_json::to_value(capture).unwrap(), name);
        }
        assert!("all".parse::<QueryCapture>().is_err());
    }

    #[test]
    fn what_is_empty_is_left_out_and_may_be_missing() {
        let answer = SearchResponse {
            query: "love".into(),
            method: Method::Tfidf,
            total_results: 0,
            total_matches: 0,
            took_us: 1,
            results: Vec::new(),
            unknown_words: Vec::new(),
            suggestions: vec![],
            dropped_words: Vec::new(),
        };
        let json = serde_json::to_value(&answer).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "query": "love", "method": "tfidf", "total_results": 0, "total_matches": 0, "took_us": 1,
                "results": [],
            })
        );
        assert_eq!(
            serde_json::from_value::<SearchResponse>(json).unwrap(),
            answer
        );
    }
}
