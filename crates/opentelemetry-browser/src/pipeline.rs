//! The one pipeline of a page: clock, ids, sampler, the spans that are open, and the exporter that sends those that have
//! ended. It lives in a thread-local, because a page is one thread and JavaScript values cannot leave it.
//!
//! What it needs of the browser stands behind [`Host`]. No cell is borrowed while the host is called: a call into
//! JavaScript may come back.

mod host;
mod open_spans;
mod page_end;
#[cfg(feature = "errors")]
mod stack;
pub(crate) mod timing;

use std::borrow::Cow;
use std::cell::{Cell, RefCell, RefMut};
use std::time::SystemTime;

use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt, TraceFlags};
use opentelemetry::{Context, TraceId};
use otlp_encoder::Attributes;

pub(crate) use self::host::Host;
use self::open_spans::OpenSpans;
use self::timing::Watched;
use crate::attribute;
use crate::batch::{Finished, Signal};
use crate::clock::{Clock, Reading};
#[cfg(all(target_arch = "wasm32", feature = "document_load"))]
use crate::document_load::Load;
use crate::export::{Command, Outcome};
use crate::http::Calls;
use crate::ids::{Random, SEED_WORDS};
#[cfg(all(target_arch = "wasm32", feature = "interaction"))]
use crate::interaction::Interactions;
use crate::limits::Limits;
use crate::sampler::RatioSampler;
#[cfg(feature = "server_timing")]
use crate::server_clock::Bounds;
#[cfg(feature = "session")]
use crate::session::{self, Session};
use crate::span::{Item, Losses, OpenSpan, Parent, Scope, own_scope};
use crate::stats::Stats;
use crate::transport::Exporter;

/// Where a pipeline runs. In a browser that is a page, called without a table of functions; natively tests bring theirs.
#[cfg(target_arch = "wasm32")]
type Place = crate::page_host::PageHost;
#[cfg(not(target_arch = "wasm32"))]
type Place = Box<dyn Host>;

/// What [`install`] makes a pipeline of.
pub(crate) struct Parts {
    pub(crate) host: Place,
    pub(crate) time_origin_ms: f64,
    pub(crate) seed: [u64; SEED_WORDS],
    pub(crate) sampling_ratio: f64,
    #[cfg(feature = "session")]
    pub(crate) samples_sessions: bool,
    #[cfg(feature = "logs")]
    pub(crate) records_events: bool,
    pub(crate) limits: Limits,
    /// The attributes of the resource in OTLP.
    pub(crate) resource: Vec<u8>,
}

pub(crate) struct Pipeline {
    pub(crate) host: Place,
    clock: Clock,
    pub(crate) random: Random,
    sampler: Cell<RatioSampler>,
    #[cfg(feature = "session")]
    pub(crate) session: RefCell<Session>,
    #[cfg(feature = "session")]
    samples_sessions: Cell<bool>,
    #[cfg(feature = "logs")]
    pub(crate) records_events: bool,
    limits: Limits,
    /// That of what this crate records itself.
    pub(crate) own_scope: Scope,
    #[cfg(feature = "server_timing")]
    pub(crate) server_clock: Cell<Option<Bounds>>,
    open: RefCell<OpenSpans>,
    /// Requests that JavaScript has begun and not ended.
    pub(crate) calls: RefCell<Calls>,
    #[cfg(all(target_arch = "wasm32", feature = "document_load"))]
    pub(crate) load: RefCell<Option<Load>>,
    #[cfg(all(target_arch = "wasm32", feature = "interaction"))]
    pub(crate) interactions: RefCell<Interactions>,
    watched: RefCell<Watched>,
    exporter: RefCell<Exporter>,
}

/// The trace flag by which W3C Trace Context, level 2, says that a trace id is random: others may sample by it.
const RANDOM: u8 = 0x02;

thread_local! {
    /// It lasts as long as the page.
    static PIPELINE: Cell<Option<&'static Pipeline>> = const { Cell::new(None) };
}

/// Starts the pipeline of this thread, which has none so far.
pub(crate) fn install(parts: Parts) {
    let random = Random::new(parts.seed);
    let mut resource = parts.resource;
    let mut attributes = Attributes::of_resource(&mut resource);
    if !attributes.contains(attribute::SERVICE_INSTANCE_ID) {
        attributes.string(attribute::SERVICE_INSTANCE_ID, &random.uuid());
    }
    #[cfg(feature = "session")]
    let session = {
        let stored = parts.host.load_session();
        let session = Session::restore(stored, parts.limits.session_idle_ms);
        RefCell::new(session)
    };
    let pipeline = Pipeline {
        host: parts.host,
        clock: Clock::new(parts.time_origin_ms),
        random,
        sampler: Cell::new(RatioSampler::new(parts.sampling_ratio)),
        #[cfg(feature = "session")]
        session,
        #[cfg(feature = "session")]
        samples_sessions: Cell::new(parts.samples_sessions),
        #[cfg(feature = "logs")]
        records_events: parts.records_events,
        limits: parts.limits,
        own_scope: own_scope(),
        #[cfg(feature = "server_timing")]
        server_clock: Cell::default(),
        open: RefCell::default(),
        calls: RefCell::default(),
        #[cfg(all(target_arch = "wasm32", feature = "document_load"))]
        load: RefCell::default(),
        #[cfg(all(target_arch = "wasm32", feature = "interaction"))]
        interactions: RefCell::default(),
        watched: RefCell::default(),
        exporter: RefCell::new(Exporter::new(parts.limits, resource)),
    };
    PIPELINE.set(Some(Box::leak(Box::new(pipeline))));
}

/// The pipeline of this thread; none before [`install`].
pub(crate) fn current() -> Option<&'static Pipeline> {
    PIPELINE.get()
}

impl Pipeline {
    /// Begins a span. Returns its context, and its serial number when it is recorded.
    pub(crate) fn start(
        &self,
        name: Cow<'static, str>,
        kind: SpanKind,
        parent_cx: &Context,
        scope: &Scope,
    ) -> (SpanContext, Option<u64>) {
        if parent_cx.is_telemetry_suppressed() {
            return (SpanContext::NONE, None);
        }
        let span_ref = parent_cx.span();
        let parent_context = span_ref.span_context();
        let (context, parent) = if parent_context.is_valid() {
            (self.child_of(parent_context), Parent::of(parent_context))
        } else {
            (self.root(), Parent::None)
        };
        // What is not recorded costs no look at a clock.
        if !context.is_sampled() {
            return (context, None);
        }
        let start_ns = self.begin(parent);
        let scope = Scope::clone(scope);
        #[cfg_attr(not(feature = "session"), allow(unused_mut))]
        let mut span = OpenSpan::new(context.clone(), parent, scope, name, kind, start_ns);
        #[cfg(feature = "session")]
        if !matches!(parent, Parent::Local(_)) {
            span.session_id = Some(self.session_id());
        }
        self.count_created(Signal::Spans);
        let serial = with(&self.open, |open| open.insert(span));
        (context, serial)
    }

    /// Now, at the start of a span; that of a trace looks at the other clock as well.
    fn begin(&self, parent: Parent) -> u64 {
        let performance_ms = self.host.performance_ms();
        if parent == Parent::None {
            let reading = Reading {
                performance_ms,
                date_ms: self.host.date_ms(),
            };
            let later_ms = self.host.performance_ms();
            let is_any_open = with(&self.open, |open| !open.spans.is_empty()).unwrap_or(true);
            self.clock.anchor(reading, later_ms, is_any_open);
        }
        self.clock.now_ns(performance_ms)
    }

    /// Changes an open span; one that has ended stays as it is.
    pub(crate) fn update(&self, serial: u64, change: impl FnOnce(&mut OpenSpan, &Limits)) {
        if let Some(mut span) = self.open_span(serial) {
            change(&mut span, &self.limits);
        }
    }

    /// An open span. Not inlined into all who change one.
    #[inline(never)]
    fn open_span(&self, serial: u64) -> Option<RefMut<'_, OpenSpan>> {
        let open = self.open.try_borrow_mut().ok()?;
        RefMut::filter_map(open, |open| open.get_mut(serial)).ok()
    }

    /// Whether the span has not ended.
    pub(crate) fn is_open(&self, serial: u64) -> bool {
        with(&self.open, |open| open.position(serial).is_some()).unwrap_or(false)
    }

    /// Ends a span and queues it for export. Only the first end counts.
    pub(crate) fn end(&self, serial: u64, end_ns: u64) {
        let ended = with(&self.open, |open| open.remove(serial)).flatten();
        if let Some(span) = ended {
            self.finish(span, end_ns);
        }
    }

    /// Ends a span now.
    pub(crate) fn end_now(&self, serial: u64) {
        self.end(serial, self.now_ns());
    }

    /// Ends a span now whose work will not be done any more.
    pub(crate) fn cancel(&self, serial: u64) {
        self.update(serial, |span, limits| {
            span.set(attribute::CANCELLED, Item::Bool(true), limits);
        });
        self.end_now(serial);
    }

    /// Counts a span that has begun, or a log record.
    pub(crate) fn count_created(&self, signal: Signal) {
        with(&self.exporter, |exporter| exporter.count_created(signal));
    }

    /// Queues a span or log record for export.
    pub(crate) fn queue(&self, signal: Signal, record: Finished, losses: Losses) {
        let has_to_schedule = with(&self.exporter, |exporter| {
            exporter.push(signal, record, losses)
        });
        if has_to_schedule == Some(true) {
            self.schedule();
        }
    }

    fn schedule(&self) {
        self.advance(|exporter, now_ms| exporter.schedule(now_ms));
    }

    /// Sends all spans that have ended, those of requests included whose timing is only waiting to be told.
    pub(crate) fn flush(&self) {
        self.host.take_timings();
        self.advance(|exporter, now_ms| exporter.flush(now_ms));
    }

    /// A timer of [`Host::start_timer`] has run out.
    pub(crate) fn on_timer(&self) {
        self.advance(|exporter, now_ms| exporter.on_timer(now_ms));
    }

    /// A request of [`Host::send`] is over.
    pub(crate) fn on_outcome(&self, id: u64, outcome: Outcome) {
        #[cfg(feature = "spill")]
        self.host.answered(id, &outcome);
        let jitter = self.random.unit();
        self.advance(|exporter, now_ms| exporter.on_outcome(id, outcome, now_ms, jitter));
    }

    /// Since the page was loaded.
    pub(crate) fn stats(&self) -> Stats {
        let mut stats = with(&self.exporter, |exporter| exporter.stats()).unwrap_or_default();
        let open = with(&self.open, |open| open.spans.len());
        stats.spans.open = open.unwrap_or_default() as u64;
        stats
    }

    /// Records this share of the traces that begin from now on.
    pub(crate) fn set_sampling_ratio(&self, ratio: f64) {
        self.sampler.set(RatioSampler::new(ratio));
    }

    /// The bounds of spans and log records.
    #[cfg(any(feature = "logs", feature = "sdk", feature = "server_timing"))]
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Now, in nanoseconds since the Unix epoch.
    pub(crate) fn now_ns(&self) -> u64 {
        self.unix_ns(self.performance_ms())
    }

    /// A time of `performance.now()`, or of an entry of the performance timeline, in nanoseconds since the Unix epoch.
    pub(crate) fn unix_ns(&self, performance_ms: f64) -> u64 {
        self.clock.now_ns(performance_ms)
    }

    /// Now by the fine clock alone, in milliseconds since the page's time origin.
    pub(crate) fn performance_ms(&self) -> f64 {
        self.host.performance_ms()
    }

    /// The time an API time stamp means; see [`Clock::refine_ns`].
    pub(crate) fn refine_ns(&self, timestamp: SystemTime) -> u64 {
        self.clock.refine_ns(timestamp, || Reading {
            performance_ms: self.host.performance_ms(),
            date_ms: self.host.date_ms(),
        })
    }

    #[cfg_attr(not(feature = "server_timing"), allow(unused_mut))]
    pub(crate) fn finish(&self, mut span: OpenSpan, end_ns: u64) {
        #[cfg(feature = "server_timing")]
        if !matches!(span.parent, Parent::Local(_)) {
            self.describe_clock(&mut span);
        }
        let losses = span.losses();
        let record = Finished {
            trace_id: span.context.trace_id(),
            scope: Scope::clone(&span.scope),
            bytes: span.encode(end_ns),
        };
        self.queue(Signal::Spans, record, losses);
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
        let flags = TraceFlags::new(RANDOM).with_sampled(self.samples(trace_id));
        SpanContext::new(
            trace_id,
            self.random.span_id(),
            flags,
            false,
            Default::default(),
        )
    }

    fn samples(&self, trace_id: TraceId) -> bool {
        let sampler = self.sampler.get();
        #[cfg(feature = "session")]
        if self.samples_sessions.get() {
            return sampler.samples_bits(session::random_bits(&self.session_id()));
        }
        sampler.samples(trace_id)
    }

    /// Has the exporter decide, then does what it wants.
    fn advance(&self, decide: impl FnOnce(&mut Exporter, f64) -> Vec<Command>) {
        let now_ms = self.host.performance_ms();
        let commands = with(&self.exporter, |exporter| decide(exporter, now_ms));
        self.run(commands.unwrap_or_default());
    }

    fn run(&self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::StartTimer { delay_ms } => self.host.start_timer(delay_ms),
                Command::Send(export) => self.host.send(&export),
                Command::GiveUp { export, records } => {
                    #[cfg(feature = "spill")]
                    let is_kept = self.host.keep(&export, false);
                    #[cfg(not(feature = "spill"))]
                    let is_kept = false;
                    with(&self.exporter, |exporter| {
                        exporter.count_given_up(export.signal, records, is_kept);
                    });
                }
            }
        }
    }
}

/// What `f` makes of the content of `cell`, which calls nobody who might come back. None when the cell is borrowed all the
/// same: WebAssembly has trapped in here before, and the page goes on without these spans.
pub(crate) fn with<T, R>(cell: &RefCell<T>, f: impl FnOnce(&mut T) -> R) -> Option<R> {
    cell.try_borrow_mut()
        .ok()
        .map(|mut content| f(&mut content))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
