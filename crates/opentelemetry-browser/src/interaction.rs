//! Clicks and submits. What a handler starts, at once or in a future that it spawns, belongs to a span of the
//! interaction, which is the root of a trace; a click that starts nothing that is traced is an event only. No zone is
//! needed: handlers run in a context of their own, which a future takes along by the usual means.
//!
//! A handler that begins a trace itself, by [`in_new_trace`](crate::in_new_trace), keeps its trace to itself.

use std::cell::RefCell;

use opentelemetry::trace::{SpanKind, TraceContextExt};
use opentelemetry::{Context, ContextGuard};
use wasm_bindgen::prelude::*;

use crate::callback::callback;
use crate::logs::{Event, Severity};
use crate::pipeline;
use crate::span::Item;
use crate::tracer::start_own;

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// From now on, handlers of these events run between `enter([serial])` and `leave([serial])`; `begin([type, target, start])`
    /// gives the serial number of an event before its first handler, `over([serial])` follows its last. No microtask runs in between:
    /// what the page awaits elsewhere is not taken for the handler's.
    #[wasm_bindgen(js_name = watchHandlers)]
    fn watch_handlers(begin: JsValue, enter: JsValue, leave: JsValue, over: JsValue);
}

/// How many interactions are remembered: what a future of an older one starts is a trace of its own.
const REMEMBERED: usize = 64;

/// Attribute: what was clicked or submitted, as `tag#id`.
const ELEMENT: &str = "browser.element";

/// Set in the context of a handler; the number is none where its interaction is not wanted.
#[derive(Clone, Copy)]
struct InInteraction(Option<u64>);

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

#[derive(Default)]
struct Interactions {
    next_serial: u64,
    latest: Vec<Interaction>,
}

thread_local! {
    static INTERACTIONS: RefCell<Interactions> = RefCell::default();
    /// The contexts of the handlers that run, one inside the other.
    static ATTACHED: RefCell<Vec<ContextGuard>> = const { RefCell::new(Vec::new()) };
}

/// Wraps handlers for the life of the page: those that are added from now on.
pub(crate) fn install() {
    // Numbers of JavaScript are doubles; these are small.
    let begin = callback(|event| {
        let serial = begin(&event.text(0), event.text(1), event.number(2));
        JsValue::from(serial as f64)
    });
    let enter = callback(|serial| {
        let cx = Context::current().with_value(InInteraction(Some(serial.number(0) as u64)));
        let guard = cx.attach();
        ATTACHED.with_borrow_mut(|attached| attached.push(guard));
        JsValue::UNDEFINED
    });
    let leave = callback(|serial| {
        let guard = ATTACHED.with_borrow_mut(Vec::pop);
        drop(guard);
        let now_ms = pipeline::current().map_or(0.0, |pipeline| pipeline.performance_ms());
        with(serial.number(0) as u64, |interaction| {
            interaction.left_ms = now_ms
        });
        JsValue::UNDEFINED
    });
    let over = callback(|serial| {
        over(serial.number(0) as u64);
        JsValue::UNDEFINED
    });
    watch_handlers(begin, enter, leave, over);
}

/// The context in which a span without a parent hangs below the interaction that it was started in; none outside of any.
pub(crate) fn context_for(parent: &Context) -> Option<Context> {
    if parent.span().span_context().is_valid() || parent.is_telemetry_suppressed() {
        return None;
    }
    let serial = parent.get::<InInteraction>()?.0?;
    let pipeline = pipeline::current()?;
    let (opened, name, target, start_ms) = with(serial, |interaction| {
        let cx = interaction.span.as_ref().map(|(cx, _)| cx.clone());
        let target = interaction.target.clone();
        (cx, interaction.name, target, interaction.start_ms)
    })?;
    if opened.is_some() {
        return opened;
    }
    let parent = without(parent);
    let span = start_own(name, SpanKind::Internal, &parent);
    let number = span.serial();
    let cx = parent.with_span(span);
    if let Some(number) = number {
        let start_ns = pipeline.unix_ns(start_ms);
        pipeline.update(number, |span, limits| {
            span.start_ns = start_ns;
            span.set(ELEMENT, Item::Text(&target), limits);
        });
    }
    let ended_ms = with(serial, |interaction| {
        interaction.span = Some((cx.clone(), number));
        interaction.is_over.then_some(interaction.left_ms)
    });
    // What its handlers have spawned may need the span after they have returned.
    if let (Some(number), Some(Some(left_ms))) = (number, ended_ms) {
        pipeline.end(number, pipeline.unix_ns(left_ms));
    }
    Some(cx)
}

/// The same context outside of any interaction.
pub(crate) fn without(cx: &Context) -> Context {
    cx.with_value(InInteraction(None))
}

fn begin(kind: &str, target: String, start_ms: f64) -> u64 {
    INTERACTIONS.with_borrow_mut(|interactions| {
        let serial = interactions.next_serial;
        interactions.next_serial += 1;
        if interactions.latest.len() >= REMEMBERED {
            interactions.latest.remove(0);
        }
        interactions.latest.push(Interaction {
            serial,
            name: if kind == "submit" { "submit" } else { "click" },
            target,
            start_ms,
            left_ms: start_ms,
            is_over: false,
            span: None,
        });
        serial
    })
}

/// No handler of the event will run any more.
fn over(serial: u64) {
    let ended = with(serial, |interaction| {
        interaction.is_over = true;
        let span = interaction.span.clone();
        (
            interaction.name,
            interaction.target.clone(),
            interaction.start_ms,
            interaction.left_ms,
            span,
        )
    });
    let (Some(pipeline), Some((name, target, start_ms, left_ms, span))) =
        (pipeline::current(), ended)
    else {
        return;
    };
    let (cx, number) = span.unwrap_or_default();
    if let Some(number) = number {
        pipeline.end(number, pipeline.unix_ns(left_ms));
    }
    let event = match name {
        "submit" => "browser.submit",
        _ => "browser.click",
    };
    let attributes = [(ELEMENT, Item::Text(&target))];
    let event = Event {
        at_ms: Some(start_ms),
        ..Event::new(event, Severity::Info, &attributes)
    };
    event.emit(&cx);
}

/// What `f` makes of an interaction, if it is still remembered.
fn with<T>(serial: u64, f: impl FnOnce(&mut Interaction) -> T) -> Option<T> {
    INTERACTIONS.with_borrow_mut(|interactions| {
        let mut latest = interactions.latest.iter_mut();
        latest
            .find(|interaction| interaction.serial == serial)
            .map(f)
    })
}
