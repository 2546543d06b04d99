//! OTLP over HTTP, the way in: `POST /v1/traces`, `/v1/logs` and `/v1/metrics` in protobuf or JSON, plain or gzipped, into
//! the store.
//!
//! Follows the OTLP specification 1.11: 200 with a partial success when some items could not be taken, 400 with a
//! `Status` in the request's own content type when the payload cannot be read, 503 with `Retry-After` when there is no
//! memory for the request now.

mod answer;
mod body;
mod json;
mod protobuf;
mod schema;
mod signal;
mod transcode;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::problem::{self, Problem};
use crate::store::{Batch, Store};
use answer::{Refusal, Rejected};
use body::Budget;
use signal::Item;
pub use signal::Signal;

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

/// Receives telemetry into `store`.
pub fn router(store: Arc<Store>, limits: Limits) -> Router {
    let budget = Budget::new(limits.in_flight_max_bytes);
    let receive = |signal| {
        post(
            move |State(receiver): State<Receiver>, headers: HeaderMap, body: Body| async move {
                receiver.answer(signal, headers, body).await
            },
        )
    };
    let mut router = Router::new();
    for signal in Signal::ALL {
        router = router.route(signal.path(), receive(signal));
    }
    router
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

impl Receiver {
    async fn answer(&self, signal: Signal, headers: HeaderMap, body: Body) -> Response {
        let encoding = encoding(&headers);
        let received = match encoding {
            Some(encoding) => self.receive(signal, encoding, &headers, body).await,
            None => Err(Refusal::ContentType),
        };
        // Who names no known content type is told in the one that people can read.
        let encoding = encoding.unwrap_or(Encoding::Json);
        match received {
            Ok(rejected) => answer::success(encoding, &rejected),
            Err(refusal) => {
                self.store.count_refused();
                tracing::debug!(
                    error = &refusal as &dyn std::error::Error,
                    "refused a request"
                );
                answer::refusal(encoding, &refusal)
            }
        }
    }

    /// Returns what could not be taken.
    async fn receive(
        &self,
        signal: Signal,
        encoding: Encoding,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Rejected, Refusal> {
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
            take(&store, signal, encoding, body.bytes())
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or(Err(Refusal::Internal))
    }
}

/// Takes in what a request brought, all or nothing but for the items that cannot be kept.
fn take(
    store: &Store,
    signal: Signal,
    encoding: Encoding,
    request: &[u8],
) -> Result<Rejected, Refusal> {
    match signal {
        Signal::Traces => {
            let (batches, mut rejected) = decode(store, encoding, request)?;
            rejected.trace_full = store.insert(batches, rejected.count());
            Ok(rejected)
        }
        Signal::Logs => {
            let (batches, rejected) = decode(store, encoding, request)?;
            store.insert_logs(batches, rejected.count());
            Ok(rejected)
        }
        Signal::Metrics => {
            let (batches, rejected) = decode(store, encoding, request)?;
            store.insert_metrics(batches, rejected.count());
            Ok(rejected)
        }
    }
}

fn decode<T: Item>(
    store: &Store,
    encoding: Encoding,
    request: &[u8],
) -> Result<(Vec<Batch<T>>, Rejected), Refusal> {
    match encoding {
        Encoding::Protobuf => protobuf::decode(request, store.limits()),
        Encoding::Json => json::decode(request, store.limits()),
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

async fn not_found() -> Problem {
    let detail = "telemetry is received on /v1/traces, /v1/logs and /v1/metrics";
    Problem::new(StatusCode::NOT_FOUND, detail)
}

async fn not_allowed(method: Method) -> Response {
    problem::not_allowed(&method, "POST").into_response()
}
