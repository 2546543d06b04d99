//! Navigation as events `browser.navigation`: what the page writes into the history, what its user comes back to, and a
//! page that returns from the back/forward cache with all it had in memory.

use opentelemetry::{Context, KeyValue};
use wasm_bindgen::prelude::*;

use crate::attribute;
use crate::logs::{Event, Severity};
use crate::pipeline;
use crate::url::Url;

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    #[wasm_bindgen(js_name = observeNavigation)]
    fn observe_navigation(navigated: &Closure<dyn Fn(String, String, bool, bool)>);
}

/// Listens for the life of the page.
pub(crate) fn install() {
    let navigated = Closure::new(
        |kind: String, url: String, is_same_document: bool, is_hash_change: bool| {
            let Some(pipeline) = pipeline::current() else {
                return;
            };
            let keys = &pipeline.urls().redacted_query_keys;
            let shown = Url::parse(&url).map_or_else(String::new, |url| url.redacted(keys));
            let event = Event {
                name: "browser.navigation",
                severity: Severity::Info,
                attributes: vec![
                    KeyValue::new("browser.navigation.type", kind),
                    KeyValue::new("browser.navigation.same_document", is_same_document),
                    KeyValue::new("browser.navigation.hash_change", is_hash_change),
                    KeyValue::new(attribute::URL_FULL, shown),
                ],
                body: "",
                at_ms: None,
            };
            event.emit(&Context::current());
        },
    );
    observe_navigation(&navigated);
    navigated.forget();
}
