//! Spans around one's own work: synchronous, asynchronous, failing, cancelled. The HTTP layers build on [`OpenSpan`].

use std::borrow::Cow;
use std::sync::OnceLock;

use opentelemetry::trace::{FutureExt, SpanBuilder, Status, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracer;

/// Boolean attribute of a span whose work was dropped before it was done, such as a request whose client went away.
/// That is no error; the attribute is absent otherwise.
pub const CANCELLED: &str = "cancelled";
/// What kind of error a span ended with, of low cardinality (semantic conventions).
pub const ERROR_TYPE: &str = "error.type";

/// Longest text in bytes that is recorded of something from outside; what is longer is cut.
const MAX_TEXT_BYTES: usize = 1024;

/// Runs `f` inside an INTERNAL span that is a child of the current context; the span is current while `f` runs.
///
/// A panic in `f` marks the span as failed and goes on.
pub fn in_span<T>(name: &'static str, f: impl FnOnce(&Context) -> T) -> T {
    let open = OpenSpan::internal(name);
    let result = {
        // Without a tracer, the context is the current one already.
        let _current = open.open.then(|| open.context().clone().attach());
        f(open.context())
    };
    open.end();
    result
}

/// Awaits `f` inside an INTERNAL span that is a child of the context current at the first poll; the span is current
/// whenever the future is polled, on whichever thread, and never in between.
///
/// A future that is dropped before it is done ends its span with [`CANCELLED`].
pub async fn in_span_async<T>(name: &'static str, f: impl AsyncFnOnce(Context) -> T) -> T {
    let open = OpenSpan::internal(name);
    let result = f(open.context().clone())
        .with_context(open.context().clone())
        .await;
    open.end();
    result
}

/// Marks the span of `cx` as failed: status ERROR with `message`, and `error_type` of low cardinality.
pub fn fail(
    cx: &Context,
    error_type: impl Into<Cow<'static, str>>,
    message: impl Into<Cow<'static, str>>,
) {
    let span = cx.span();
    span.set_attribute(KeyValue::new(ERROR_TYPE, error_type.into()));
    span.set_status(Status::Error {
        description: match message.into() {
            Cow::Borrowed(text) => clip(text).into(),
            Cow::Owned(text) => clip(&text).to_owned().into(),
        },
    });
}

/// The trace of `cx` as 32 hexadecimal digits, for messages to people; empty where there is none.
pub fn trace_id(cx: &Context) -> String {
    let span = cx.span();
    let span_context = span.span_context();
    if span_context.is_valid() {
        span_context.trace_id().to_string()
    } else {
        String::new()
    }
}

/// A span that ends exactly once: by [`OpenSpan::end`], or when dropped, which tells panic and cancellation apart.
#[derive(Debug)]
pub(crate) struct OpenSpan {
    cx: Context,
    open: bool,
}

impl OpenSpan {
    /// Starts a span as the child of `parent`. Without a tracer the context stays as it is and nothing is recorded.
    pub(crate) fn start(builder: SpanBuilder, parent: &Context) -> Self {
        match TRACER.get() {
            Some(tracer) => Self {
                cx: parent.with_span(tracer.build_with_context(builder, parent)),
                open: true,
            },
            None => Self {
                cx: parent.clone(),
                open: false,
            },
        }
    }

    fn internal(name: &'static str) -> Self {
        Self::start(SpanBuilder::from_name(name), &Context::current())
    }

    /// The context in which the span is current.
    pub(crate) fn context(&self) -> &Context {
        &self.cx
    }

    /// Ends the span: its work is done, well or badly.
    pub(crate) fn end(mut self) {
        if std::mem::take(&mut self.open) {
            self.cx.span().end();
        }
    }
}

impl Drop for OpenSpan {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        if std::thread::panicking() {
            fail(&self.cx, "panic", "panicked");
        } else {
            self.cx.span().set_attribute(KeyValue::new(CANCELLED, true));
        }
        self.cx.span().end();
    }
}

/// Makes every span from now on with `tracer`; the first call of a process counts.
pub(crate) fn install(tracer: SdkTracer) -> Result<(), SdkTracer> {
    TRACER.set(tracer)
}

/// `text` cut to the length that is recorded of anything from outside.
pub(crate) fn clip(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT_BYTES)]
}

/// Not the global tracer of the API, whose every span costs an allocation and dynamic calls.
static TRACER: OnceLock<SdkTracer> = OnceLock::new();
