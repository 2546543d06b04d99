//! Answers in JSON.

use axum::http::{HeaderName, header};
use axum::response::{IntoResponse, Response};

/// An answer that nobody may keep.
pub(super) fn json(body: impl Into<axum::body::Body>) -> Response {
    const HEADERS: [(HeaderName, &str); 2] = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (HEADERS, body.into()).into_response()
}
