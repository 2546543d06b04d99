//! The pipeline below `opentelemetry_sdk`, for programs that want its sampler, its limits or its other processors. The SDK's
//! own batch processor needs threads and its exporters sockets; a page has neither.

use std::cell::RefCell;
use std::time::Duration;

use opentelemetry::trace::Span as _;
use opentelemetry::{Context, SpanId};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use crate::batch::Signal;
use crate::clock::unix_ns;
use crate::pipeline::{self, Pipeline, with};
use crate::span::{OpenSpan, Parent, item_of, scope_of};

/// Most spans whose fine start is remembered; one that has been open for longer starts at the SDK's whole millisecond.
const MOST_STARTED: usize = 1024;

/// How far the SDK's clock of whole milliseconds may be from the fine one.
const COARSE_NS: u64 = 2_000_000;

thread_local! {
    /// When the spans that are open began, by the fine clock.
    static STARTED: RefCell<Vec<(SpanId, u64)>> = const { RefCell::new(Vec::new()) };
}

/// Sends what the SDK has recorded through the pipeline that `init` has started, together with what this crate records
/// itself. The resource is that of [`Config`](crate::Config). Register it after `init` and make the SDK's provider the global
/// one:
///
/// ```
/// use opentelemetry_browser::BrowserSpanProcessor;
/// use opentelemetry_sdk::trace::SdkTracerProvider;
///
/// let provider = SdkTracerProvider::builder().with_span_processor(BrowserSpanProcessor).build();
/// opentelemetry::global::set_tracer_provider(provider);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct BrowserSpanProcessor;

impl SpanProcessor for BrowserSpanProcessor {
    fn on_start(&self, span: &mut Span, _cx: &Context) {
        if let Some(pipeline) = pipeline::current() {
            let started = (span.span_context().span_id(), pipeline.now_ns());
            STARTED.with(|spans| {
                with(spans, |spans| {
                    if spans.len() >= MOST_STARTED {
                        spans.remove(0);
                    }
                    spans.push(started);
                })
            });
        }
    }

    fn on_end(&self, span: SpanData) {
        if let Some(pipeline) = pipeline::current()
            && span.span_context.is_sampled()
        {
            let end_ns = pipeline.refine_ns(span.end_time);
            let span = open_span(pipeline, span, end_ns);
            pipeline.count_created(Signal::Spans);
            pipeline.finish(span, end_ns);
        }
    }

    /// Starts to send; a page cannot wait for the answer.
    fn force_flush(&self) -> OTelSdkResult {
        if let Some(pipeline) = pipeline::current() {
            pipeline.flush();
        }
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        self.force_flush()
    }
}

fn open_span(pipeline: &Pipeline, span: SpanData, end_ns: u64) -> OpenSpan {
    let limits = pipeline.limits();
    let parent = match (span.parent_span_id, span.parent_span_is_remote) {
        (SpanId::INVALID, _) => Parent::None,
        (id, true) => Parent::Remote(id),
        (id, false) => Parent::Local(id),
    };
    let coarse_ns = unix_ns(span.start_time);
    let start_ns = started(span.span_context.span_id())
        .filter(|fine_ns| fine_ns.abs_diff(coarse_ns) <= COARSE_NS)
        .unwrap_or(coarse_ns);
    let scope = scope_of(&span.instrumentation_scope);
    let (context, name, kind) = (span.span_context, span.name, span.span_kind);
    let mut open = OpenSpan::new(context, parent, scope, name, kind, start_ns);
    open.status = span.status;
    #[cfg(feature = "session")]
    if !matches!(parent, Parent::Local(_)) {
        open.session_id = Some(pipeline.session_id());
    }
    for attribute in &span.attributes {
        let (key, item) = item_of(attribute);
        open.set(key, item, limits);
    }
    for event in &span.events.events {
        let dropped = event.dropped_attributes_count;
        // The SDK's whole milliseconds may lie just outside of the span.
        let at_ns = unix_ns(event.timestamp).min(end_ns).max(start_ns);
        open.add_event(&event.name, at_ns, &event.attributes, dropped, limits);
    }
    for link in &span.links.links {
        open.add_link(link, limits);
    }
    open.add_dropped([
        span.dropped_attributes_count,
        span.events.dropped_count,
        span.links.dropped_count,
    ]);
    open
}

fn started(id: SpanId) -> Option<u64> {
    STARTED
        .with(|spans| {
            with(spans, |spans| {
                let position = spans.iter().rposition(|(open, _)| *open == id)?;
                Some(spans.remove(position).1)
            })
        })
        .flatten()
}
