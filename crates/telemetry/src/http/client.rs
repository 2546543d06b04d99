//! The layer around an HTTP client: one CLIENT span per request, the trace in the request's headers.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll, ready};

use http::{Method, Request, Response, Uri};
use http_body::Body;
use opentelemetry::trace::{SpanBuilder, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::attributes;
use super::body::{TracedBody, expected_length};
use crate::propagation;
use crate::span::{OpenSpan, fail};

/// What kind of error a client's error is, for `error.type` and the span's status message.
pub trait ErrorType: std::fmt::Display {
    /// Low-cardinality name, such as `connect` or `timeout`.
    fn error_type(&self) -> &'static str;
}

/// Traces every request that goes out: a CLIENT span `{METHOD}`, child of the context that is current when the request
/// is made, with the attributes of the HTTP conventions; `traceparent` and `tracestate` replace those of the request.
///
/// A status of 400 and above is an error, as is no response at all. The span ends when the body of the response is
/// complete; a future or a body dropped before that ends it with [`CANCELLED`](crate::CANCELLED).
#[derive(Clone, Debug, Default)]
pub struct ClientLayer {
    redacted: &'static [&'static str],
}

impl ClientLayer {
    /// A layer that records full addresses apart from credentials and signatures.
    pub fn new() -> Self {
        Self::default()
    }

    /// Query keys whose values are not recorded in `url.full`, beside those of credentials and signatures.
    pub fn redact_query(mut self, keys: &'static [&'static str]) -> Self {
        self.redacted = keys;
        self
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientService {
            inner,
            redacted: self.redacted,
        }
    }
}

/// What [`ClientLayer`] makes of a service.
#[derive(Clone, Debug)]
pub struct ClientService<S> {
    inner: S,
    redacted: &'static [&'static str],
}

impl<S, B, R> Service<Request<B>> for ClientService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: ErrorType,
    R: Body,
{
    type Response = Response<TracedBody<R>>;
    type Error = S::Error;
    type Future = ClientFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let head = request.method() == Method::HEAD;
        let builder = SpanBuilder::from_name(attributes::method_in_name(request.method()))
            .with_kind(SpanKind::Client)
            .with_attributes(attributes_of(&request, self.redacted));
        let span = OpenSpan::start(builder, &Context::current());
        propagation::inject(span.context(), request.headers_mut());
        let future = {
            let _current = span.context().clone().attach();
            self.inner.call(request)
        };
        ClientFuture {
            inner: future,
            span: Some(span),
            head,
        }
    }
}

fn attributes_of<B>(request: &Request<B>, redacted: &[&str]) -> Vec<KeyValue> {
    let uri = request.uri();
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let mut all: Vec<KeyValue> = attributes::method(request.method()).collect();
    all.push(attributes::text("url.full", &full_url(uri, redacted)));
    all.extend(attributes::server(
        authority,
        uri.scheme_str().unwrap_or("http"),
    ));
    all
}

/// The address without user name, password and redacted query values.
fn full_url(uri: &Uri, redacted: &[&str]) -> String {
    let scheme = uri.scheme_str().unwrap_or("http");
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let mut url = format!("{scheme}://{host}{}", uri.path());
    if let Some(query) = uri.query() {
        url.push('?');
        url.push_str(&attributes::redact_query(query, redacted));
    }
    url
}

pin_project! {
    /// A request on its way.
    pub struct ClientFuture<F> {
        #[pin]
        inner: F,
        span: Option<OpenSpan>,
        head: bool,
    }
}

impl<F, R, E> Future for ClientFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body,
    E: ErrorType,
{
    type Output = Result<Response<TracedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let polled = {
            let _current = this
                .span
                .as_ref()
                .map(|span| span.context().clone().attach());
            this.inner.poll(task)
        };
        let outcome = ready!(polled);
        let Some(span) = this.span.take() else {
            return Poll::Ready(outcome.map(|response| response.map(TracedBody::untraced)));
        };
        Poll::Ready(match outcome {
            Ok(response) => Ok(finish(response, span, *this.head)),
            Err(error) => {
                fail(span.context(), error.error_type(), error.to_string());
                span.end();
                Err(error)
            }
        })
    }
}

/// Records the response's head and lets its body end the span.
fn finish<R: Body>(response: Response<R>, span: OpenSpan, head: bool) -> Response<TracedBody<R>> {
    let (parts, body) = response.into_parts();
    let cx = span.context();
    cx.span().set_attribute(attributes::status(parts.status));
    if let Some(version) = attributes::protocol(parts.version) {
        cx.span().set_attribute(version);
    }
    if parts.status.is_client_error() || parts.status.is_server_error() {
        let reason = parts
            .status
            .canonical_reason()
            .unwrap_or("unsuccessful status");
        fail(cx, parts.status.as_str().to_owned(), reason);
    }
    let length = expected_length(head, &parts);
    Response::from_parts(parts, TracedBody::traced(body, span, length))
}
