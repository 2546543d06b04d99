//! W3C trace context, level 2: from and to HTTP headers. The two grammars live in `traceparent` and `tracestate`.
//!
//! The SDK's own propagator cannot be used as it is: it reads one header line only, its `TraceState` refuses keys that
//! level 2 allows, it writes an empty `tracestate`, and unsampled spans lose the random flag. Here the validated
//! `tracestate` and the random flag travel beside the span as a value of the [`Context`].

mod traceparent;
mod tracestate;

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, TraceContextExt, TraceFlags, TraceId, TraceState};

pub use traceparent::Traceparent;
pub use tracestate::Tracestate;

/// Name of the header that names trace, parent span and flags.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Name of the header that carries what tracing systems along the way have noted.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The caller's span as the remote parent of `cx`.
///
/// Exactly one valid `traceparent` continues the caller's trace. None, several or a malformed one leaves `cx` without a
/// parent, so that the next span starts one fresh trace; `tracestate` is then ignored. A malformed `tracestate` beside a
/// valid `traceparent` is dropped as a whole, as the specification asks.
pub fn extract(headers: &HeaderMap, cx: &Context) -> Context {
    let Some(parent) = the_only(headers, &TRACEPARENT).and_then(Traceparent::parse) else {
        return cx.clone();
    };
    let tracestate = Tracestate::parse(
        headers
            .get_all(&TRACESTATE)
            .iter()
            .map(HeaderValue::as_bytes),
    );
    // What the SDK can parse is also recorded on the exported span; what goes on to the next service is our own copy.
    let recorded = tracestate
        .as_ref()
        .and_then(|state| state.as_str().parse::<TraceState>().ok())
        .unwrap_or_default();
    let span_context = SpanContext::new(
        parent.trace_id,
        parent.span_id,
        TraceFlags::new(parent.flags()),
        true,
        recorded,
    );
    cx.with_remote_span_context(span_context)
        .with_value(Carried {
            trace_id: parent.trace_id,
            random: parent.random,
            tracestate: tracestate.map(Arc::new),
        })
}

/// Writes the span of `cx` as the parent of whoever receives `headers`, in place of what the headers said before.
///
/// Without a valid span both headers are removed; without trace state no `tracestate` is written.
pub fn inject(cx: &Context, headers: &mut HeaderMap) {
    headers.remove(&TRACEPARENT);
    headers.remove(&TRACESTATE);
    let Some(parent) = current(cx) else { return };
    headers.insert(TRACEPARENT, header_value(parent.to_string()));
    if let Some(state) = carried(cx).and_then(|carried| carried.tracestate.as_ref()) {
        headers.insert(TRACESTATE, header_value(state.as_str().to_owned()));
    }
}

/// The span of `cx` as it is written into a `traceparent` header; `None` without a valid span.
pub fn current(cx: &Context) -> Option<Traceparent> {
    let span = cx.span();
    let span_context = span.span_context();
    if !span_context.is_valid() {
        return None;
    }
    Some(Traceparent {
        trace_id: span_context.trace_id(),
        span_id: span_context.span_id(),
        sampled: span_context.is_sampled(),
        // The SDK makes every bit of a new trace id at random, so a trace that began here is random.
        random: carried(cx).is_none_or(|carried| carried.random),
    })
}

/// What came with the trace beyond the SDK's span context.
#[derive(Clone, Debug)]
struct Carried {
    /// The trace it came with: a span of another trace, opened further in, does not inherit it.
    trace_id: TraceId,
    random: bool,
    tracestate: Option<Arc<Tracestate>>,
}

fn carried(cx: &Context) -> Option<&Carried> {
    cx.get::<Carried>()
        .filter(|carried| carried.trace_id == cx.span().span_context().trace_id())
}

fn the_only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h [u8]> {
    let mut lines = headers.get_all(name).iter();
    let first = lines.next()?;
    lines.next().is_none().then_some(first.as_bytes())
}

fn header_value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("both grammars allow printable ASCII only")
}

/// The same for whoever speaks the API's propagator interface, such as other instrumentation libraries.
#[derive(Debug)]
pub struct TraceContext {
    fields: [String; 2],
}

impl Default for TraceContext {
    fn default() -> Self {
        Self {
            fields: [TRACEPARENT.to_string(), TRACESTATE.to_string()],
        }
    }
}

impl TextMapPropagator for TraceContext {
    fn inject_context(&self, cx: &Context, injector: &mut dyn Injector) {
        let mut headers = HeaderMap::new();
        inject(cx, &mut headers);
        for (name, value) in &headers {
            injector.set(
                name.as_str(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            );
        }
    }

    fn extract_with_context(&self, cx: &Context, extractor: &dyn Extractor) -> Context {
        let mut headers = HeaderMap::new();
        for name in [TRACEPARENT, TRACESTATE] {
            for line in extractor.get_all(name.as_str()).unwrap_or_default() {
                // A line that is no header value is as malformed as any other: it must count, not vanish.
                let value = HeaderValue::from_str(line);
                headers.append(
                    &name,
                    value.unwrap_or(HeaderValue::from_static("malformed")),
                );
            }
        }
        extract(&headers, cx)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

#[cfg(test)]
mod tests;
