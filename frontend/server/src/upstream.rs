//! The client for the servers behind this one. Traced for the API, untraced for telemetry.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, Response};
use bytes::Bytes;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use telemetry::http::{ClientLayer, ClientService, ErrorType};
use tower::{Layer, Service, ServiceExt};
use tower_http::timeout::TimeoutBody;

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A pool of connections to the servers behind this one.
#[derive(Clone)]
pub(crate) struct Upstream {
    plain: Requests,
    traced: ClientService<Requests>,
    /// As `traced`, but each request on a new connection.
    traced_anew: ClientService<Requests>,
}

impl Upstream {
    /// A client that waits for at most `timeout` until the head of a response and between parts of its body, and whose
    /// spans do not record the values of the `redacted` query keys.
    pub(crate) fn new(timeout: Duration, redacted: &'static [&'static str]) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
        connector.set_nodelay(true);
        let mut builder = Client::builder(TokioExecutor::new());
        builder
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30));
        let plain = Requests {
            client: builder.build(connector.clone()),
            timeout,
        };
        let anew = Requests {
            client: builder.pool_max_idle_per_host(0).build(connector),
            timeout,
        };
        let layer = ClientLayer::new().redact_query(redacted);
        Self {
            traced: layer.layer(plain.clone()),
            traced_anew: layer.layer(anew),
            plain,
        }
    }

    /// Sends a request without a span and without trace headers of our own.
    pub(crate) async fn send(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Body>, UpstreamError> {
        self.plain.clone().oneshot(request).await
    }

    /// Sends a request in a CLIENT span that lasts until the response's body is complete.
    ///
    /// A server that stops closes its idle connections, perhaps just as one of them is used again. A request that only
    /// reads and whose connection broke without an answer is therefore sent once more, in a span of its own and on a new
    /// connection, which a server that stops no longer takes.
    pub(crate) async fn send_traced(
        &self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Body>, UpstreamError> {
        let again = request.method().is_safe().then(|| request.clone());
        let response = match (self.traced.clone().oneshot(request).await, again) {
            (Err(UpstreamError::Broken(error)), Some(again)) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "the connection broke, asking once more"
                );
                self.traced_anew.clone().oneshot(again).await?
            }
            (answer, _) => answer?,
        };
        Ok(response.map(Body::new))
    }
}

/// Why there is no response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("cannot connect")]
    Connect(#[source] hyper_util::client::legacy::Error),
    #[error("no answer in time")]
    Timeout,
    #[error("the connection broke")]
    Broken(#[source] hyper_util::client::legacy::Error),
}

impl ErrorType for UpstreamError {
    fn error_type(&self) -> &'static str {
        match self {
            UpstreamError::Connect(_) => "connect",
            UpstreamError::Timeout => "timeout",
            UpstreamError::Broken(_) => "broken",
        }
    }
}

/// Requests with time limits. Dropping the future drops the connection, so the server behind sees the client leave.
#[derive(Clone)]
struct Requests {
    client: Client<HttpConnector, Full<Bytes>>,
    timeout: Duration,
}

impl Service<Request<Full<Bytes>>> for Requests {
    type Response = Response<Body>;
    type Error = UpstreamError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, UpstreamError>> + Send>>;

    fn poll_ready(&mut self, _: &mut TaskContext<'_>) -> Poll<Result<(), UpstreamError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        let response = self.client.request(request);
        let timeout = self.timeout;
        Box::pin(async move {
            let response = tokio::time::timeout(timeout, response)
                .await
                .map_err(|_| UpstreamError::Timeout)?;
            let response = response.map_err(|error| match error.is_connect() {
                true => UpstreamError::Connect(error),
                false => UpstreamError::Broken(error),
            })?;
            Ok(response.map(|body| Body::new(TimeoutBody::new(timeout, body))))
        })
    }
}
