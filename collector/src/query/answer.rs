//! Answers in JSON that say of which state they are, so that who has the same already need not be sent it again.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, DefaultHasher, Hasher};
use std::sync::LazyLock;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};

/// An answer whose tag is a digest of its body.
pub(super) fn json(body: impl Into<Bytes>) -> Response {
    let body = body.into();
    let mut hasher = DefaultHasher::new();
    hasher.write(&body);
    tagged(Tag(hasher.finish()), body)
}

/// An answer of this tag.
pub(super) fn tagged(tag: Tag, body: impl Into<Body>) -> Response {
    let mut response = body.into().into_response();
    let headers = response.headers_mut();
    let json = HeaderValue::from_static("application/json");
    headers.insert(header::CONTENT_TYPE, json);
    describe(headers, tag);
    response
}

/// 304: what the client has still holds.
pub(super) fn unchanged(tag: Tag) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    describe(response.headers_mut(), tag);
    response
}

fn describe(headers: &mut HeaderMap, tag: Tag) {
    headers.insert(header::ETAG, tag.header());
    // It may be kept, but not used without asking.
    let no_cache = HeaderValue::from_static("no-cache");
    headers.insert(header::CACHE_CONTROL, no_cache);
}

/// Names a state of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tag(u64);

impl Tag {
    /// The tag of a trace: it only ever grows, and has another arrival when it comes back after it was evicted. Another
    /// process counts arrivals anew.
    pub(super) fn of_trace(arrival: u64, spans: usize) -> Self {
        static PROCESS: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        Self(PROCESS.hash_one((arrival, spans)))
    }

    fn header(self) -> HeaderValue {
        // Hex digits in quotes are a header value.
        HeaderValue::try_from(format!("\"{:016x}\"", self.0))
            .unwrap_or(HeaderValue::from_static("\"\""))
    }

    /// Whether a request says that it has this state already.
    pub(super) fn is_known(self, headers: &HeaderMap) -> bool {
        is_named(headers, &self.header())
    }
}

fn is_named(headers: &HeaderMap, tag: &HeaderValue) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter();
    let tags = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    tags.map(bare)
        .any(|known| known == "*" || known.as_bytes() == tag.as_bytes())
}

/// Turns an answer that the client has already into 304, whatever made it.
pub(super) async fn leave_out_unchanged(request: Request, next: Next) -> Response {
    let known = request.headers().clone();
    let response = next.run(request).await;
    match response.headers().get(header::ETAG) {
        Some(tag) if response.status() == StatusCode::OK && is_named(&known, tag) => {
            let (mut head, _) = response.into_parts();
            head.status = StatusCode::NOT_MODIFIED;
            head.headers.remove(header::CONTENT_LENGTH);
            head.headers.remove(header::CONTENT_TYPE);
            Response::from_parts(head, Body::empty())
        }
        _ => response,
    }
}

/// Writes a number as decimal text: JavaScript counts exactly only to 2^53.
pub(super) fn decimal<S: Serializer>(
    number: &impl ToString,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    number.to_string().serialize(serializer)
}
