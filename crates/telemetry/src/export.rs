//! How OTLP requests leave the process: a small blocking HTTP client, used by the batch processor's own thread only, and
//! the log records that say when spans are lost.

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SpanData, SpanExporter};

/// Answers to an export are a few bytes; what is longer is not read.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// An HTTP/1.1 client that blocks the calling thread, with connections kept open between exports that succeed.
#[derive(Debug)]
pub(crate) struct BlockingClient(Mutex<ureq::Agent>);

impl BlockingClient {
    /// A client whose requests take at most `timeout`.
    pub(crate) fn new(timeout: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            // Telemetry goes where the settings say, not where a proxy variable for web traffic says.
            .proxy(None)
            .user_agent(concat!("gutenberg-telemetry/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(Mutex::new(config.new_agent()))
    }
}

#[async_trait]
impl HttpClient for BlockingClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        // A client is whole between any two of its methods.
        let agent = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = agent().clone();
        let response = used.run(Request::from_parts(head, &body[..]))?;
        if !response.status().is_success() {
            // Perhaps something else answers where the receiver will be, such as a gateway while a cluster sets up its
            // network. Over a connection that is kept, it would go on answering.
            *agent() = used.config().new_agent();
        }
        let (head, body) = response.into_parts();
        let mut bytes = Vec::new();
        body.into_reader()
            .take(MAX_RESPONSE_BYTES)
            .read_to_end(&mut bytes)?;
        Ok(Response::from_parts(head, bytes.into()))
    }
}

/// An exporter that says in the log when it begins to lose spans and, once it works again, how many it has lost. The SDK
/// itself loses them in silence.
#[derive(Debug)]
pub(crate) struct Reported<E> {
    inner: E,
    lost: AtomicUsize,
}

impl<E> Reported<E> {
    pub(crate) fn new(inner: E) -> Self {
        Self {
            inner,
            lost: AtomicUsize::new(0),
        }
    }
}

impl<E: SpanExporter> SpanExporter for Reported<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let count = batch.len();
        let result = self.inner.export(batch).await;
        match &result {
            Ok(()) => {
                let lost = self.lost.swap(0, Ordering::Relaxed);
                if lost > 0 {
                    tracing::info!(lost, "spans can be exported again");
                }
            }
            Err(error) => {
                if self.lost.fetch_add(count, Ordering::Relaxed) == 0 {
                    tracing::warn!(error = %error, "spans cannot be exported and are lost");
                }
            }
        }
        result
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.inner.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.inner.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.inner.set_resource(resource);
    }
}
