//! The load of the page as spans: `documentLoad` from the navigation to the load event and the first paint, below it the
//! fetch of the document and of what it names, as the browser's own timing tells.
//!
//! The trace continues that of the span which served the page, named by `<meta name="traceparent">` or by the
//! `Server-Timing` of the answer; without either it is a trace of its own.

use js_sys::Array;
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanKind, TraceContextExt};
use wasm_bindgen::prelude::*;

use crate::attribute;
use crate::callback::{Arguments, callback};
use crate::limits::Limits;
use crate::pipeline::timing::Timing;
use crate::pipeline::{self, Pipeline, with};
use crate::propagation::remote_context;
use crate::span::{Item, OpenSpan};
use crate::tracer::start_own;

#[wasm_bindgen(module = "/src/load.js")]
extern "C" {
    /// How the page names the span that served it, in its <meta> or in the answer's header, and what may be shown of its URL:
    /// [traceparent, url, ...numbers].
    #[wasm_bindgen(js_name = documentFetch)]
    fn document_fetch() -> Array;
    /// [url to be shown, is a fetch of the page's own, is WebAssembly, ...numbers], the two as numbers too, of each resource so far
    /// whose URL is traced, those that took longest first. The browser has sorting with it, WebAssembly would have to download it.
    #[wasm_bindgen(js_name = loadedResources)]
    fn loaded_resources() -> Array;
    /// Calls `loaded` with [name, milliseconds, whether the span lasts for it as a number] of what was reached, in the order of time, once the document and all it names are loaded, when the handlers of the load event are done, and something of
    /// it is painted, which is waited for up to 3 s: a page that nobody sees is not painted.
    #[wasm_bindgen(js_name = whenLoaded)]
    fn when_loaded(loaded: JsValue);
}

/// The load of this page.
#[derive(Clone)]
pub(crate) struct Load {
    cx: Context,
    serial: Option<u64>,
    /// When requests of the page began to be traced: those after it have spans already.
    traced_from_ms: f64,
    /// When the application was there, as far as the program says so.
    mounted_ms: f64,
    /// How many resources get a span.
    resource_limit: usize,
}

/// The trace of the load of this page; none before [`init`](crate::init).
pub fn page_load() -> Option<SpanContext> {
    let context = context().span().span_context().clone();
    context.is_valid().then_some(context)
}

/// Opens the span of the load; it ends when the page is loaded. At most `resource_limit` resources get a span.
pub(crate) fn install(resource_limit: usize) {
    if let Some(pipeline) = pipeline::current() {
        begin(pipeline, resource_limit);
        #[cfg(feature = "wasm_boot")]
        crate::wasm_boot::record_boot(pipeline);
    }
    when_loaded(callback(|milestones| {
        if let Some(pipeline) = pipeline::current() {
            finish(pipeline, milestones);
        }
        JsValue::UNDEFINED
    }));
}

fn begin(pipeline: &Pipeline, resource_limit: usize) {
    let document = Arguments::of(document_fetch());
    let timing = document.timing(2);
    let parent = match remote_context(&document.text(0)) {
        Some(served) => Context::new().with_remote_span_context(served),
        None => Context::new(),
    };
    let url = document.text(1);
    let span = start_own("documentLoad", SpanKind::Internal, &parent);
    let serial = span.serial();
    let cx = parent.with_span(span);
    if let Some(serial) = serial {
        let start_ns = pipeline.unix_ns(timing.start_ms);
        pipeline.update(serial, |span, limits| {
            span.start_ns = start_ns;
            set_url(span, &url, limits);
        });
    }
    record_fetch(pipeline, "documentFetch", &cx, &url, &timing);
    let load = Load {
        cx,
        serial,
        traced_from_ms: pipeline.performance_ms(),
        mounted_ms: 0.0,
        resource_limit,
    };
    with(&pipeline.load, |kept| *kept = Some(load));
}

/// The context of the load; that of no span before [`init`](crate::init).
pub(crate) fn context() -> Context {
    let load = pipeline::current().and_then(|pipeline| with(&pipeline.load, |load| load.clone()));
    load.flatten().map(|load| load.cx).unwrap_or_default()
}

/// The application is there: the load lasts until now at least, unless it is over.
#[cfg(feature = "wasm_boot")]
pub(crate) fn mounted(pipeline: &Pipeline, at_ms: f64) {
    with(&pipeline.load, |load| {
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
    let span = start_own(name, SpanKind::Internal, parent);
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
        set_url(span, url, limits);
        timing.describe(span, limits, pipeline);
    });
}

/// Something that the page has fetched.
pub(crate) struct Fetched {
    /// As it may be shown.
    pub(crate) url: String,
    /// Whether the page's own code has fetched it.
    pub(crate) is_own: bool,
    /// Whether it is WebAssembly by its name.
    pub(crate) is_wasm: bool,
    pub(crate) timing: Timing,
}

/// What was fetched until now, what took longest first.
pub(crate) fn fetched() -> impl Iterator<Item = Fetched> {
    let resources = Arguments::of(loaded_resources());
    (0..resources.len()).map(move |index| {
        let entry = resources.list(index);
        Fetched {
            url: entry.text(0),
            is_own: entry.flag(1),
            is_wasm: entry.flag(2),
            timing: entry.timing(3),
        }
    })
}

fn finish(pipeline: &Pipeline, milestones: &Arguments) {
    let Some(Some(load)) = with(&pipeline.load, |load| load.clone()) else {
        return;
    };
    let mut count = 0;
    for resource in fetched() {
        let timing = &resource.timing;
        let has_span = resource.is_own && timing.start_ms >= load.traced_from_ms;
        // That of the WebAssembly is `wasm_download`.
        let is_the_program = cfg!(feature = "wasm_boot") && resource.is_wasm;
        if timing.response_end_ms > 0.0 && !has_span && !is_the_program {
            // Those that took longest come first, and are those that someone would ask about.
            if count < load.resource_limit {
                record_fetch(pipeline, "resourceFetch", &load.cx, &resource.url, timing);
            }
            count += 1;
        }
    }
    let Some(serial) = load.serial else {
        return;
    };
    let dropped = count.saturating_sub(load.resource_limit);
    if dropped > 0 {
        let dropped = Item::Int(dropped as i64);
        pipeline.update(serial, |span, limits| {
            span.set(attribute::PAGE_RESOURCES_DROPPED, dropped, limits);
        });
    }
    let mut last_ms = load.mounted_ms;
    for index in 0..milestones.len() {
        let milestone = milestones.list(index);
        let (name, at_ms) = (milestone.text(0), milestone.number(1));
        if milestone.flag(2) {
            last_ms = last_ms.max(at_ms);
        }
        let at_ns = pipeline.unix_ns(at_ms);
        pipeline.update(serial, |span, limits| {
            span.add_event(&name, at_ns, &[], 0, limits)
        });
    }
    pipeline.end(serial, pipeline.unix_ns(last_ms));
}

/// There is nothing to be shown of a page that does not come by HTTP.
fn set_url(span: &mut OpenSpan, url: &str, limits: &Limits) {
    if !url.is_empty() {
        span.set(attribute::URL_FULL, Item::Text(url), limits);
    }
}
