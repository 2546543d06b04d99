//! The OpenTelemetry API over the pipeline of this thread. Providers, tracers and spans are plain handles, which the API
//! may send anywhere; all data stays in the pipeline of the thread that runs the page.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::trace::{
    Link, Span, SpanBuilder, SpanContext, SpanKind, Status, Tracer, TracerProvider,
};
use opentelemetry::{Context, InstrumentationScope, KeyValue};

use crate::limits::Limits;
use crate::pipeline::{self, Pipeline};
use crate::span::{OpenSpan, Scope, item_of, scope_of};

/// Hands out tracers. With the feature `global`, `init` registers one as the global provider.
#[derive(Clone, Debug, Default)]
pub struct BrowserTracerProvider(());

/// Opens spans for one library.
#[derive(Clone, Debug)]
pub struct BrowserTracer {
    scope: Scope,
}

/// A span of this page. Dropped, it ends.
#[derive(Debug)]
pub struct BrowserSpan {
    context: SpanContext,
    /// Its place in the pipeline; none when the span is not recorded.
    serial: Option<u64>,
}

impl TracerProvider for BrowserTracerProvider {
    type Tracer = BrowserTracer;

    fn tracer_with_scope(&self, scope: InstrumentationScope) -> BrowserTracer {
        BrowserTracer {
            scope: scope_of(&scope),
        }
    }
}

impl Tracer for BrowserTracer {
    type Span = BrowserSpan;

    fn build_with_context(&self, builder: SpanBuilder, parent_cx: &Context) -> BrowserSpan {
        let kind = builder.span_kind.unwrap_or(SpanKind::Internal);
        let span = start(builder.name, kind, parent_cx, &self.scope);
        let (Some(serial), Some(pipeline)) = (span.serial, pipeline::current()) else {
            return span;
        };
        if let Some(start_time) = builder.start_time {
            let start_ns = pipeline.refine_ns(start_time);
            pipeline.update(serial, |span, _| span.start_ns = start_ns);
        }
        pipeline.update(serial, |span, limits| {
            for attribute in &builder.attributes.unwrap_or_default() {
                let (key, item) = item_of(attribute);
                span.set(key, item, limits);
            }
            for link in &builder.links.unwrap_or_default() {
                span.add_link(link, limits);
            }
        });
        for event in &builder.events.unwrap_or_default() {
            let at_ns = pipeline.refine_ns(event.timestamp);
            add_event(pipeline, serial, &event.name, at_ns, &event.attributes);
        }
        span
    }
}

/// Begins a span below that of `parent_cx`, if it has one.
pub(crate) fn start(
    name: Cow<'static, str>,
    kind: SpanKind,
    parent_cx: &Context,
    scope: &Scope,
) -> BrowserSpan {
    #[cfg(all(target_arch = "wasm32", feature = "interaction"))]
    let interaction = crate::interaction::context_for(parent_cx);
    #[cfg(all(target_arch = "wasm32", feature = "interaction"))]
    let parent_cx = interaction.as_ref().unwrap_or(parent_cx);
    let (context, serial) = match pipeline::current() {
        Some(pipeline) => pipeline.start(name, kind, parent_cx, scope),
        None => (SpanContext::NONE, None),
    };
    BrowserSpan { context, serial }
}

/// The same for what this crate records itself.
pub(crate) fn start_own(name: &'static str, kind: SpanKind, parent_cx: &Context) -> BrowserSpan {
    match pipeline::current() {
        Some(pipeline) => start(name.into(), kind, parent_cx, &pipeline.own_scope),
        None => BrowserSpan {
            context: SpanContext::NONE,
            serial: None,
        },
    }
}

impl BrowserSpan {
    /// Its place in the pipeline; none when it is not recorded.
    pub(crate) fn serial(&self) -> Option<u64> {
        self.serial
    }

    fn update(&self, change: impl FnOnce(&mut OpenSpan, &Limits)) {
        if let (Some(serial), Some(pipeline)) = (self.serial, pipeline::current()) {
            pipeline.update(serial, change);
        }
    }
}

impl Span for BrowserSpan {
    // The API's own way asks the browser for the date first, even for a span that is not recorded.
    fn add_event<T>(&mut self, name: T, attributes: Vec<KeyValue>)
    where
        T: Into<Cow<'static, str>>,
    {
        if let (Some(serial), Some(pipeline)) = (self.serial, pipeline::current()) {
            add_event(
                pipeline,
                serial,
                &name.into(),
                pipeline.now_ns(),
                &attributes,
            );
        }
    }

    fn add_event_with_timestamp<T>(
        &mut self,
        name: T,
        timestamp: SystemTime,
        attributes: Vec<KeyValue>,
    ) where
        T: Into<Cow<'static, str>>,
    {
        if let (Some(serial), Some(pipeline)) = (self.serial, pipeline::current()) {
            let time_ns = pipeline.refine_ns(timestamp);
            add_event(pipeline, serial, &name.into(), time_ns, &attributes);
        }
    }

    fn span_context(&self) -> &SpanContext {
        &self.context
    }

    fn is_recording(&self) -> bool {
        match (self.serial, pipeline::current()) {
            (Some(serial), Some(pipeline)) => pipeline.is_open(serial),
            _ => false,
        }
    }

    fn set_attribute(&mut self, attribute: KeyValue) {
        self.update(|span, limits| {
            let (key, item) = item_of(&attribute);
            span.set(key, item, limits);
        });
    }

    fn set_status(&mut self, status: Status) {
        self.update(|span, _| span.set_status(status));
    }

    fn update_name<T>(&mut self, new_name: T)
    where
        T: Into<Cow<'static, str>>,
    {
        let new_name = new_name.into();
        self.update(|span, _| span.name = new_name);
    }

    fn add_link(&mut self, span_context: SpanContext, attributes: Vec<KeyValue>) {
        self.update(|span, limits| {
            span.add_link(&Link::new(span_context, attributes, 0), limits);
        });
    }

    fn end(&mut self) {
        // Only the first end counts, here as in the pipeline.
        if let (Some(serial), Some(pipeline)) = (self.serial.take(), pipeline::current()) {
            pipeline.end_now(serial);
        }
    }

    fn end_with_timestamp(&mut self, timestamp: SystemTime) {
        if let (Some(serial), Some(pipeline)) = (self.serial.take(), pipeline::current()) {
            pipeline.end(serial, pipeline.refine_ns(timestamp));
        }
    }
}

impl Drop for BrowserSpan {
    fn drop(&mut self) {
        self.end();
    }
}

fn add_event(pipeline: &Pipeline, serial: u64, name: &str, time_ns: u64, attributes: &[KeyValue]) {
    pipeline.update(serial, |span, limits| {
        span.add_event(name, time_ns, attributes, 0, limits);
    });
}
