//! `window.fetch` and, with the feature `xhr`, `XMLHttpRequest`, wrapped: requests of code that knows nothing of tracing get a
//! CLIENT span, and `traceparent` where their server may see it. The wrapping itself is in JavaScript, where it can fail
//! open; this is what it asks and tells.

use std::cell::RefCell;

use js_sys::Array;
use opentelemetry::Context;
use wasm_bindgen::prelude::*;

use crate::callback::{Arguments, callback};
use crate::http::ClientCall;
use crate::pipeline::{self, with};

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    /// Wraps `window.fetch`. `wants([url])` says whether a request is to be traced; all others pass untouched.
    #[wasm_bindgen(js_name = patchFetch)]
    fn patch_fetch(wants: &JsValue, begin: &JsValue, tell: &JsValue);
}

#[cfg(feature = "xhr")]
#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// Wraps `XMLHttpRequest` for the life of the page; the arguments are those of the wrapped fetch.
    #[wasm_bindgen(js_name = patchXhr)]
    fn patch_xhr(wants: &JsValue, begin: &JsValue, tell: &JsValue);
}

/// What `tell` tells of a request, with the numbers of `shim.js`.
const SAID: u32 = 0;
const ANSWERED: u32 = 1;
const FAILED: u32 = 2;

/// The requests that JavaScript has begun and not ended, each with its number.
#[derive(Default)]
struct Calls {
    next_id: u32,
    under_way: Vec<(u32, ClientCall)>,
}

thread_local! {
    static CALLS: RefCell<Calls> = RefCell::default();
}

/// Wraps them for the life of the page.
pub(crate) fn install() {
    let (wants, begin, tell) = (callback(wants), callback(begin), callback(tell));
    patch_fetch(&wants, &begin, &tell);
    #[cfg(feature = "xhr")]
    patch_xhr(&wants, &begin, &tell);
}

/// Whether a request to this absolute URL gets a span.
fn wants(arguments: &Arguments) -> JsValue {
    let is_suppressed = Context::is_current_telemetry_suppressed();
    let traces =
        |url: &str| pipeline::current().is_some_and(|pipeline| pipeline.urls().traces(url));
    (!is_suppressed && traces(&arguments.text(0))).into()
}

/// Begins the span of a request of this method to this URL: its number and the headers to send, undefined where there are
/// none; nothing at all when there is no span.
fn begin(arguments: &Arguments) -> JsValue {
    let (method, url) = (arguments.text(0), arguments.text(1));
    let call = pipeline::current().and_then(|pipeline| ClientCall::start(pipeline, &method, &url));
    let Some(call) = call else {
        return JsValue::UNDEFINED;
    };
    let answer = Array::new();
    let headers = call.headers().cloned();
    let id = CALLS.with(|calls| {
        with(calls, |calls| {
            let id = calls.next_id;
            calls.next_id = id.wrapping_add(1);
            calls.under_way.push((id, call));
            id
        })
    });
    answer.push(&JsValue::from(id));
    if let Some(headers) = headers {
        answer.push(&JsValue::from(headers.traceparent));
        answer.push(&JsValue::from(headers.tracestate));
    }
    answer.into()
}

/// The number of a request, what happened to it, and more about that.
fn tell(arguments: &Arguments) -> JsValue {
    let (id, what) = (arguments.number(0) as u32, arguments.number(1) as u32);
    if what == SAID && !cfg!(feature = "server_timing") {
        return JsValue::UNDEFINED;
    }
    // Taken out: what is done with it may call the page.
    let Some(call) = CALLS
        .with(|calls| with(calls, |calls| calls.take(id)))
        .flatten()
    else {
        return JsValue::UNDEFINED;
    };
    match what {
        #[cfg(feature = "server_timing")]
        SAID => {
            call.server_said(&crate::server_timing::Said {
                traceresponse: arguments.maybe_text(2),
                server_timing: arguments.maybe_text(3),
                date_ms: arguments.value(4).as_f64(),
            });
            CALLS.with(|calls| with(calls, |calls| calls.under_way.push((id, call))));
        }
        ANSWERED => call.answered(arguments.number(2) as u16, &arguments.text(3)),
        FAILED => call.failed(&arguments.text(2), arguments.text(3)),
        // Dropped, it is cancelled.
        _ => drop(call),
    }
    JsValue::UNDEFINED
}

impl Calls {
    fn take(&mut self, id: u32) -> Option<ClientCall> {
        let mut calls = self.under_way.iter();
        let position = calls.position(|(known, _)| *known == id)?;
        Some(self.under_way.swap_remove(position).1)
    }
}
