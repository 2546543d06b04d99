//! What travels between page and backend, as JSON.

mod books;
mod compare;
mod explain;
mod method;
mod search;

pub use books::{Book, BookDetail, BookText, Books, Chapter, SkippedBook};
pub use compare::{ComparedMethod, ComparedSpeed, Comparison};
pub use explain::{Contribution, Explanation, ScorePart};
pub use method::{Method, UnknownMethod};
pub use search::{Hit, Location, SearchResponse, Suggestion};

use std::str::FromStr;

use serde::{Deserialize, Serialize};

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
    /// Searches that were refused because too many expensive ones waited already.
    #[serde(default)]
    pub searches_refused: u64,
    /// Searches that did not end in time.
    #[serde(default)]
    pub searches_late: u64,
    /// Books that are not served, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedBook>,
    /// How far the start-up is; absent once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<StartProgress>,
    /// What else is not as it should be and what can be done about it: a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// How far a start-up is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartProgress {
    /// What is being done: `configuring`, `reading_books`, `opening_index`, `building_index`, `keeping_index` or
    /// `checking`.
    pub phase: String,
    /// Steps of it that are done: books that are read, bytes that are indexed.
    pub done: u64,
    /// All its steps; 0 where they cannot be counted.
    pub total: u64,
    /// The trace of the start-up, whose spans leave as they end; absent where it is not recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

/// State of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Not yet able to answer a search.
    Starting,
    /// Everything works.
    Healthy,
    /// Searches are answered, but some books are missing or have changed since they were read.
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
    /// Whether events are recorded, as log records.
    #[serde(default)]
    pub events: bool,
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
}
