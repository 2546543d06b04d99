//! The load of the page as spans: `documentLoad` from the navigation to the load event and the first paint, below it the
//! fetch of the document and of what it names, as the browser's own timing tells.
//!
//! The trace continues that of the span which served the page, named by `<meta name="traceparent">` or by the
//! `Server-Timing` of the answer; without either it is a trace of its own.

use std::cell::RefCell;

use js_sys::Array;
use opentelemetry::trace::{SpanBuilder, SpanContext, TraceContextExt, Tracer};
use opentelemetry::{Context, KeyValue};
use wasm_bindgen::prelude::*;

use crate::attribute;
use crate::limits::Limits;
use crate::pipeline::timing::Timing;
use crate::pipeline::{self, Pipeline};
use crate::propagation::remote_context;
use crate::scoped;
use crate::span::{Limited, OpenSpan, SpanEvent};
use crate::url::Url;

#[wasm_bindgen(module = "/src/load.js")]
extern "C" {
    #[wasm_bindgen(js_name = documentFetch)]
    fn document_fetch() -> Array;
    #[wasm_bindgen(js_name = loadedResources)]
    fn loaded_resources() -> Array;
    #[wasm_bindgen(js_name = milestones)]
    fn milestones() -> Array;
    #[wasm_bindgen(js_name = whenLoaded)]
    fn when_loaded(loaded: &JsValue);
}

/// The milestones that the span lasts for; the others are events only.
const LAST_MILESTONES: [&str; 2] = ["loadEventEnd", "firstContentfulPaint"];

/// The load of this page.
#[derive(Clone)]
struct Load {
    cx: Context,
    serial: Option<u64>,
    /// When requests of the page began to be traced: those after it have spans already.
    traced_from_ms: f64,
    /// When the application was there, as far as the program says so.
    mounted_ms: f64,
}

thread_local! {
    static LOAD: RefCell<Option<Load>> = const { RefCell::new(None) };
}

/// The trace of the load of this page; none before [`init`](crate::init).
pub fn page_load() -> Option<SpanContext> {
    let context = context().span().span_context().clone();
    context.is_valid().then_some(context)
}

/// Opens the span of the load; it ends when the page is loaded. At most `resource_limit` resources get a span.
pub(crate) fn install(resource_limit: usize) {
    if let Some(pipeline) = pipeline::current() {
        begin(&pipeline);
        #[cfg(feature = "wasm_boot")]
        crate::wasm_boot::record_boot(&pipeline);
    }
    when_loaded(&Closure::once_into_js(move || {
        if let Some(pipeline) = pipeline::current() {
            finish(&pipeline, resource_limit);
        }
    }));
}

fn begin(pipeline: &Pipeline) {
    let document = document_fetch();
    let timing = timing(&document.get(2)).unwrap_or_default();
    let traceparent = document.get(0).as_string();
    let parent = match traceparent.as_deref().and_then(remote_context) {
        Some(served) => Context::new().with_remote_span_context(served),
        None => Context::new(),
    };
    let url = document.get(1).as_string().unwrap_or_default();
    let builder =
        SpanBuilder::from_name("documentLoad").with_attributes(url_attribute(pipeline, &url));
    let span = scoped::tracer().build_with_context(builder, &parent);
    let serial = span.serial();
    let cx = parent.with_span(span);
    if let Some(serial) = serial {
        let start_ns = pipeline.unix_ns(timing.start_ms);
        pipeline.update(serial, |span, _| span.start_ns = start_ns);
    }
    record_fetch(pipeline, "documentFetch", &cx, &url, &timing);
    LOAD.set(Some(Load {
        cx,
        serial,
        traced_from_ms: pipeline.performance_ms(),
        mounted_ms: 0.0,
    }));
}

/// The context of the load; that of no span before [`init`](crate::init).
pub(crate) fn context() -> Context {
    LOAD.with_borrow(|load| load.as_ref().map(|load| load.cx.clone()))
        .unwrap_or_default()
}

/// The application is there: the load lasts until now at least, unless it is over.
#[cfg(feature = "wasm_boot")]
pub(crate) fn mounted(at_ms: f64) {
    LOAD.with_borrow_mut(|load| {
        if let Some(load) = load {
            load.mounted_ms = at_ms;
        }
    });
}

/// A span below `parent` that is over, from and to times of `performance.now()`.
pub(crate) fn record(
    pipeline: &Pipeline,
    name: &'static str,
    parent: &Context,
    (start_ms, end_ms): (f64, f64),
    describe: impl FnOnce(&mut OpenSpan, &Limits),
) {
    let span = scoped::tracer().build_with_context(SpanBuilder::from_name(name), parent);
    if let Some(serial) = span.serial() {
        let start_ns = pipeline.unix_ns(start_ms);
        pipeline.update(serial, |span, limits| {
            span.start_ns = start_ns;
            describe(span, limits);
        });
        pipeline.end(serial, pipeline.unix_ns(end_ms));
    }
}

/// The span of something that was fetched.
pub(crate) fn record_fetch(
    pipeline: &Pipeline,
    name: &'static str,
    parent: &Context,
    url: &str,
    timing: &Timing,
) {
    let period = (timing.start_ms, timing.response_end_ms);
    record(pipeline, name, parent, period, |span, limits| {
        for attribute in url_attribute(pipeline, url) {
            span.attributes.set(attribute, limits);
        }
        timing.describe(span, limits, |at_ms| pipeline.unix_ns(at_ms));
    });
}

/// What was fetched until now: its URL, whether the page's own code has fetched it, and when.
pub(crate) fn fetches() -> Vec<(String, bool, Timing)> {
    let fetch = |entry: JsValue| {
        let entry = Array::from(&entry);
        let timing = timing(&entry.get(2))?;
        Some((entry.get(0).as_string()?, entry.get(1).is_truthy(), timing))
    };
    loaded_resources().iter().filter_map(fetch).collect()
}

fn finish(pipeline: &Pipeline, resource_limit: usize) {
    let Some(load) = LOAD.with_borrow(Option::clone) else {
        return;
    };
    let mut fetches = fetches();
    fetches.retain(|(url, is_own, timing)| {
        let has_span = *is_own && timing.start_ms >= load.traced_from_ms;
        timing.response_end_ms > 0.0
            && !has_span
            && !is_the_program(url)
            && pipeline.urls().traces(url)
    });
    let dropped = fetches.len().saturating_sub(resource_limit);
    if dropped > 0 {
        // Those that took longest come first, and are those that someone would ask about.
        fetches.truncate(resource_limit);
    }
    for (url, _, timing) in &fetches {
        record_fetch(pipeline, "resourceFetch", &load.cx, url, timing);
    }
    if let Some(serial) = load.serial {
        let reached = reached();
        let last_ms = reached
            .iter()
            .filter(|(name, _)| LAST_MILESTONES.contains(&name.as_str()))
            .fold(load.mounted_ms, |last_ms, (_, at_ms)| last_ms.max(*at_ms));
        pipeline.update(serial, |span, limits| {
            if dropped > 0 {
                let dropped = KeyValue::new(attribute::PAGE_RESOURCES_DROPPED, dropped as i64);
                span.attributes.set(dropped, limits);
            }
            for (name, at_ms) in reached {
                let event = SpanEvent {
                    name: name.into(),
                    time_ns: pipeline.unix_ns(at_ms),
                    attributes: Limited::new(),
                };
                span.add_event(event, limits);
            }
        });
        pipeline.end(serial, pipeline.unix_ns(last_ms));
    }
}

/// The milestones that were reached, in the order of their times.
fn reached() -> Vec<(String, f64)> {
    let milestone = |entry: JsValue| {
        let entry = Array::from(&entry);
        Some((entry.get(0).as_string()?, entry.get(1).as_f64()?))
    };
    let mut reached: Vec<_> = milestones().iter().filter_map(milestone).collect();
    reached.retain(|(_, at_ms)| *at_ms > 0.0);
    reached
}

/// Whether this is the WebAssembly of the page, whose span is that of `wasm_boot`.
fn is_the_program(url: &str) -> bool {
    #[cfg(feature = "wasm_boot")]
    let is_the_program = crate::wasm_boot::is_wasm(url);
    #[cfg(not(feature = "wasm_boot"))]
    let is_the_program = url.is_empty();
    is_the_program
}

fn url_attribute(pipeline: &Pipeline, url: &str) -> Vec<KeyValue> {
    let keys = &pipeline.urls().redacted_query_keys;
    let shown = Url::parse(url).map(|url| KeyValue::new(attribute::URL_FULL, url.redacted(keys)));
    shown.into_iter().collect()
}

fn timing(numbers: &JsValue) -> Option<Timing> {
    let numbers = Array::from(numbers);
    let numbers: Vec<f64> = numbers
        .iter()
        .filter_map(|number| number.as_f64())
        .collect();
    Timing::from_numbers(&numbers)
}
