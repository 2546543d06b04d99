//! What a request brings, read without a browser at hand: complete replies and what can be wrong with them.

use serde_json::Value as Json;
use shared::Problem;
use trace_model::{Span, otlp_json};

use crate::from_json::FromJson;

/// Why a request brought nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ApiError {
    /// The request could not be written down.
    Unsendable,
    /// The caller gave up on it.
    Aborted,
    /// No answer arrived.
    Unreachable,
    /// The server answered with an error.
    Refused {
        /// HTTP status code.
        status: u16,
        /// What the server says about it; empty where it says nothing.
        detail: String,
    },
    /// The answer is not what was agreed on.
    Unreadable(String),
    /// The book has no such place, for this reason.
    NoSuchPlace(String),
}

/// A response whose body is complete.
pub(crate) struct Reply {
    /// HTTP status code.
    pub status: u16,
    /// The body as text.
    pub body: String,
    /// What names this state of what was asked for; empty where the server has no name for it.
    pub etag: String,
}

impl Reply {
    /// The reply unless it is a refusal.
    pub(crate) fn accepted(self) -> Result<Reply, ApiError> {
        match self.status {
            200 => Ok(self),
            _ => Err(self.refusal()),
        }
    }

    /// The body of an accepted reply as what was agreed on.
    pub(crate) fn parse<T: FromJson>(&self) -> Result<T, ApiError> {
        let unreadable =
            |field| ApiError::Unreadable(format!("{field} is missing or not as agreed"));
        T::from_json(&self.json()?).map_err(unreadable)
    }

    /// The body of an accepted reply as JSON of any kind.
    pub(crate) fn json(&self) -> Result<Json, ApiError> {
        serde_json::from_str(&self.body).map_err(|e| ApiError::Unreadable(e.to_string()))
    }

    fn refusal(&self) -> ApiError {
        refusal(self.status, &self.body)
    }
}

/// The spans of a trace in an answer of this status; none when the collector holds none of it.
pub(crate) fn trace(status: u16, body: &str) -> Result<Vec<Span>, ApiError> {
    match status {
        200 => otlp_json::parse(body).map_err(|e| ApiError::Unreadable(e.to_string())),
        _ => Err(refusal(status, body)),
    }
}

fn refusal(status: u16, body: &str) -> ApiError {
    ApiError::Refused {
        status,
        detail: serde_json::from_str(body)
            .ok()
            .and_then(|json: Json| Problem::from_json(&json).ok())
            .map_or_else(String::new, |problem| problem.detail),
    }
}

impl ApiError {
    /// What the user is told.
    pub(crate) fn reason(&self) -> String {
        match self {
            ApiError::Unsendable => "The browser could not write the request.".into(),
            ApiError::Aborted => "The search was given up.".into(),
            ApiError::Unreachable => "The server cannot be reached.".into(),
            ApiError::Unreadable(_) => "The server's answer cannot be read.".into(),
            ApiError::NoSuchPlace(why) => why.clone(),
            ApiError::Refused { status, detail } if detail.is_empty() => match status {
                502..=504 => "The server is not available at the moment.".into(),
                _ => format!("The server answered with status {status}."),
            },
            ApiError::Refused { detail, .. } => sentence(detail),
        }
    }

    /// Value of `error.type`, of low cardinality.
    pub(crate) fn error_type(&self) -> String {
        match self {
            ApiError::Unsendable => "invalid_request".into(),
            ApiError::Aborted => "aborted".into(),
            ApiError::Unreachable => "network_error".into(),
            ApiError::Unreadable(_) => "invalid_response".into(),
            ApiError::NoSuchPlace(_) => "no_such_place".into(),
            ApiError::Refused { status, .. } => status.to_string(),
        }
    }

    /// What developers are told in the span.
    pub(crate) fn message(&self) -> String {
        match self {
            ApiError::Unreadable(why) => format!("cannot read the answer: {why}"),
            other => other.reason(),
        }
    }
}

/// The text with a capital at the front and a full stop at the end.
pub(crate) fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut letters = text.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{}{}{end}", first.to_ascii_uppercase(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use shared::SearchResponse;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply {
            status,
            body: body.into(),
            etag: String::new(),
        }
    }

    #[track_caller]
    fn check(reply: Reply, reason: &str, error_type: &str) {
        let error = reply
            .accepted()
            .and_then(|reply| reply.parse::<SearchResponse>())
            .expect_err("no answer");
        assert_eq!(
            (error.reason().as_str(), error.error_type().as_str()),
            (reason, error_type)
        );
    }

    #[test]
    fn a_problem_is_told_in_the_servers_words() {
        let problem = r#"{"title":"Bad request","status":400,"detail":"the query is longer than 1,024 bytes","trace_id":"ab"}"#;
        check(
            reply(400, problem),
            "The query is longer than 1,024 bytes.",
            "400",
        );
    }

    #[test]
    fn an_error_without_words_gets_some() {
        check(
            reply(500, "oops"),
            "The server answered with status 500.",
            "500",
        );
        check(
            reply(502, ""),
            "The server is not available at the moment.",
            "502",
        );
    }

    #[test]
    fn an_answer_that_is_not_json_is_unreadable() {
        check(
            reply(200, "<html>"),
            "The server's answer cannot be read.",
            "invalid_response",
        );
    }

    #[test]
    fn an_answer_is_read() {
        let body = r#"{"query":"love","method":"tfidf","total_results":0,"total_matches":0,"took_us":12,"results":[]}"#;
        let response = reply(200, body)
            .parse::<SearchResponse>()
            .expect("an answer");
        assert_eq!((response.query.as_str(), response.took_us), ("love", 12));
    }

    #[test]
    fn a_trace_that_is_not_held_has_no_spans() {
        assert_eq!(trace(200, r#"{"result":{"resourceSpans":[]}}"#), Ok(vec![]));
        let down = trace(502, "").expect_err("no collector");
        assert_eq!(down.error_type(), "502");
    }
}
