//! Errors as they leave the backend: problem JSON (RFC 9457) with the trace in which they happened.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use shared::Problem;
use telemetry::Context;

use crate::search::SearchError;

/// Everything that a request can be answered with besides success.
#[derive(Debug)]
pub enum ApiError {
    /// A parameter is missing or wrong; says which and what is allowed.
    BadRequest(Cow<'static, str>),
    /// The query is longer than this many bytes.
    QueryTooLong(usize),
    /// There is no such route.
    NotFound,
    /// There is no such book.
    UnknownBook,
    /// The route has no such method.
    MethodNotAllowed,
    /// The library is still being loaded.
    NotReady,
    /// No span serves this request, because telemetry is off.
    NoTrace,
    /// The index failed.
    Search(SearchError),
}

/// Loading takes less than this, and expensive searches are done after it.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

impl ApiError {
    /// A query string that cannot be taken apart.
    pub(super) fn unreadable_parameter() -> Self {
        ApiError::BadRequest("a parameter is given twice or is no text".into())
    }

    fn describe(self) -> (StatusCode, &'static str, Cow<'static, str>) {
        match self {
            ApiError::BadRequest(detail) => (StatusCode::BAD_REQUEST, "Bad request", detail),
            ApiError::QueryTooLong(most) => {
                let detail = format!("the query may have at most {most} bytes");
                (StatusCode::URI_TOO_LONG, "Query too long", detail.into())
            }
            ApiError::NotFound => {
                let detail = "try /, /books, /search, /health or /trace-context";
                (StatusCode::NOT_FOUND, "Not found", detail.into())
            }
            ApiError::UnknownBook => {
                let detail = "there is no book with this id; /books lists all of them";
                (StatusCode::NOT_FOUND, "Unknown book", detail.into())
            }
            ApiError::MethodNotAllowed => {
                let detail = "this address answers GET and HEAD";
                (
                    StatusCode::METHOD_NOT_ALLOWED,
                    "Method not allowed",
                    detail.into(),
                )
            }
            ApiError::NotReady => {
                let detail = "the books are still being loaded; try again in a second";
                (StatusCode::SERVICE_UNAVAILABLE, "Not ready", detail.into())
            }
            ApiError::NoTrace => (
                StatusCode::NOT_FOUND,
                "No trace",
                "this request is not traced".into(),
            ),
            ApiError::Search(SearchError::DeadlineExceeded) => {
                let detail = "the search took too long; use fewer or rarer words";
                (StatusCode::GATEWAY_TIMEOUT, "Too slow", detail.into())
            }
            ApiError::Search(SearchError::Overloaded) => {
                let detail = "too many expensive searches wait already; try again in a second";
                (StatusCode::SERVICE_UNAVAILABLE, "Overloaded", detail.into())
            }
            ApiError::Search(error) => {
                // What exactly failed is for the log; the client learns the trace id to ask about.
                tracing::error!(error = &error as &dyn std::error::Error, "a search failed");
                let detail = "the search failed";
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Internal error",
                    detail.into(),
                )
            }
        }
    }
}

impl From<SearchError> for ApiError {
    fn from(error: SearchError) -> Self {
        ApiError::Search(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, title, detail) = self.describe();
        let problem = Problem {
            title: title.to_owned(),
            status: status.as_u16(),
            detail: detail.into_owned(),
            trace_id: telemetry::trace_id(&Context::current()),
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
        }
        response
    }
}
