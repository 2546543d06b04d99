//! How OTLP requests leave the process: a small blocking HTTP client, used by the batch processor's own thread only.

use std::io::Read;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry_http::{HttpClient, HttpError};

/// Answers to an export are a few bytes; what is longer is not read.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// An HTTP/1.1 client that blocks the calling thread, with connections kept open between exports.
#[derive(Debug)]
pub(crate) struct BlockingClient(ureq::Agent);

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
        Self(config.new_agent())
    }
}

#[async_trait]
impl HttpClient for BlockingClient {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let response = self.0.run(Request::from_parts(head, &body[..]))?;
        let (head, body) = response.into_parts();
        let mut bytes = Vec::new();
        body.into_reader()
            .take(MAX_RESPONSE_BYTES)
            .read_to_end(&mut bytes)?;
        Ok(Response::from_parts(head, bytes.into()))
    }
}
