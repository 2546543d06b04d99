//! How the page feels to its user, as events: `browser.web_vital` for LCP, CLS, INP, FCP and TTFB whenever the page may be
//! seen no more, and `browser.long_animation_frame` for each frame that took more than 50 ms.

use wasm_bindgen::prelude::*;

use crate::callback::callback;
use crate::logs::{Event, Severity};
use crate::span::Item;

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// Calls `measured([name, value, change])` for what the vitals are worth whenever the page may be seen no more, and
    /// `slowFrame([start, duration, blocking duration, script])` for each animation frame that took long.
    ///
    /// The vitals by their definitions. LCP: the largest paint until the first thing that the person does, for later ones are
    /// answers to it. CLS: the worst window of layout shifts that nobody has asked for; a window ends after a pause
    /// (`SHIFT_PAUSE_MS`) and after a time (`SHIFT_WINDOW_MS`). INP: the slowest interaction, from what the person did to the
    /// frame that showed it, but for outliers: of `INTERACTIONS_PER_OUTLIER` the slowest does not count, and `SLOWEST` are
    /// remembered.
    #[wasm_bindgen(js_name = observeVitals)]
    fn observe_vitals(measured: JsValue, slow_frame: JsValue);
}

/// Observes for the life of the page. Has to come before what sends everything when the page is hidden.
pub(crate) fn install() {
    let measured = callback(|vital| {
        let name = vital.text(0);
        let attributes = [
            ("browser.web_vital.name", Item::Text(&name)),
            ("browser.web_vital.value", Item::Double(vital.number(1))),
            ("browser.web_vital.delta", Item::Double(vital.number(2))),
        ];
        emit("browser.web_vital", &attributes, None);
        JsValue::UNDEFINED
    });
    let slow_frame = callback(|frame| {
        let script = frame.text(3);
        let attributes = [
            (
                "browser.long_animation_frame.duration",
                Item::Double(frame.number(1)),
            ),
            (
                "browser.long_animation_frame.blocking_duration",
                Item::Double(frame.number(2)),
            ),
            ("browser.long_animation_frame.script", Item::Text(&script)),
        ];
        // Not every frame has a script to blame.
        let told = if script.is_empty() {
            &attributes[..2]
        } else {
            &attributes
        };
        emit("browser.long_animation_frame", told, Some(frame.number(0)));
        JsValue::UNDEFINED
    });
    observe_vitals(measured, slow_frame);
}

/// Records an event in the trace of the page's load, where there is one.
fn emit(name: &'static str, attributes: &[(&str, Item<'_>)], at_ms: Option<f64>) {
    let event = Event {
        at_ms,
        ..Event::new(name, Severity::Info, attributes)
    };
    #[cfg(feature = "document_load")]
    let cx = crate::document_load::context();
    #[cfg(not(feature = "document_load"))]
    let cx = opentelemetry::Context::current();
    event.emit(&cx);
}
