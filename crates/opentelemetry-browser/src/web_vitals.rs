//! How the page feels to its user, as events: `browser.web_vital` for LCP, CLS, INP, FCP and TTFB whenever the page may be
//! seen no more, and `browser.long_animation_frame` for each frame that took more than 50 ms.

use opentelemetry::KeyValue;
use wasm_bindgen::prelude::*;

use crate::logs::{Event, Severity};
use crate::pipeline;
use crate::url::Url;

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    #[wasm_bindgen(js_name = observeVitals)]
    fn observe_vitals(
        measured: &Closure<dyn Fn(String, f64, f64)>,
        slow_frame: &Closure<dyn Fn(f64, f64, f64, String)>,
    );
}

/// Observes for the life of the page. Has to come before what sends everything when the page is hidden.
pub(crate) fn install() {
    let measured = Closure::new(|name: String, value: f64, delta: f64| {
        let attributes = vec![
            KeyValue::new("browser.web_vital.name", name),
            KeyValue::new("browser.web_vital.value", value),
            KeyValue::new("browser.web_vital.delta", delta),
        ];
        emit("browser.web_vital", attributes, None);
    });
    let slow_frame = Closure::new(
        |start_ms: f64, duration_ms: f64, blocking_ms: f64, script: String| {
            let mut attributes = vec![
                KeyValue::new("browser.long_animation_frame.duration", duration_ms),
                KeyValue::new(
                    "browser.long_animation_frame.blocking_duration",
                    blocking_ms,
                ),
            ];
            if let Some(pipeline) = pipeline::current()
                && !script.is_empty()
            {
                let keys = &pipeline.urls().redacted_query_keys;
                let script = Url::parse(&script)
                    .map(|url| url.redacted(keys))
                    .unwrap_or(script);
                attributes.push(KeyValue::new("browser.long_animation_frame.script", script));
            }
            emit("browser.long_animation_frame", attributes, Some(start_ms));
        },
    );
    observe_vitals(&measured, &slow_frame);
    measured.forget();
    slow_frame.forget();
}

/// Records an event in the trace of the page's load, where there is one.
fn emit(name: &'static str, attributes: Vec<KeyValue>, at_ms: Option<f64>) {
    let event = Event {
        name,
        severity: Severity::Info,
        attributes,
        body: "",
        at_ms,
    };
    #[cfg(feature = "document_load")]
    let cx = crate::document_load::context();
    #[cfg(not(feature = "document_load"))]
    let cx = opentelemetry::Context::current();
    event.emit(&cx);
}
