//! Navigation as events `browser.navigation`: what the page writes into the history, what its user comes back to, and a
//! page that returns from the back/forward cache with all it had in memory.

use opentelemetry::Context;
use wasm_bindgen::prelude::*;

use crate::attribute;
use crate::callback::callback;
use crate::logs::{Event, Severity};
use crate::span::Item;

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// Calls `navigated([type, url to be shown, is in the same document, only the fragment changed])` for each entry of the history that the
    /// page writes or comes back to, and when the browser brings a page back from its back/forward cache.
    #[wasm_bindgen(js_name = observeNavigation)]
    fn observe_navigation(navigated: JsValue);
}

/// Listens for the life of the page.
pub(crate) fn install() {
    observe_navigation(callback(|entry| {
        let (kind, url) = (entry.text(0), entry.text(1));
        let attributes = [
            ("browser.navigation.type", Item::Text(&kind)),
            (
                "browser.navigation.same_document",
                Item::Bool(entry.flag(2)),
            ),
            ("browser.navigation.hash_change", Item::Bool(entry.flag(3))),
            (attribute::URL_FULL, Item::Text(&url)),
        ];
        let event = Event::new("browser.navigation", Severity::Info, &attributes);
        event.emit(&Context::current());
        JsValue::UNDEFINED
    }));
}
