//! How the program came to run, as spans below that of the page's load: `wasm_download`, `wasm_compile`,
//! `wasm_instantiate`, `app_mount`.
//!
//! Only the loader knows when it compiled and when it instantiated: it leaves two measures of the names of the spans, by
//! `performance.measure`. Without them these two spans are missing, and nothing else.

use js_sys::Array;
use opentelemetry::Context;
use wasm_bindgen::prelude::*;

use crate::callback::Arguments;
use crate::document_load::{context, fetched, mounted, record, record_fetch};
use crate::pipeline::{self, Pipeline};
use crate::scoped;

#[wasm_bindgen(module = "/src/load.js")]
extern "C" {
    /// Start and end of the newest measure of this name; nothing without one.
    fn measured(name: &str) -> Array;
}

/// Shows the application by `f` in a span `app_mount`, which belongs to the trace of the page's load. That of the load
/// does not end before it.
pub fn app_mount<T>(f: impl FnOnce(&Context) -> T) -> T {
    let value = {
        let _attached = context().attach();
        scoped::in_span("app_mount", f)
    };
    if let Some(pipeline) = pipeline::current() {
        mounted(pipeline, pipeline.performance_ms());
    }
    value
}

/// Records what was before the program ran.
pub(crate) fn record_boot(pipeline: &Pipeline) {
    let load = context();
    if let Some(wasm) = fetched().find(|resource| resource.is_wasm) {
        record_fetch(pipeline, "wasm_download", &load, &wasm.url, &wasm.timing);
    }
    for name in ["wasm_compile", "wasm_instantiate"] {
        let measured = Arguments::of(measured(name));
        if measured.len() > 0 {
            let period = (measured.number(0), measured.number(1));
            record(pipeline, name, &load, period, |_, _| {});
        }
    }
}
