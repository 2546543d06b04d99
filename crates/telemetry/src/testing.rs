//! The test kit: keeps every finished span of the test process and shows one trace as text.
//!
//! All tests of one process share one recorder, so each looks at its own trace: the one of a span it opened itself, or
//! the one that a response names in `traceresponse`.

mod convert;

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::{TraceId, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    Sampler, SdkTracerProvider, SimpleSpanProcessor, SpanData, SpanExporter,
};
use tokio::sync::watch;
use trace_model::{Tree, render};

use crate::provider::SCOPE;
use crate::span;

/// How long a test waits for spans before it goes on with what there is, and fails by what it sees.
const PATIENCE: Duration = Duration::from_secs(10);

/// Attributes whose values differ from run to run; a rendered trace has `…` in their place.
pub const VOLATILE: [&str; 2] = ["server.port", "url.full"];

/// Records the spans of this process from now on, in place of [`init`](crate::init); later calls return the same one.
///
/// # Panics
/// When the process has already called [`init`](crate::init).
pub fn record() -> &'static Recorder {
    static RECORDER: OnceLock<Recorder> = OnceLock::new();
    RECORDER.get_or_init(|| {
        let recorder = Recorder {
            finished: watch::Sender::new(Vec::new()),
        };
        let exporter = Exporter(recorder.finished.clone());
        let provider = SdkTracerProvider::builder()
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
            .with_span_processor(SimpleSpanProcessor::new(exporter))
            .build();
        let installed = span::install(provider.tracer(SCOPE));
        installed.expect("the recorder comes first in a test process");
        recorder
    })
}

/// Every finished span of the test process.
#[derive(Debug)]
pub struct Recorder {
    finished: watch::Sender<Vec<SpanData>>,
}

impl Recorder {
    /// The finished spans of all traces that `wanted` chooses, in the order in which they ended.
    pub fn spans(&self, wanted: impl Fn(&SpanData) -> bool) -> Vec<SpanData> {
        let finished = self.finished.borrow();
        finished
            .iter()
            .filter(|span| wanted(span))
            .cloned()
            .collect()
    }

    /// The finished spans of a trace as a tree.
    pub fn tree(&self, trace_id: TraceId) -> Tree {
        let spans = self.spans(|span| span.span_context.trace_id() == trace_id);
        Tree::new(spans.into_iter().map(convert::span).collect())
    }

    /// The finished spans of a trace as indented text without ids and times: names, kinds, attributes, status, links.
    pub fn render(&self, trace_id: TraceId) -> String {
        let options = render::Options {
            service: false,
            redact: &VOLATILE,
            ..Default::default()
        };
        render::tree(&self.tree(trace_id), &options)
    }

    /// Like [`Recorder::render`], once at least `count` spans of the trace have ended; after 10 s, of what there is.
    pub async fn render_when(&self, trace_id: TraceId, count: usize) -> String {
        let enough = |finished: &Vec<SpanData>| {
            let of_trace = |span: &&SpanData| span.span_context.trace_id() == trace_id;
            finished.iter().filter(of_trace).count() >= count
        };
        let mut finished = self.finished.subscribe();
        // Too few spans fail the test's own comparison, which says more than a timeout would.
        let _ = tokio::time::timeout(PATIENCE, finished.wait_for(enough)).await;
        self.render(trace_id)
    }
}

#[derive(Debug)]
struct Exporter(watch::Sender<Vec<SpanData>>);

impl SpanExporter for Exporter {
    async fn export(&self, mut batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.send_modify(|spans| spans.append(&mut batch));
        Ok(())
    }
}
