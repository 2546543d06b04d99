//! How the page feels, as far as a browser without a window has feelings.

use std::collections::BTreeMap;

use opentelemetry_browser::page_load;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{events, hide_page, start};
use crate::person::{observes, see_page};

#[wasm_bindgen_test]
async fn the_vitals_are_told_when_the_page_is_hidden() {
    start();
    JsFuture::from(see_page()).await.unwrap();
    hide_page();
    let found = events("browser.web_vital").await;
    let value = |key: &str, event: &crate::otlp::LogRecord| -> f64 {
        event.attribute(key).unwrap().parse().unwrap()
    };
    let mut vitals: BTreeMap<String, f64> = BTreeMap::new();
    for event in &found {
        let name = event.attribute("browser.web_vital.name").unwrap();
        *vitals.entry(name).or_default() += value("browser.web_vital.delta", event);
    }
    for name in ["fcp", "lcp", "ttfb"] {
        assert!(
            vitals.get(name).is_some_and(|value| *value > 0.0),
            "{name} in {vitals:?}"
        );
    }
    assert!(vitals["fcp"] >= vitals["ttfb"]);
    // Not all browsers tell of shifts and of long frames.
    assert_eq!(
        vitals.get("cls").is_some_and(|value| *value > 0.0),
        observes("layout-shift"),
        "{vitals:?}"
    );
    let load = page_load().expect("tracing is started");
    assert_eq!(found[0].trace_id, load.trace_id().to_bytes());

    let before = found.len();
    hide_page();
    assert_eq!(
        events("browser.web_vital").await.len(),
        before,
        "nothing is new"
    );

    let frames = events("browser.long_animation_frame").await;
    let longest = frames
        .iter()
        .map(|event| value("browser.long_animation_frame.duration", event))
        .fold(0.0, f64::max);
    assert_eq!(
        longest >= 50.0,
        observes("long-animation-frame"),
        "{longest}"
    );
}
