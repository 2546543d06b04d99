//! The one pipeline of a page: clock, ids, sampler, the spans that are open, and the exporter that sends those that have
//! ended. It lives in a thread-local, because a page is one thread and JavaScript values cannot leave it.
//!
//! What it needs of the browser stands behind [`Host`]. No cell is borrowed while the host is called: a call into
//! JavaScript may come back.

pub(crate) mod timing;

use std::cell::{OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use opentelemetry::trace::{
    SpanBuilder, SpanContext, SpanKind, Status, TraceContextExt, TraceFlags,
};
use opentelemetry::{Context, InstrumentationScope, KeyValue};

use self::timing::Watched;
use crate::attribute;
use crate::batch::Finished;
use crate::clock::{Clock, Reading};
use crate::http::UrlPolicy;
use crate::ids::{Random, SEED_BYTES};
use crate::sampler::RatioSampler;
use crate::span::{Limited, OpenSpan, Parent};
use crate::tracer::span_event;
use crate::transport::{Command, Exporter, Outcome, Stats};

/// What the pipeline needs of the place it runs in.
pub(crate) trait Host {
    /// Reads both clocks.
    fn reading(&self) -> Reading;

    /// Has [`Pipeline::on_timer`] called once, this much later.
    fn start_timer(&self, delay_ms: u32);

    /// Sends one request and has [`Pipeline::on_outcome`] called with its `id` when it is over. With `keepalive` the
    /// request outlives the page.
    fn send(&self, id: u64, body: &[u8], keepalive: bool);

    /// Has [`Pipeline::on_timing`] called for each request that is over, from the first call of this on. False when the
    /// browser does not tell.
    fn observes_fetches(&self) -> bool;

    /// Has [`Pipeline::on_timing`] called now for the requests it is about to be called for.
    fn take_timings(&self);
}

/// What [`install`] makes a pipeline of.
pub(crate) struct Parts {
    pub(crate) host: Box<dyn Host>,
    pub(crate) time_origin_ms: f64,
    pub(crate) seed: [u8; SEED_BYTES],
    pub(crate) sampling_ratio: f64,
    pub(crate) urls: UrlPolicy,
    pub(crate) resource: Vec<KeyValue>,
}

pub(crate) struct Pipeline {
    host: Box<dyn Host>,
    clock: Clock,
    random: Random,
    sampler: RatioSampler,
    urls: UrlPolicy,
    open: RefCell<OpenSpans>,
    watched: RefCell<Watched>,
    exporter: RefCell<Exporter>,
}

/// Spans in the order in which they began, which is that of their serial numbers. A page has few open at a time, and
/// those that end first are mostly at the end.
#[derive(Default)]
struct OpenSpans {
    next_serial: u64,
    spans: Vec<(u64, OpenSpan)>,
}

thread_local! {
    static PIPELINE: OnceCell<Rc<Pipeline>> = const { OnceCell::new() };
}

/// Starts the pipeline of this thread. The first one stays; says whether this is it.
pub(crate) fn install(parts: Parts) -> bool {
    let random = Random::new(parts.seed);
    let mut resource = parts.resource;
    if !resource
        .iter()
        .any(|known| known.key.as_str() == attribute::SERVICE_INSTANCE_ID)
    {
        let id = random.uuid();
        resource.push(KeyValue::new(attribute::SERVICE_INSTANCE_ID, id));
    }
    let pipeline = Pipeline {
        host: parts.host,
        clock: Clock::new(parts.time_origin_ms),
        random,
        sampler: RatioSampler::new(parts.sampling_ratio),
        urls: parts.urls,
        open: RefCell::default(),
        watched: RefCell::default(),
        exporter: RefCell::new(Exporter::new(resource)),
    };
    PIPELINE.with(|cell| cell.set(Rc::new(pipeline)).is_ok())
}

/// The pipeline of this thread; none before [`install`], nor while the thread ends.
pub(crate) fn current() -> Option<Rc<Pipeline>> {
    PIPELINE.try_with(|cell| cell.get().cloned()).ok().flatten()
}

impl Pipeline {
    /// Begins a span. Returns its context, and its serial number when it is recorded.
    pub(crate) fn start(
        &self,
        builder: SpanBuilder,
        parent_cx: &Context,
        scope: &Arc<InstrumentationScope>,
    ) -> (SpanContext, Option<u64>) {
        if parent_cx.is_telemetry_suppressed() {
            return (SpanContext::NONE, None);
        }
        let reading = self.host.reading();
        let span_ref = parent_cx.span();
        let parent_context = span_ref.span_context();
        let (context, parent) = if parent_context.is_valid() {
            (self.child_of(parent_context), parent_of(parent_context))
        } else {
            self.clock
                .anchor(reading, !self.open.borrow().spans.is_empty());
            (self.root(), Parent::None)
        };
        if !context.is_sampled() {
            return (context, None);
        }
        let mut span = OpenSpan {
            context: context.clone(),
            parent,
            scope: Arc::clone(scope),
            name: builder.name,
            kind: builder.span_kind.unwrap_or(SpanKind::Internal),
            start_ns: builder.start_time.map_or_else(
                || self.clock.now_ns(reading.performance_ms),
                |start| self.clock.refine_ns(start, reading),
            ),
            attributes: Limited::from_attributes(builder.attributes.unwrap_or_default()),
            events: Limited::new(),
            links: Limited::new(),
            status: Status::Unset,
        };
        for event in builder.events.unwrap_or_default() {
            span.events.push(span_event(event, |stamp| {
                self.clock.refine_ns(stamp, reading)
            }));
        }
        for link in builder.links.unwrap_or_default() {
            span.add_link(link);
        }
        self.exporter.borrow_mut().count_created();
        (context, Some(self.open.borrow_mut().insert(span)))
    }

    /// Changes an open span; one that has ended stays as it is.
    pub(crate) fn update(&self, serial: u64, change: impl FnOnce(&mut OpenSpan)) {
        if let Some(span) = self.open.borrow_mut().get_mut(serial) {
            change(span);
        }
    }

    /// Whether the span has not ended.
    pub(crate) fn is_open(&self, serial: u64) -> bool {
        self.open.borrow().position(serial).is_some()
    }

    /// Ends a span and queues it for export. Only the first end counts.
    pub(crate) fn end(&self, serial: u64, end_ns: u64) {
        let ended = self.open.borrow_mut().remove(serial);
        if let Some(span) = ended {
            let now_ms = self.host.reading().performance_ms;
            let commands = self
                .exporter
                .borrow_mut()
                .push(finished(&span, end_ns), now_ms);
            self.run(commands);
        }
    }

    /// Ends every open span and sends all there is: the page goes away. Each gets `marker` set on it, except those of
    /// requests that were answered.
    pub(crate) fn end_all(&self, marker: &'static str) {
        self.let_all_go();
        let now_ns = self.now_ns();
        let now_ms = self.host.reading().performance_ms;
        let open = std::mem::take(&mut self.open.borrow_mut().spans);
        for (_, mut span) in open {
            span.attributes.set(KeyValue::new(marker, true));
            let commands = self
                .exporter
                .borrow_mut()
                .push(finished(&span, now_ns), now_ms);
            self.run(commands);
        }
        self.flush();
    }

    /// Sends all spans that have ended, those of requests included whose timing is only waiting to be told.
    pub(crate) fn flush(&self) {
        self.host.take_timings();
        let now_ms = self.host.reading().performance_ms;
        let commands = self.exporter.borrow_mut().flush(now_ms);
        self.run(commands);
    }

    /// A timer of [`Host::start_timer`] has run out.
    pub(crate) fn on_timer(&self) {
        let now_ms = self.host.reading().performance_ms;
        let commands = self.exporter.borrow_mut().on_timer(now_ms);
        self.run(commands);
    }

    /// A request of [`Host::send`] is over.
    pub(crate) fn on_outcome(&self, id: u64, outcome: Outcome) {
        let now_ms = self.host.reading().performance_ms;
        let jitter = self.random.unit();
        let commands = self
            .exporter
            .borrow_mut()
            .on_outcome(id, outcome, now_ms, jitter);
        self.run(commands);
    }

    /// Counters since the page was loaded.
    pub(crate) fn stats(&self) -> Stats {
        Stats {
            open: self.open.borrow().spans.len() as u64,
            ..self.exporter.borrow().stats()
        }
    }

    /// Which requests are traced, and which of them carry the trace to their server.
    pub(crate) fn urls(&self) -> &UrlPolicy {
        &self.urls
    }

    /// Now, in nanoseconds since the Unix epoch.
    pub(crate) fn now_ns(&self) -> u64 {
        self.clock.now_ns(self.host.reading().performance_ms)
    }

    /// Now by the fine clock alone, in milliseconds since the page's time origin.
    #[cfg(feature = "document_load")]
    pub(crate) fn performance_ms(&self) -> f64 {
        self.host.reading().performance_ms
    }

    /// A time of the fine clock, in nanoseconds since the Unix epoch.
    #[cfg(feature = "document_load")]
    pub(crate) fn unix_ns(&self, performance_ms: f64) -> u64 {
        self.clock.now_ns(performance_ms)
    }

    /// The time an API time stamp means; see [`Clock::refine_ns`].
    pub(crate) fn refine_ns(&self, timestamp: SystemTime) -> u64 {
        self.clock.refine_ns(timestamp, self.host.reading())
    }

    fn child_of(&self, parent: &SpanContext) -> SpanContext {
        let state = parent.trace_state().clone();
        SpanContext::new(
            parent.trace_id(),
            self.random.span_id(),
            parent.trace_flags(),
            false,
            state,
        )
    }

    fn root(&self) -> SpanContext {
        let trace_id = self.random.trace_id();
        let flags = TraceFlags::NOT_SAMPLED.with_sampled(self.sampler.samples(trace_id));
        SpanContext::new(
            trace_id,
            self.random.span_id(),
            flags,
            false,
            Default::default(),
        )
    }

    fn run(&self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::StartTimer { delay_ms } => self.host.start_timer(delay_ms),
                Command::Send {
                    id,
                    body,
                    keepalive,
                } => self.host.send(id, &body, keepalive),
            }
        }
    }
}

impl OpenSpans {
    fn insert(&mut self, span: OpenSpan) -> u64 {
        let serial = self.next_serial;
        self.next_serial += 1;
        self.spans.push((serial, span));
        serial
    }

    fn position(&self, serial: u64) -> Option<usize> {
        self.spans
            .binary_search_by_key(&serial, |(serial, _)| *serial)
            .ok()
    }

    fn get_mut(&mut self, serial: u64) -> Option<&mut OpenSpan> {
        let position = self.position(serial)?;
        self.spans.get_mut(position).map(|(_, span)| span)
    }

    fn remove(&mut self, serial: u64) -> Option<OpenSpan> {
        let position = self.position(serial)?;
        Some(self.spans.remove(position).1)
    }
}

fn parent_of(context: &SpanContext) -> Parent {
    if context.is_remote() {
        Parent::Remote(context.span_id())
    } else {
        Parent::Local(context.span_id())
    }
}

fn finished(span: &OpenSpan, end_ns: u64) -> Finished {
    Finished {
        trace_id: span.context.trace_id(),
        scope: Arc::clone(&span.scope),
        bytes: span.encode(end_ns),
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
