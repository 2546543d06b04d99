//! How the page feels to its user, as events: `browser.web_vital` for LCP, CLS, INP, FCP and TTFB whenever the page may be
//! seen no more, and `browser.long_animation_frame` for each frame that took more than 50 ms.

use opentelemetry::KeyValue;
use wasm_bindgen::prelude::*;

use crate::callback::callback;
use crate::logs::{Event, Severity};
use crate::pipeline;
use crate::url::Url;

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    #[wasm_bindgen(js_name = observeVitals)]
    fn observe_vitals(measured: JsValue, slow_frame: JsValue);
}

/// Observes for the life of the page. Has to come before what sends everything when the page is hidden.
pub(crate) fn install() {
    let measured = callback(|vital| {
        let attributes = vec![
            KeyValue::new("browser.web_vital.name", vital.text(0)),
            KeyValue::new("browser.web_vital.value", vital.number(1)),
            KeyValue::new("browser.web_vital.delta", vital.number(2)),
        ];
        emit("browser.web_vital", attributes, None);
        JsValue::UNDEFINED
    });
    let slow_frame = callback(|frame| {
        let mut attributes = vec![
            KeyValue::new("browser.long_animation_frame.duration", frame.number(1)),
            KeyValue::new(
                "browser.long_animation_frame.blocking_duration",
                frame.number(2),
            ),
        ];
        let script = frame.text(3);
        if let Some(pipeline) = pipeline::current()
            && !script.is_empty()
        {
            let keys = &pipeline.urls().redacted_query_keys;
            let script = Url::parse(&script)
                .map(|url| url.redacted(keys))
                .unwrap_or(script);
            attributes.push(KeyValue::new("browser.long_animation_frame.script", script));
        }
        emit(
            "browser.long_animation_frame",
            attributes,
            Some(frame.number(0)),
        );
        JsValue::UNDEFINED
    });
    observe_vitals(measured, slow_frame);
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
