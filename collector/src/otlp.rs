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
use clap::Args;

use crate::settings::{duration, size};
use crate::store::{Batch, EncodedLog, EncodedMetric, EncodedSpan, Store};
use crate::tee::Tee;
use crate::wal::Wal;
pub(crate) use answer::rejected_of;
use answer::{Refusal, Rejected};
use body::{Budget, Received};
pub use grpc::router as grpc_router;
pub use http::router as http_router;
pub use signal::Signal;

/// How much a sender may ask for. Each is a setting: `--otlp-body-timeout`, or `COLLECTOR_OTLP_BODY_TIMEOUT` in the
/// environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Args)]
#[command(next_help_heading = "Bounds of senders")]
#[group(skip)]
pub struct Limits {
    /// Largest body after decompression, in bytes or with KiB, MiB or GiB; a larger one is refused for good.
    #[arg(id = "otlp_body_max_bytes", value_name = "BODY_MAX_BYTES", long = "otlp-body-max-bytes", env = "COLLECTOR_OTLP_BODY_MAX_BYTES", default_value = "64MiB", value_parser = size, global = true)]
    pub body_max_bytes: usize,
    /// Memory for all bodies that are being received, in bytes or with KiB, MiB or GiB; who finds none left is told
    /// to come back.
    #[arg(long = "otlp-in-flight-max-bytes", env = "COLLECTOR_OTLP_IN_FLIGHT_MAX_BYTES", default_value = "128MiB", value_parser = size, global = true)]
    pub in_flight_max_bytes: usize,
    /// How long a sender may take for one body.
    #[arg(long = "otlp-body-timeout", env = "COLLECTOR_OTLP_BODY_TIMEOUT", default_value = "15s", value_parser = duration, global = true)]
    pub body_timeout: Duration,
}

impl Default for Limits {
    /// What the settings are when none is given: 64 MiB as the specification says, two such bodies at a time, 15 s.
    fn default() -> Self {
        Self {
            body_max_bytes: 64 << 20,
            in_flight_max_bytes: 128 << 20,
            body_timeout: Duration::from_secs(15),
        }
    }
}

impl Limits {
    /// These limits, if each of them can be reached.
    ///
    /// # Errors
    /// When a body that may be sent would find no room even alone, so that its sender came back for ever.
    pub fn checked(self) -> anyhow::Result<Self> {
        anyhow::ensure!(
            self.in_flight_max_bytes >= self.body_max_bytes,
            "--otlp-in-flight-max-bytes ({}) is for one body at least, so not less than --otlp-body-max-bytes ({})",
            self.in_flight_max_bytes,
            self.body_max_bytes
        );
        Ok(self)
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
    wal: Option<Arc<Wal>>,
    tee: Option<Arc<Tee>>,
}

impl Receiver {
    /// Receives into `store`.
    #[must_use]
    pub fn new(store: Arc<Store>, limits: Limits) -> Self {
        Self {
            store,
            limits,
            budget: Budget::new(limits.in_flight_max_bytes),
            wal: None,
            tee: None,
        }
    }

    /// Acknowledges a request when it is in `wal`; one that does not fit in there is too large.
    #[must_use]
    pub fn with_wal(mut self, wal: Arc<Wal>) -> Self {
        self.limits.body_max_bytes = self.limits.body_max_bytes.min(wal.request_max_bytes());
        self.wal = Some(wal);
        self
    }

    /// Passes on to `tee` what is received.
    #[must_use]
    pub fn with_tee(mut self, tee: Arc<Tee>) -> Self {
        self.tee = Some(tee);
        self
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
        let receiver = self.clone();
        let max_bytes = self.limits.body_max_bytes;
        // Inflating and checking take long for large bodies; other requests need not wait for them.
        let work = move || {
            let body = open(max_bytes)?;
            match encoding {
                Encoding::Protobuf => receiver.keep(signal, body.bytes(), 0),
                Encoding::Json => {
                    let limits = receiver.store.limits();
                    let json = json::to_protobuf(signal, body.bytes(), limits)?;
                    receiver.keep(signal, &json.request, json.too_large)
                }
            }
        };
        let worked = tokio::task::spawn_blocking(work).await;
        worked.unwrap_or_else(|error| {
            Err(match error.is_cancelled() {
                true => Refusal::Ending,
                false => Refusal::Internal,
            })
        })
    }

    /// A request in protobuf: checked, written down, stored and passed on, in this order.
    fn keep(&self, signal: Signal, request: &[u8], too_large: u64) -> Result<Rejected, Refusal> {
        let mut checked = Checked::new(signal, request, &self.store)?;
        checked.rejected.too_large += too_large;
        if !checked.is_empty() {
            if let Some(wal) = &self.wal {
                wal.append(signal, request).map_err(Refusal::Disk)?;
            }
            if let Some(tee) = &self.tee {
                tee.push(signal, request);
            }
        }
        Ok(checked.store(&self.store))
    }

    fn count(&self, refusal: &Refusal) {
        self.store.count_refused(|counters| match refusal {
            Refusal::TooLarge { .. } => counters.requests_too_large += 1,
            Refusal::Busy => counters.requests_without_room += 1,
            Refusal::Slow => counters.requests_late += 1,
            _ => {}
        });
        tracing::debug!(
            error = refusal as &dyn std::error::Error,
            "refused a request"
        );
    }
}

/// Stores a request that was received before, such as by a process before this one.
pub fn restore(store: &Store, signal: Signal, request: &[u8]) {
    match Checked::new(signal, request, store) {
        Ok(checked) => drop(checked.store(store)),
        Err(refusal) => tracing::warn!(
            error = &refusal as &dyn std::error::Error,
            "a request in the write-ahead log is not OTLP"
        ),
    }
}

/// What a request brought, where it lies.
struct Checked<'r> {
    items: Items<'r>,
    rejected: Rejected,
}

enum Items<'r> {
    Spans(Vec<Batch<EncodedSpan<'r>>>),
    Logs(Vec<Batch<EncodedLog<'r>>>),
    Metrics(Vec<Batch<EncodedMetric<'r>>>),
}

impl<'r> Checked<'r> {
    fn new(signal: Signal, request: &'r [u8], store: &Store) -> Result<Self, Refusal> {
        let limits = store.limits();
        let (items, rejected) = match signal {
            Signal::Traces => {
                let (batches, rejected) = protobuf::decode(request, limits)?;
                (Items::Spans(batches), rejected)
            }
            Signal::Logs => {
                let (batches, rejected) = protobuf::decode(request, limits)?;
                (Items::Logs(batches), rejected)
            }
            Signal::Metrics => {
                let (batches, rejected) = protobuf::decode(request, limits)?;
                (Items::Metrics(batches), rejected)
            }
        };
        Ok(Self { items, rejected })
    }

    fn is_empty(&self) -> bool {
        match &self.items {
            Items::Spans(batches) => batches.is_empty(),
            Items::Logs(batches) => batches.is_empty(),
            Items::Metrics(batches) => batches.is_empty(),
        }
    }

    /// Returns what could not be taken.
    fn store(mut self, store: &Store) -> Rejected {
        let rejected = self.rejected.count();
        match &self.items {
            Items::Spans(batches) => self.rejected.trace_full = store.insert(batches, rejected),
            Items::Logs(batches) => store.insert_logs(batches, rejected),
            Items::Metrics(batches) => store.insert_metrics(batches, rejected),
        }
        self.rejected
    }
}
