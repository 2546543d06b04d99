//! OTLP over HTTP/1.1: `POST /v1/traces`, `/v1/logs` and `/v1/metrics`, in protobuf or JSON, plain or gzipped.
//!
//! 200 with a partial success when some items could not be taken, 400 with a `Status` in the request's own content type
//! when the payload cannot be read, 503 with `Retry-After` when there is no room for the request now.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::post;

use super::answer::{self, Refusal, Rejected};
use super::{Encoding, Receiver, Signal};
use crate::problem::{self, Problem};

/// Receives telemetry over HTTP/1.1.
pub fn router(receiver: Receiver) -> Router {
    let receive = |signal| {
        post(
            move |State(receiver): State<Receiver>, headers: HeaderMap, body: Body| async move {
                answer(&receiver, signal, &headers, body).await
            },
        )
    };
    let mut router = Router::new();
    for signal in Signal::ALL {
        router = router.route(signal.path(), receive(signal));
    }
    router
        .fallback(not_found)
        .method_not_allowed_fallback(problem::not_allowed)
        .with_state(receiver)
}

async fn answer(receiver: &Receiver, signal: Signal, headers: &HeaderMap, body: Body) -> Response {
    let encoding = encoding(headers);
    let received = match encoding {
        Some(encoding) => receive(receiver, signal, encoding, headers, body).await,
        None => Err(Refusal::ContentType),
    };
    // Who names no known content type is told in the one that people can read.
    let encoding = encoding.unwrap_or(Encoding::Json);
    match received {
        Ok(rejected) => answer::success(encoding, &rejected),
        Err(refusal) => {
            receiver.count(&refusal);
            answer::refusal(encoding, &refusal)
        }
    }
}

async fn receive(
    receiver: &Receiver,
    signal: Signal,
    encoding: Encoding,
    headers: &HeaderMap,
    body: Body,
) -> Result<Rejected, Refusal> {
    let is_gzip = is_gzip(headers)?;
    let body = receiver.read(body, 0).await?;
    receiver
        .take(signal, encoding, move |max_bytes| match is_gzip {
            true => body.inflate(max_bytes),
            false => Ok(body),
        })
        .await
}

fn encoding(headers: &HeaderMap) -> Option<Encoding> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let media_type = value.split(';').next()?.trim();
    match () {
        () if media_type.eq_ignore_ascii_case("application/x-protobuf") => Some(Encoding::Protobuf),
        () if media_type.eq_ignore_ascii_case("application/json") => Some(Encoding::Json),
        () => None,
    }
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, Refusal> {
    let mut encodings = headers.get_all(header::CONTENT_ENCODING).iter();
    match (
        encodings
            .next()
            .map(|value| value.as_bytes().to_ascii_lowercase()),
        encodings.next(),
    ) {
        (None, _) => Ok(false),
        (Some(name), None) if name == b"gzip" => Ok(true),
        (Some(name), None) if name == b"identity" => Ok(false),
        _ => Err(Refusal::ContentEncoding),
    }
}

async fn not_found() -> Problem {
    let detail = "telemetry is received on /v1/traces, /v1/logs and /v1/metrics";
    Problem::new(StatusCode::NOT_FOUND, detail)
}
