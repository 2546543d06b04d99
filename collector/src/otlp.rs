//! OTLP, the way in: over HTTP and gRPC into the store, by the rules of the specification 1.11. `docs/otlp.md` maps each
//! rule to its test.

mod answer;
mod body;
mod grpc;
mod http;
mod json;
mod protobuf;
mod schema;
mod signal;
mod transcode;
pub(crate) mod wire;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;

use crate::store::Store;
use answer::{Refusal, Rejected};
use body::{Budget, Received};
pub use grpc::router as grpc_router;
pub use http::router as http_router;
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

/// Takes telemetry into a store. Its clones share the memory for what is being received.
#[derive(Clone)]
pub struct Receiver {
    store: Arc<Store>,
    limits: Limits,
    budget: Budget,
}

impl Receiver {
    /// Receives into `store`.
    #[must_use]
    pub fn new(store: Arc<Store>, limits: Limits) -> Self {
        Self {
            store,
            limits,
            budget: Budget::new(limits.in_flight_max_bytes),
        }
    }

    /// Reads a body as it is sent, in time and within bounds; `framing_bytes` are not counted.
    async fn read(&self, body: Body, framing_bytes: usize) -> Result<Received, Refusal> {
        let max_bytes = self.limits.body_max_bytes.saturating_add(framing_bytes);
        let body = self.budget.read(body, max_bytes);
        tokio::time::timeout(self.limits.body_timeout, body)
            .await
            .map_err(|_| Refusal::Slow)?
    }

    /// Takes in what `open` makes of a body, given how large that may become. Returns what could not be taken.
    async fn take(
        &self,
        signal: Signal,
        encoding: Encoding,
        open: impl FnOnce(usize) -> Result<Received, Refusal> + Send + 'static,
    ) -> Result<Rejected, Refusal> {
        let store = self.store.clone();
        let max_bytes = self.limits.body_max_bytes;
        // Inflating and checking take long for large bodies; other requests need not wait for them.
        let work = move || {
            let body = open(max_bytes)?;
            match encoding {
                Encoding::Protobuf => take(&store, signal, body.bytes(), 0),
                Encoding::Json => {
                    let json = json::to_protobuf(signal, body.bytes(), store.limits())?;
                    take(&store, signal, &json.request, json.too_large)
                }
            }
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or(Err(Refusal::Internal))
    }

    fn count(&self, refusal: &Refusal) {
        self.store.count_refused();
        tracing::debug!(
            error = refusal as &dyn std::error::Error,
            "refused a request"
        );
    }
}

/// Takes in what a request in protobuf brought, all or nothing but for the items that cannot be kept.
fn take(
    store: &Store,
    signal: Signal,
    request: &[u8],
    too_large: u64,
) -> Result<Rejected, Refusal> {
    let limits = store.limits();
    match signal {
        Signal::Traces => {
            let (batches, mut rejected) = protobuf::decode(request, limits)?;
            rejected.too_large += too_large;
            rejected.trace_full = store.insert(&batches, rejected.count());
            Ok(rejected)
        }
        Signal::Logs => {
            let (batches, mut rejected) = protobuf::decode(request, limits)?;
            rejected.too_large += too_large;
            store.insert_logs(&batches, rejected.count());
            Ok(rejected)
        }
        Signal::Metrics => {
            let (batches, mut rejected) = protobuf::decode(request, limits)?;
            rejected.too_large += too_large;
            store.insert_metrics(&batches, rejected.count());
            Ok(rejected)
        }
    }
}
