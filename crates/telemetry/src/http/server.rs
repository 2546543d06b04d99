//! The layer around a router: one SERVER span per request, the trace in the response's headers, panics answered.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context as TaskContext, Poll, ready};
use std::time::SystemTime;

use http::{Extensions, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use opentelemetry::trace::{Link, SpanBuilder, SpanContext, SpanKind, TraceContextExt};
use opentelemetry::{Context, KeyValue};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::attributes;
use super::body::{TracedBody, expected_length};
use crate::propagation;
use crate::span::{OpenSpan, fail, trace_id};

const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const TRACERESPONSE: HeaderName = HeaderName::from_static("traceresponse");

type Route = Arc<dyn Fn(&Extensions) -> Option<String> + Send + Sync>;
type Skip = Arc<dyn Fn(&str) -> bool + Send + Sync>;
type Attribute = Arc<dyn Fn() -> Option<KeyValue> + Send + Sync>;

/// Traces every request: continues the caller's trace or starts one, in a SERVER span `{METHOD} {route}` with the
/// attributes of the HTTP conventions, current while the request is handled.
///
/// - Every traced response has `traceresponse` and `Server-Timing: trace;desc="<traceparent>", clock;desc="<milliseconds since
///   the Unix epoch>"`.
/// - A status of 500 and above is an error, below it is none: a server that says 404 works.
/// - A panic becomes `500` as problem JSON with the trace id, an error on the span and a log record.
/// - The span ends when the body of the response is complete, so it covers the transfer.
/// - A request whose client goes away ends its span at once, with [`CANCELLED`](crate::CANCELLED).
#[derive(Clone, Default)]
pub struct ServerLayer {
    options: Options,
}

impl ServerLayer {
    /// A layer that traces everything and knows no routes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where to find the route's template (such as `/books/{id}`) in the request's extensions.
    pub fn route(
        mut self,
        route: impl Fn(&Extensions) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.options.route = Some(Arc::new(route));
        self
    }

    /// Which paths are not traced, such as health checks.
    pub fn skip(mut self, skip: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.options.skip = Some(Arc::new(skip));
        self
    }

    /// A span that every request links to once it is known, such as the one of the process's start-up.
    pub fn link(mut self, target: Arc<OnceLock<SpanContext>>) -> Self {
        self.options.links.push(target);
        self
    }

    /// An attribute of every span; asked for at the start of each request.
    pub fn attribute(
        mut self,
        attribute: impl Fn() -> Option<KeyValue> + Send + Sync + 'static,
    ) -> Self {
        self.options.attributes.push(Arc::new(attribute));
        self
    }

    /// Query keys whose values are not recorded in `url.query`, beside those of credentials and signatures.
    pub fn redact_query(mut self, keys: &'static [&'static str]) -> Self {
        self.options.redacted = keys;
        self
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = ServerService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        ServerService {
            inner,
            options: self.options.clone(),
        }
    }
}

/// What [`ServerLayer`] makes of a service.
#[derive(Clone)]
pub struct ServerService<S> {
    inner: S,
    options: Options,
}

#[derive(Clone, Default)]
struct Options {
    route: Option<Route>,
    skip: Option<Skip>,
    links: Vec<Arc<OnceLock<SpanContext>>>,
    attributes: Vec<Attribute>,
    redacted: &'static [&'static str],
}

impl<S, B, R> Service<Request<B>> for ServerService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Body + From<String>,
{
    type Response = Response<TracedBody<R>>;
    type Error = S::Error;
    type Future = ServerFuture<S::Future>;

    fn poll_ready(&mut self, task: &mut TaskContext<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(task)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let head = request.method() == Method::HEAD;
        let span = self.options.open(&request);
        let future = {
            let _current = span.as_ref().map(|span| span.context().clone().attach());
            self.inner.call(request)
        };
        ServerFuture {
            inner: future,
            span,
            head,
        }
    }
}

impl Options {
    /// The span of a request; `None` when its path is skipped.
    fn open<B>(&self, request: &Request<B>) -> Option<OpenSpan> {
        if self
            .skip
            .as_ref()
            .is_some_and(|skip| skip(request.uri().path()))
        {
            return None;
        }
        let parent = propagation::extract(request.headers(), &Context::new());
        let method = attributes::method_in_name(request.method());
        let route = self
            .route
            .as_ref()
            .and_then(|route| route(request.extensions()));
        let name = match &route {
            Some(route) => format!("{method} {route}"),
            None => method.to_owned(),
        };
        let builder = SpanBuilder::from_name(name)
            .with_kind(SpanKind::Server)
            .with_attributes(self.attributes(request, route))
            .with_links(self.links());
        Some(OpenSpan::start(builder, &parent))
    }

    fn attributes<B>(&self, request: &Request<B>, route: Option<String>) -> Vec<KeyValue> {
        let uri = request.uri();
        let headers = request.headers();
        let scheme = uri.scheme_str().unwrap_or("http");
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok());
        let authority = uri.authority().map(|authority| authority.as_str()).or(host);
        let query = uri.query().filter(|query| !query.is_empty());

        let mut all: Vec<KeyValue> = attributes::method(request.method()).collect();
        all.push(attributes::text("url.scheme", scheme));
        all.push(attributes::text("url.path", uri.path()));
        all.extend(query.map(|query| {
            attributes::text("url.query", &attributes::redact_query(query, self.redacted))
        }));
        all.extend(route.map(|route| KeyValue::new(attributes::ROUTE, route)));
        all.extend(
            authority
                .into_iter()
                .flat_map(|host| attributes::server(host, scheme)),
        );
        all.extend(attributes::protocol(request.version()));
        all.extend(attributes::header(
            "user_agent.original",
            headers,
            header::USER_AGENT,
        ));
        all.extend(self.attributes.iter().filter_map(|attribute| attribute()));
        all
    }

    fn links(&self) -> Vec<Link> {
        let known = self.links.iter().filter_map(|link| link.get());
        known
            .map(|target| Link::with_context(target.clone()))
            .collect()
    }
}

pin_project! {
    /// A request being handled.
    pub struct ServerFuture<F> {
        #[pin]
        inner: F,
        span: Option<OpenSpan>,
        head: bool,
    }
}

impl<F, R, E> Future for ServerFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Body + From<String>,
{
    type Output = Result<Response<TracedBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let cx = this
            .span
            .as_ref()
            .map_or_else(Context::new, |span| span.context().clone());
        let polled = {
            let _current = cx.clone().attach();
            catch_unwind(AssertUnwindSafe(|| this.inner.poll(task)))
        };
        let response = match polled {
            Ok(poll) => ready!(poll),
            Err(panic) => Ok(answer_panic(&cx, panic.as_ref())),
        };
        let span = this.span.take();
        Poll::Ready(match (response, span) {
            (Ok(response), Some(span)) => Ok(finish(response, span, *this.head)),
            (Ok(response), None) => Ok(response.map(TracedBody::untraced)),
            (Err(error), span) => {
                if let Some(span) = span {
                    fail(span.context(), "service", "the service gave no response");
                    span.end();
                }
                Err(error)
            }
        })
    }
}

/// Records the response's head, writes the trace into it, and lets its body end the span.
fn finish<R: Body>(response: Response<R>, span: OpenSpan, head: bool) -> Response<TracedBody<R>> {
    let (mut parts, body) = response.into_parts();
    let cx = span.context();
    cx.span().set_attribute(attributes::status(parts.status));
    if parts.status.is_server_error() && parts.extensions.get::<Panicked>().is_none() {
        let reason = parts.status.canonical_reason().unwrap_or("server error");
        fail(cx, parts.status.as_str().to_owned(), reason);
    }
    // Without a tracer the context still holds the caller's span, which the caller knows already.
    let own = propagation::current(cx).filter(|_| !cx.span().span_context().is_remote());
    if let Some(own) = own {
        let timing = HeaderValue::try_from(format!(
            "trace;desc=\"{own}\", clock;desc=\"{}\"",
            unix_ms()
        ));
        parts
            .headers
            .append(SERVER_TIMING, timing.expect("digits and punctuation"));
        let response = HeaderValue::try_from(own.to_string());
        parts.headers.insert(
            TRACERESPONSE,
            response.expect("hexadecimal digits and dashes"),
        );
    }
    let length = expected_length(head, &parts);
    Response::from_parts(parts, TracedBody::traced(body, span, length))
}

/// Now, in milliseconds since the Unix epoch with three decimals: whoever asked compares it with its own clock.
fn unix_ms() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    format!("{}.{:03}", now.as_millis(), now.subsec_micros() % 1000)
}

/// Marks a response whose span already says `error.type=panic`.
#[derive(Clone)]
struct Panicked;

fn answer_panic<R: From<String>>(cx: &Context, panic: &(dyn std::any::Any + Send)) -> Response<R> {
    let message = panic
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let _current = cx.clone().attach();
    tracing::error!(
        exception.r#type = "panic",
        exception.message = message,
        "a request handler panicked"
    );
    fail(cx, "panic", "the request handler panicked");
    // What went wrong inside stays in the log; the client learns the trace id to ask about.
    let problem = format!(
        r#"{{"title":"Internal error","status":500,"detail":"The request could not be handled.","trace_id":"{}"}}"#,
        trace_id(cx)
    );
    let mut response = Response::new(R::from(problem));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    let json = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response.extensions_mut().insert(Panicked);
    response
}
