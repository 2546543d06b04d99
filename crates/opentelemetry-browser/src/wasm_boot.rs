//! How the program came to run, as spans below that of the page's load: `wasm_download`, `wasm_compile`,
//! `wasm_instantiate`, `app_mount`.
//!
//! Only the loader knows when it compiled and when it instantiated: it leaves two measures of the names of the spans, by
//! `performance.measure`. Without them these two spans are missing, and nothing else.

use opentelemetry::Context;
use wasm_bindgen::prelude::*;

use crate::document_load::{context, fetches, mounted, record, record_fetch};
use crate::pipeline::{self, Pipeline};
use crate::scoped;

#[wasm_bindgen(module = "/src/load.js")]
extern "C" {
    fn measured(name: &str) -> Vec<f64>;
}

/// Shows the application by `f` in a span `app_mount`, which belongs to the trace of the page's load. That of the load
/// does not end before it.
pub fn app_mount<T>(f: impl FnOnce(&Context) -> T) -> T {
    let value = {
        let _attached = context().attach();
        scoped::in_span("app_mount", f)
    };
    if let Some(pipeline) = pipeline::current() {
        mounted(pipeline.performance_ms());
    }
    value
}

/// Records what was before the program ran.
pub(crate) fn record_boot(pipeline: &Pipeline) {
    let load = context();
    let download = fetches().into_iter().find(|(url, ..)| is_wasm(url));
    if let Some((url, _, timing)) = download {
        record_fetch(pipeline, "wasm_download", &load, &url, &timing);
    }
    for name in ["wasm_compile", "wasm_instantiate"] {
        if let [start_ms, end_ms] = measured(name)[..] {
            record(pipeline, name, &load, (start_ms, end_ms), |_, _| {});
        }
    }
}

/// Whether a file is WebAssembly by its name.
pub(crate) fn is_wasm(url: &str) -> bool {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    url.get(..end).is_some_and(|path| path.ends_with(".wasm"))
}
