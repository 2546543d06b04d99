//! The OpenTelemetry API over the pipeline of this thread. Providers, tracers and spans are plain handles, which the API
//! may send anywhere; all data stays in the pipeline of the thread that runs the page.

use std::borrow::Cow;
use std::time::SystemTime;

use opentelemetry::trace::{Link, Span, SpanBuilder, SpanContext, Status, Tracer, TracerProvider};
use opentelemetry::{Context, InstrumentationScope, KeyValue};

use crate::limits::Limits;
use crate::pipeline::{self, Pipeline};
use crate::span::{OpenSpan, Scope, scope_of};

/// Hands out tracers. `init` registers one as the global provider.
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
        BrowserTracer::new(scope_of(&scope))
    }
}

impl Tracer for BrowserTracer {
    type Span = BrowserSpan;

    fn build_with_context(&self, builder: SpanBuilder, parent_cx: &Context) -> BrowserSpan {
        #[cfg(all(target_arch = "wasm32", feature = "interaction"))]
        let interaction = crate::interaction::context_for(parent_cx);
        #[cfg(all(target_arch = "wasm32", feature = "interaction"))]
        let parent_cx = interaction.as_ref().unwrap_or(parent_cx);
        pipeline::current().map_or(
            BrowserSpan {
                context: SpanContext::NONE,
                serial: None,
            },
            |pipeline| {
                let (context, serial) = pipeline.start(builder, parent_cx, &self.scope);
                BrowserSpan { context, serial }
            },
        )
    }
}

impl BrowserTracer {
    /// A tracer for the library of `scope`.
    pub(crate) fn new(scope: Scope) -> Self {
        Self { scope }
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
        self.update(|span, limits| span.set(&attribute, limits));
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
            pipeline.end(serial, pipeline.now_ns());
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
