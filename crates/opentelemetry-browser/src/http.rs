//! The CLIENT span of one HTTP request, by the semantic conventions, for the typed client and for the patched fetch
//! alike.

use opentelemetry::Context;
use opentelemetry::trace::{Span, SpanKind, Status, TraceContextExt};

use crate::attribute;
use crate::decimal;
use crate::pipeline::{self, Pipeline};
use crate::propagation::Headers;
use crate::span::Item;
use crate::tracer::start_own;

/// Methods that name a span; others are `_OTHER`, so that a server full of invented methods makes no endless list.
const KNOWN_METHODS: [&str; 9] = [
    "GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE",
];

/// The requests that JavaScript has begun and not ended, each with its number.
#[derive(Default)]
pub(crate) struct Calls {
    next_id: u32,
    under_way: Vec<(u32, ClientCall)>,
}

impl Calls {
    /// Keeps a request that begins; its number.
    pub(crate) fn add(&mut self, call: ClientCall) -> u32 {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        self.put_back(id, call);
        id
    }

    /// Keeps a request that was taken.
    pub(crate) fn put_back(&mut self, id: u32, call: ClientCall) {
        self.under_way.push((id, call));
    }

    /// The request of this number.
    pub(crate) fn take(&mut self, id: u32) -> Option<ClientCall> {
        let mut calls = self.under_way.iter();
        let position = calls.position(|(known, _)| *known == id)?;
        Some(self.under_way.swap_remove(position).1)
    }
}

/// Where a request goes, as the browser reads its URL and as the page's settings judge it.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Absolute, and without its fragment, which entries of the timeline have in some browsers only.
    pub(crate) url: String,
    /// What a span may show of it.
    pub(crate) shown: String,
    pub(crate) host: String,
    pub(crate) port: u32,
    /// Whether its server may see the trace.
    pub(crate) sees_trace: bool,
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
    /// Begins the span of a request, as a child of the current context. None when telemetry is suppressed.
    pub(crate) fn start(pipeline: &Pipeline, method: &str, target: Target) -> Option<Self> {
        let current = Context::current();
        if current.is_telemetry_suppressed() {
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
            pipeline.update(serial, |span, limits| {
                let mut set = |key, item| span.set(key, item, limits);
                set(
                    attribute::HTTP_REQUEST_METHOD,
                    Item::Text(known.unwrap_or("_OTHER")),
                );
                set(attribute::URL_FULL, Item::Text(&target.shown));
                set(attribute::SERVER_ADDRESS, Item::Text(&target.host));
                set(attribute::SERVER_PORT, Item::Int(target.port.into()));
                if known.is_none() {
                    set(attribute::HTTP_REQUEST_METHOD_ORIGINAL, Item::Text(method));
                }
            });
            pipeline.watch(serial, target.url);
        }
        let headers = if target.sees_trace {
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
            (Some(_), Some(pipeline)) => pipeline.on_server_time(self.sent_ms, said.time_ms),
            _ => {}
        }
    }

    /// The server answered. The span ends when the body is complete, as far as the browser tells. `url` is that of the
    /// answer, empty when it did not come by the network and has no timing.
    pub(crate) fn answered(self, status: u16, url: &str) {
        let mut error_type = String::new();
        if status >= 400 {
            decimal::push(&mut error_type, status.into());
        }
        // The conventions want no description where the status code says it all.
        let error = (!error_type.is_empty()).then(|| (&*error_type, String::new()));
        self.over(Some(status), error, !url.is_empty());
    }

    /// There was no answer; `error_type` is the name of JavaScript's error.
    pub(crate) fn failed(self, error_type: &str, message: String) {
        self.over(None, Some((error_type, message)), false);
    }

    fn over(mut self, status: Option<u16>, error: Option<(&str, String)>, has_timing: bool) {
        let Some((pipeline, serial)) = self.watching() else {
            return;
        };
        pipeline.update(serial, |span, limits| {
            if let Some(status) = status {
                let status = Item::Int(status.into());
                span.set(attribute::HTTP_RESPONSE_STATUS_CODE, status, limits);
            }
            if let Some((error_type, message)) = error {
                span.set(attribute::ERROR_TYPE, Item::Text(error_type), limits);
                span.set_status(Status::error(message));
            }
        });
        // What is not kept is over with its headers.
        if !has_timing || !pipeline.keep_until_timed(serial, &self.cx) {
            pipeline.stop_watching(serial);
            pipeline.end_now(serial);
        }
    }

    /// The page lost interest, which is nobody's error.
    pub(crate) fn cancelled(self) {}

    /// What is to be told of the end of the request, which there is once: dropped after this, it is not cancelled.
    fn watching(&mut self) -> Option<(&'static Pipeline, u64)> {
        pipeline::current().zip(self.serial.take())
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
