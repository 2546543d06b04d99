//! What a sender is told over HTTP, in the form it spoke: success, partial success, or a `Status`; and why, which gRPC shares.

use std::io;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use prost::encoding::{bytes, int32, int64, string};
use serde_json::json;

use super::wire::{Value, fields};
use super::{Encoding, Signal};

/// Items that were received and not taken, by reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    signal: Signal,
    /// Trace id or span id of the wrong length or all zero.
    pub(crate) invalid_id: u64,
    /// Larger than one span, or its resource and scope, may be.
    pub(crate) too_large: u64,
    /// Of a trace that may not grow further.
    pub(crate) trace_full: u64,
}

impl Rejected {
    /// None yet.
    pub(super) fn new(signal: Signal) -> Self {
        Self {
            signal,
            invalid_id: 0,
            too_large: 0,
            trace_full: 0,
        }
    }

    pub(crate) fn count(&self) -> u64 {
        self.invalid_id + self.too_large + self.trace_full
    }

    fn message(&self) -> String {
        let reasons: Vec<String> = [
            (self.invalid_id, "with an invalid trace or span id"),
            (self.too_large, "larger than this collector takes"),
            (self.trace_full, "of a trace that is full"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
        format!("{} not taken: {}", self.signal.noun(), reasons.join(", "))
    }

    /// `Export…ServiceResponse`, which is the same for all signals but for names.
    pub(super) fn to_protobuf(self) -> Vec<u8> {
        let mut response = Vec::new();
        if self.count() > 0 {
            let mut partial = Vec::new();
            let count = i64::try_from(self.count()).unwrap_or(i64::MAX);
            int64::encode(1, &count, &mut partial);
            string::encode(2, &self.message(), &mut partial);
            bytes::encode(1, &partial, &mut response);
        }
        response
    }
}

/// Why a request is refused as a whole.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the content type is neither application/x-protobuf nor application/json")]
    ContentType,
    #[error("the content encoding is neither gzip nor identity")]
    ContentEncoding,
    #[error("the body is larger than {max_bytes} bytes")]
    TooLarge { max_bytes: usize },
    #[error("{0}")]
    Malformed(String),
    #[error("the message is not framed as gRPC does")]
    Framing,
    #[error("the body did not arrive in time")]
    Slow,
    #[error("too many bodies are being received")]
    Busy,
    #[error("the write-ahead log cannot be written")]
    Disk(#[source] io::Error),
    #[error("the collector is ending")]
    Ending,
    #[error("internal error")]
    Internal,
}

const INVALID_ARGUMENT: i32 = 3;
const DEADLINE_EXCEEDED: i32 = 4;
const RESOURCE_EXHAUSTED: i32 = 8;
const INTERNAL: i32 = 13;
const UNAVAILABLE: i32 = 14;

/// When a sender that finds no room is asked to come back, in seconds.
pub(super) const RETRY_AFTER_S: i64 = 1;

impl Refusal {
    /// The HTTP status, and the code of `google.rpc.Status` that goes with it.
    pub(super) fn codes(&self) -> (StatusCode, i32) {
        match self {
            Self::ContentType | Self::ContentEncoding => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, INVALID_ARGUMENT)
            }
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, RESOURCE_EXHAUSTED),
            Self::Malformed(_) | Self::Framing => (StatusCode::BAD_REQUEST, INVALID_ARGUMENT),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, DEADLINE_EXCEEDED),
            Self::Busy | Self::Disk(_) | Self::Ending => {
                (StatusCode::SERVICE_UNAVAILABLE, UNAVAILABLE)
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, INTERNAL),
        }
    }

    /// Whether the same request may be taken a moment later.
    pub(super) fn is_for_now(&self) -> bool {
        self.codes().1 == UNAVAILABLE
    }
}

/// How many items a receiver says it has rejected, in a response in protobuf.
pub(crate) fn rejected_of(response: &[u8]) -> u64 {
    fields(response)
        .filter(|field| field.number == 1)
        .filter_map(|field| field.delimited().ok())
        .flat_map(fields)
        .filter_map(|field| match (field.number, field.value) {
            (1, Value::Varint(count)) => Some(count),
            _ => None,
        })
        .sum()
}

pub(super) fn success(encoding: Encoding, rejected: &Rejected) -> Response {
    let count = rejected.count();
    let body = match encoding {
        Encoding::Protobuf => rejected.to_protobuf(),
        Encoding::Json if count == 0 => b"{}".to_vec(),
        Encoding::Json => {
            let partial = json!({
                rejected.signal.rejected_key(): count.to_string(),
                "errorMessage": rejected.message(),
            });
            json!({ "partialSuccess": partial })
                .to_string()
                .into_bytes()
        }
    };
    respond(StatusCode::OK, encoding, body)
}

pub(super) fn refusal(encoding: Encoding, refusal: &Refusal) -> Response {
    let (status, code) = refusal.codes();
    let message = refusal.to_string();
    let body = match encoding {
        Encoding::Protobuf => {
            // `google.rpc.Status` is two fields; no crate is needed for it.
            let mut body = Vec::new();
            int32::encode(1, &code, &mut body);
            string::encode(2, &message, &mut body);
            body
        }
        Encoding::Json => json!({ "code": code, "message": message })
            .to_string()
            .into_bytes(),
    };
    let mut response = respond(status, encoding, body);
    let headers = response.headers_mut();
    if refusal.is_for_now() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
    }
    if let Refusal::Slow = refusal {
        // The rest of the body is not waited for.
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

fn respond(status: StatusCode, encoding: Encoding, body: Vec<u8>) -> Response {
    let content_type = match encoding {
        Encoding::Protobuf => "application/x-protobuf",
        Encoding::Json => "application/json",
    };
    (status, [(header::CONTENT_TYPE, content_type)], body).into_response()
}
