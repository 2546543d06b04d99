//! The test kit: keeps every finished span of the test process and shows one trace as text.
//!
//! All tests of one process share one recorder, so each looks at its own trace: the one of a span it opened itself, or
//! the one that a response names in `traceresponse`.

use std::sync::OnceLock;
use std::time::Duration;

use opentelemetry::trace::{TraceId, TracerProvider};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    Sampler, SdkTracerProvider, SimpleSpanProcessor, SpanData, SpanExporter,
};
use tokio::sync::watch;

use crate::provider::SCOPE;
use crate::span;

/// How long a test waits for spans before it goes on with what there is, and fails by what it sees.
const PATIENCE: Duration = Duration::from_secs(10);

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
    /// The finished spans of a trace, in the order in which they ended.
    pub fn spans(&self, trace_id: TraceId) -> Vec<SpanData> {
        self.spans_where(|span| span.span_context.trace_id() == trace_id)
    }

    /// The finished spans of all traces that `wanted` chooses, in the order in which they ended.
    pub fn spans_where(&self, wanted: impl Fn(&SpanData) -> bool) -> Vec<SpanData> {
        self.finished
            .borrow()
            .iter()
            .filter(|span| wanted(span))
            .cloned()
            .collect()
    }

    /// Waits until at least `count` spans of a trace have ended; gives what there is after 10 s.
    pub async fn wait(&self, trace_id: TraceId, count: usize) -> Vec<SpanData> {
        let enough = |finished: &Vec<SpanData>| {
            let of_trace = |span: &&SpanData| span.span_context.trace_id() == trace_id;
            finished.iter().filter(of_trace).count() >= count
        };
        let mut finished = self.finished.subscribe();
        // Too few spans fail the test's own comparison, which says more than a timeout would.
        let _ = tokio::time::timeout(PATIENCE, finished.wait_for(enough)).await;
        self.spans(trace_id)
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
