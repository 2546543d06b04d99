//! The CLIENT span of one HTTP request, by the semantic conventions, for the typed client and for the patched fetch
//! alike.

use opentelemetry::Context;
use opentelemetry::trace::{Span, SpanKind, Status, TraceContextExt};

use crate::attribute;
use crate::decimal;
use crate::pipeline::{self, Pipeline};
use crate::propagation::{AllowedOrigins, Headers};
use crate::span::Item;
use crate::tracer::start_own;
use crate::url::Url;

/// Methods that name a span; others are `_OTHER`, so that a server full of invented methods makes no endless list.
const KNOWN_METHODS: [&str; 9] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE",
];

/// Which requests are traced, which of them carry the trace to their server, and what their spans may show.
#[derive(Debug, Default)]
pub(crate) struct UrlPolicy {
    pub(crate) allowed: AllowedOrigins,
    /// Beginnings of absolute URLs that are not traced, the export endpoint among them.
    pub(crate) ignored: Vec<String>,
    pub(crate) redacted_query_keys: Vec<String>,
}

impl UrlPolicy {
    /// Whether requests to this URL are traced.
    pub(crate) fn traces(&self, url: &str) -> bool {
        Url::parse(url).is_some()
            && !self
                .ignored
                .iter()
                .any(|prefix| url.starts_with(prefix.as_str()))
    }
}

/// A request under way. Dropped before it is over, it was cancelled.
#[derive(Debug)]
pub(crate) struct ClientCall {
    cx: Context,
    headers: Option<Headers>,
    /// Of its span in the pipeline; none when the span is not recorded, or the request is over.
    serial: Option<u64>,
    /// By `performance.now()`.
    #[cfg(feature = "server_timing")]
    sent_ms: f64,
}

impl ClientCall {
    /// Begins the span of a request, as a child of the current context. None when the request is not traced: its URL is
    /// ignored or not of HTTP, or telemetry is suppressed.
    pub(crate) fn start(pipeline: &Pipeline, method: &str, url: &str) -> Option<Self> {
        let policy = pipeline.urls();
        let target = Url::parse(url)?;
        let current = Context::current();
        if current.is_telemetry_suppressed() || !policy.traces(url) {
            return None;
        }
        let known = KNOWN_METHODS
            .iter()
            .find(|known| **known == method)
            .copied();
        // A span that is not about one of the known methods is called `HTTP`.
        let span = start_own(known.unwrap_or("HTTP"), SpanKind::Client, &current);
        let serial = span.serial();
        if let Some(serial) = serial {
            let shown = target.redacted(&policy.redacted_query_keys);
            pipeline.update(serial, |span, limits| {
                let mut set = |key, item| span.set(key, item, limits);
                set(
                    attribute::HTTP_REQUEST_METHOD,
                    Item::Text(known.unwrap_or("_OTHER")),
                );
                set(attribute::URL_FULL, Item::Text(&shown));
                set(attribute::SERVER_ADDRESS, Item::Text(target.host));
                set(attribute::SERVER_PORT, Item::Int(target.port.into()));
                if known.is_none() {
                    set(attribute::HTTP_REQUEST_METHOD_ORIGINAL, Item::Text(method));
                }
            });
            pipeline.watch(serial, url);
        }
        let headers = if policy.allowed.allows(&target) {
            Headers::of(span.span_context())
        } else {
            None
        };
        Some(Self {
            cx: current.with_span(span),
            headers,
            serial,
            #[cfg(feature = "server_timing")]
            sent_ms: pipeline.performance_ms(),
        })
    }

    /// What the request has to carry; none when its server may not see the trace.
    pub(crate) fn headers(&self) -> Option<&Headers> {
        self.headers.as_ref()
    }

    /// Notes what the answer says about its server. A span of another trace is linked to: the server began one of its own, or
    /// the answer is that of an earlier question. Only a span of this trace tells that the time on the answer is fresh.
    #[cfg(feature = "server_timing")]
    pub(crate) fn server_said(&self, said: &crate::server_timing::Said) {
        let span = self.cx.span();
        match (said.span(), pipeline::current()) {
            (Some(server), _) if server.trace_id() != span.span_context().trace_id() => {
                span.add_link(server, Vec::new());
            }
            (Some(_), Some(pipeline)) => {
                if let Some(time_ms) = said.time_ms() {
                    pipeline.on_server_time(self.sent_ms, time_ms);
                }
            }
            _ => {}
        }
    }

    /// The server answered. The span ends when the body is complete, as far as the browser tells. `url` is that of the
    /// answer, empty when it did not come by the network and has no timing.
    pub(crate) fn answered(mut self, status: u16, url: &str) {
        let Some((pipeline, serial)) = self.watching() else {
            return;
        };
        pipeline.update(serial, |span, limits| {
            span.set(
                attribute::HTTP_RESPONSE_STATUS_CODE,
                Item::Int(status.into()),
                limits,
            );
            if status >= 400 {
                let mut error_type = String::new();
                decimal::push(&mut error_type, status.into());
                span.set(attribute::ERROR_TYPE, Item::Text(&error_type), limits);
                // The conventions want no description where the status code says it all.
                span.set_status(Status::error(""));
            }
        });
        // What is not kept is over with its headers: dropping would call it cancelled.
        if url.is_empty() || !pipeline.keep_until_timed(serial, &self.cx) {
            pipeline.stop_watching(serial);
            pipeline.end(serial, pipeline.now_ns());
        }
        self.serial = None;
    }

    /// There was no answer; `error_type` is the name of JavaScript's error.
    pub(crate) fn failed(mut self, error_type: &str, message: String) {
        if let Some((pipeline, serial)) = self.watching() {
            pipeline.update(serial, |span, limits| {
                span.set(attribute::ERROR_TYPE, Item::Text(error_type), limits);
                span.set_status(Status::error(message));
            });
            pipeline.stop_watching(serial);
            pipeline.end(serial, pipeline.now_ns());
            self.serial = None;
        }
    }

    /// The page lost interest, which is nobody's error.
    pub(crate) fn cancelled(self) {}

    fn watching(&self) -> Option<(&'static Pipeline, u64)> {
        pipeline::current().zip(self.serial)
    }
}

impl Drop for ClientCall {
    fn drop(&mut self) {
        if let Some((pipeline, serial)) = self.watching() {
            pipeline.stop_watching(serial);
            pipeline.cancel(serial);
        }
    }
}
