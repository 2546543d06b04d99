//! Spans around pieces of work. Each is current while its work runs and ends with it; nothing is left attached over an
//! `.await`, where other tasks would find it.

use std::borrow::Cow;

use opentelemetry::trace::{FutureExt, SpanContext, SpanKind, Status, TraceContextExt};
use opentelemetry::{Context, KeyValue};

use crate::attribute;
use crate::clock::system_time;
use crate::pipeline;
use crate::tracer::start_own;

/// Runs `f` in a span: an INTERNAL child of the current context, current itself while `f` runs.
pub fn in_span<T>(name: &'static str, f: impl FnOnce(&Context) -> T) -> T {
    let scoped = Scoped::start(name, &Context::current());
    let value = {
        let _attached = scoped.cx.clone().attach();
        f(&scoped.cx)
    };
    scoped.finish();
    value
}

/// Runs the future of `f` in a span: an INTERNAL child of the current context, current itself whenever the future runs
/// and never in between. If the future is dropped before its end, the span ends with
/// [`CANCELLED`](attribute::CANCELLED).
pub async fn in_span_async<T>(name: &'static str, f: impl AsyncFnOnce(Context) -> T) -> T {
    let scoped = Scoped::start(name, &Context::current());
    let value = scoped.begin(f).await;
    scoped.finish();
    value
}

/// Like [`in_span_async`], as the root of a new trace.
pub async fn in_new_trace<T>(name: &'static str, f: impl AsyncFnOnce(Context) -> T) -> T {
    let no_parent = Context::current().with_remote_span_context(SpanContext::NONE);
    let scoped = Scoped::start(name, &no_parent);
    let value = scoped.begin(f).await;
    scoped.finish();
    value
}

/// Says that the work of the span of `cx` failed: status ERROR with a message for people, and `error.type`, a short name
/// out of few.
pub fn fail(
    cx: &Context,
    error_type: impl Into<Cow<'static, str>>,
    message: impl Into<Cow<'static, str>>,
) {
    let span = cx.span();
    span.set_attribute(KeyValue::new(attribute::ERROR_TYPE, error_type.into()));
    span.set_status(Status::error(message));
}

/// Adds an event, something that happens now, to the span of `cx`.
pub fn event(cx: &Context, name: impl Into<Cow<'static, str>>, attributes: Vec<KeyValue>) {
    let now_ns = pipeline::current().map_or(0, |pipeline| pipeline.now_ns());
    // Not now by the API's own clock, which has whole milliseconds.
    cx.span()
        .add_event_with_timestamp(name, system_time(now_ns), attributes);
}

/// Forgets what is current, which nothing detached because WebAssembly trapped meanwhile: work that comes later has nothing
/// to do with it. For calls of the browser that find no other Rust under way.
#[cfg(target_arch = "wasm32")]
pub(crate) fn leave_what_trapped() {
    let is_left_over =
        Context::map_current(|cx| cx.has_active_span() || cx.is_telemetry_suppressed());
    if is_left_over {
        // The guard of this one is let go, so that it stays below all that follow.
        std::mem::forget(Context::new().attach());
    }
}

/// A span and the work it stands for. Dropped before the work is done, the work was cancelled.
struct Scoped {
    cx: Context,
    /// Of the span in the pipeline; none when it is not recorded, or has ended.
    serial: Option<u64>,
}

impl Scoped {
    fn start(name: &'static str, parent: &Context) -> Self {
        let span = start_own(name, SpanKind::Internal, parent);
        let serial = span.serial();
        Self {
            cx: parent.with_span(span),
            serial,
        }
    }

    /// The work, in the context of the span. Already what `f` does before its future exists sees the span.
    fn begin<T>(&self, f: impl AsyncFnOnce(Context) -> T) -> impl Future<Output = T> {
        let work = {
            let _attached = self.cx.clone().attach();
            f(self.cx.clone())
        };
        work.with_context(self.cx.clone())
    }

    /// Ends the span now, though clones of its context may live on in tasks that were spawned from it.
    fn finish(mut self) {
        if let (Some(serial), Some(pipeline)) = (self.serial.take(), pipeline::current()) {
            pipeline.end_now(serial);
        }
    }
}

impl Drop for Scoped {
    fn drop(&mut self) {
        if let (Some(serial), Some(pipeline)) = (self.serial, pipeline::current()) {
            pipeline.cancel(serial);
        }
    }
}
