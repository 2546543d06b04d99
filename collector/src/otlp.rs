//! OTLP over HTTP, the way in: `POST /v1/traces` in protobuf or JSON, plain or gzipped, into the store.
//!
//! Follows the OTLP specification 1.11: 200 with a partial success when some spans could not be taken, 400 with a
//! `Status` in the request's own content type when the payload cannot be read, 503 with `Retry-After` when there is no
//! memory for the request now. Logs and metrics are not received; their routes answer 404.

mod answer;
mod body;
mod json;
mod protobuf;
mod validate;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::problem::{self, Problem};
use crate::store::Store;
use answer::Refusal;
use body::Budget;

/// How much a sender may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Largest body in bytes, after decompression.
    pub body_max_bytes: usize,
    /// Bytes of all bodies that are being received at a time.
    pub in_flight_max_bytes: usize,
    /// How long a sender may take for one body.
    pub body_timeout: Duration,
}

impl Default for Limits {
    /// 64 MiB as the specification says, two such bodies at a time, 15 s.
    fn default() -> Self {
        Self {
            body_max_bytes: 64 << 20,
            in_flight_max_bytes: 128 << 20,
            body_timeout: Duration::from_secs(15),
        }
    }
}

/// The form of a payload; answers take the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Protobuf,
    Json,
}

/// Receives spans into `store`.
pub fn router(store: Arc<Store>, limits: Limits) -> Router {
    let budget = Budget::new(limits.in_flight_max_bytes);
    Router::new()
        .route("/v1/traces", post(receive_traces))
        .fallback(not_found)
        .method_not_allowed_fallback(not_allowed)
        .with_state(Receiver {
            store,
            limits,
            budget,
        })
}

#[derive(Clone)]
struct Receiver {
    store: Arc<Store>,
    limits: Limits,
    budget: Budget,
}

async fn receive_traces(
    State(receiver): State<Receiver>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let encoding = encoding(&headers);
    let received = match encoding {
        Some(encoding) => receiver.receive(encoding, &headers, body).await,
        None => Err(Refusal::ContentType),
    };
    // Who names no known content type is told in the one that people can read.
    let encoding = encoding.unwrap_or(Encoding::Json);
    match received {
        Ok(rejected) => answer::success(encoding, &rejected),
        Err(refusal) => {
            receiver.store.count_refused();
            tracing::debug!(
                error = &refusal as &dyn std::error::Error,
                "refused a request"
            );
            answer::refusal(encoding, &refusal)
        }
    }
}

impl Receiver {
    /// Returns what could not be taken, in words; empty when everything was.
    async fn receive(
        &self,
        encoding: Encoding,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<answer::Rejected, Refusal> {
        let is_gzip = is_gzip(headers)?;
        let limits = self.limits;
        let body = self.budget.read(body, limits.body_max_bytes);
        let body = tokio::time::timeout(limits.body_timeout, body)
            .await
            .map_err(|_| Refusal::Slow)??;
        let store = self.store.clone();
        // Inflating and decoding take long for large bodies; other requests need not wait for them.
        let work = move || {
            let body = if is_gzip {
                body.inflate(limits.body_max_bytes)?
            } else {
                body
            };
            let (batches, mut rejected) = match encoding {
                Encoding::Protobuf => protobuf::decode(body.bytes(), store.limits())?,
                Encoding::Json => json::decode(body.bytes(), store.limits())?,
            };
            rejected.trace_full = store.insert(batches, rejected.count());
            Ok(rejected)
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or(Err(Refusal::Internal))
    }
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

async fn not_found(uri: Uri) -> Problem {
    let detail = match uri.path() {
        "/v1/logs" | "/v1/metrics" => "this collector receives traces only, on /v1/traces",
        _ => "traces are received on /v1/traces",
    };
    Problem::new(StatusCode::NOT_FOUND, detail)
}

async fn not_allowed(method: Method) -> Response {
    problem::not_allowed(&method, "POST").into_response()
}
