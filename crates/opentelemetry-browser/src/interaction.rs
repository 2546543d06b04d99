//! Clicks and submits. What a handler starts, at once or in a future that it spawns, belongs to a span of the
//! interaction, which is the root of a trace; a click that starts nothing that is traced is an event only. No zone is
//! needed: handlers run in a context of their own, which a future takes along by the usual means.
//!
//! A handler that begins a trace itself, by [`in_new_trace`](crate::in_new_trace), keeps its trace to itself.

use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt, TraceFlags, TraceState};
use opentelemetry::{Context, ContextGuard, SpanId, TraceId};
use wasm_bindgen::prelude::*;

use crate::batch::take_at;
use crate::callback::{Arguments, callback};
use crate::logs::{Event, Severity};
use crate::pipeline;
use crate::span::Item;
use crate::tracer::start_own;

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// From now on, handlers of these events run between `enter([serial])` and `leave([serial])`; `begin([type, target, start])`
    /// gives the serial number of an event before its first handler, `over([serial])` follows its last. No microtask runs in between:
    /// what the page awaits elsewhere is not taken for the handler's. The target is `tag#id`, which is no text that a person typed.
    #[wasm_bindgen(js_name = watchHandlers)]
    fn watch_handlers(begin: JsValue, enter: JsValue, leave: JsValue, over: JsValue);
}

/// How many interactions are remembered: what a future of an older one starts is a trace of its own.
const REMEMBERED: usize = 64;

/// Attribute: what was clicked or submitted, as `tag#id`.
const ELEMENT: &str = "browser.element";

#[derive(Clone)]
struct Interaction {
    serial: u64,
    /// Event and, while handlers run, span: `click` or `submit`.
    name: &'static str,
    target: String,
    start_ms: f64,
    /// When its last handler so far returned.
    left_ms: f64,
    is_over: bool,
    /// Context and number of its span, once something has needed it.
    span: Option<(Context, Option<u64>)>,
}

/// The latest interactions, and where the page is in them.
#[derive(Default)]
pub(crate) struct Interactions {
    last_serial: u64,
    latest: Vec<Interaction>,
    /// The contexts of the handlers that run, one inside the other.
    attached: Vec<ContextGuard>,
}

/// Wraps handlers for the life of the page: those that are added from now on.
pub(crate) fn install() {
    let begin = callback(|event| begin(event).into());
    let enter = callback(|event| {
        let guard = context_of_handler(serial(event)).attach();
        with(|interactions| interactions.attached.push(guard));
        JsValue::UNDEFINED
    });
    let leave = callback(|event| {
        let guard = with(|interactions| interactions.attached.pop());
        drop(guard);
        let now_ms = pipeline::current().map_or(0.0, |pipeline| pipeline.performance_ms());
        with_one(serial(event), |interaction| interaction.left_ms = now_ms);
        JsValue::UNDEFINED
    });
    let over = callback(|event| {
        over(serial(event));
        JsValue::UNDEFINED
    });
    watch_handlers(begin, enter, leave, over);
}

/// The context in which a span without a parent hangs below the interaction that it was started in; none outside of any.
pub(crate) fn context_for(parent: &Context) -> Option<Context> {
    let parent_span = parent.span().span_context().clone();
    if parent_span.trace_id() != TraceId::INVALID || parent.is_telemetry_suppressed() {
        return None;
    }
    let serial = u64::from_be_bytes(parent_span.span_id().to_bytes());
    let pipeline = pipeline::current()?;
    let interaction = with_one(serial, |interaction| interaction.clone())?;
    if let Some((cx, _)) = interaction.span {
        return Some(cx);
    }
    let parent = parent.with_remote_span_context(SpanContext::NONE);
    let span = start_own(interaction.name, SpanKind::Internal, &parent);
    let number = span.serial();
    let cx = parent.with_span(span);
    if let Some(number) = number {
        let start_ns = pipeline.unix_ns(interaction.start_ms);
        pipeline.update(number, |span, limits| {
            span.start_ns = start_ns;
            span.set(ELEMENT, Item::Text(&interaction.target), limits);
        });
    }
    let ended_ms = with_one(serial, |interaction| {
        interaction.span = Some((cx.clone(), number));
        interaction.is_over.then_some(interaction.left_ms)
    });
    // What its handlers have spawned may need the span after they have returned.
    if let (Some(number), Some(Some(left_ms))) = (number, ended_ms) {
        pipeline.end(number, pipeline.unix_ns(left_ms));
    }
    Some(cx)
}

/// The context in which a handler runs: where others name their span, it names the interaction by a span of no trace, which
/// nobody takes for a parent. Below a span of the page it needs none.
fn context_of_handler(serial: u64) -> Context {
    let current = Context::current();
    if current.span().span_context().is_valid() {
        return current;
    }
    let id = SpanId::from(serial);
    let flags = TraceFlags::default();
    current.with_remote_span_context(SpanContext::new(
        TraceId::INVALID,
        id,
        flags,
        true,
        TraceState::NONE,
    ))
}

/// The number of an event that JavaScript names. Its numbers are doubles; these are small.
fn serial(event: &Arguments) -> u64 {
    event.number(0) as u64
}

/// Remembers an event of this type, target and time; its number, from 1 on.
fn begin(event: &Arguments) -> f64 {
    let (kind, target, start_ms) = (event.text(0), event.text(1), event.number(2));
    let begun = with(|interactions| {
        interactions.last_serial += 1;
        let latest = &mut interactions.latest;
        let is_full = latest.len() >= REMEMBERED;
        let oldest = is_full.then(|| take_at(latest, 0));
        latest.push(Interaction {
            serial: interactions.last_serial,
            name: if kind == "submit" { "submit" } else { "click" },
            target,
            start_ms,
            left_ms: start_ms,
            is_over: false,
            span: None,
        });
        (interactions.last_serial, oldest)
    });
    // The oldest is dropped here and not in there: it may end a span.
    begun.map_or(0.0, |(serial, _)| serial as f64)
}

/// No handler of the event will run any more.
fn over(serial: u64) {
    let ended = with_one(serial, |interaction| {
        interaction.is_over = true;
        interaction.clone()
    });
    let (Some(pipeline), Some(interaction)) = (pipeline::current(), ended) else {
        return;
    };
    let (cx, number) = interaction.span.unwrap_or_default();
    if let Some(number) = number {
        pipeline.end(number, pipeline.unix_ns(interaction.left_ms));
    }
    let event = match interaction.name {
        "submit" => "browser.submit",
        _ => "browser.click",
    };
    let attributes = [(ELEMENT, Item::Text(&interaction.target))];
    let event = Event {
        at_ms: Some(interaction.start_ms),
        ..Event::new(event, Severity::Info, &attributes)
    };
    event.emit(&cx);
}

/// What `f` makes of an interaction, if it is still remembered.
fn with_one<T>(serial: u64, f: impl FnOnce(&mut Interaction) -> T) -> Option<T> {
    let found = with(|interactions| {
        let mut latest = interactions.latest.iter_mut();
        latest
            .find(|interaction| interaction.serial == serial)
            .map(f)
    });
    found.flatten()
}

/// What `f` makes of the interactions; none before [`init`](crate::init).
fn with<T>(f: impl FnOnce(&mut Interactions) -> T) -> Option<T> {
    pipeline::with(&pipeline::current()?.interactions, f)
}
