//! Where the page goes without being loaded anew.

use opentelemetry_browser::in_new_trace;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{events, span, start};
use crate::person::wander;

#[wasm_bindgen_test]
async fn every_way_through_the_history_is_an_event() {
    start();
    let start_fragment = in_new_trace("wandering", async |_| {
        let fragment = JsFuture::from(wander()).await.unwrap();
        fragment.as_string().expect("back where it began")
    })
    .await;
    let found = events("browser.navigation").await;
    let told: Vec<String> = found
        .iter()
        .map(|event| {
            let attribute = |key: &str| event.attribute(key).unwrap();
            let url = attribute("url.full");
            let path = url.splitn(4, '/').nth(3).unwrap_or_default();
            let path = path.strip_suffix(&start_fragment).unwrap_or(path);
            let same = attribute("browser.navigation.same_document");
            let hash = attribute("browser.navigation.hash_change");
            let kind = attribute("browser.navigation.type");
            format!("{kind} /{path} same_document={same} hash_change={hash}")
        })
        .collect();
    assert_eq!(
        told,
        [
            "push /elsewhere?q=REDACTED&x=1 same_document=true hash_change=false",
            "replace /elsewhere?q=REDACTED&x=1#part same_document=true hash_change=true",
            "traverse / same_document=true hash_change=false",
            "traverse / same_document=false hash_change=false",
        ]
    );
    // What the page does in a span belongs to it; what its user does belongs to nothing.
    let root = span("wandering").await;
    assert_eq!(found[0].span_id, root.span_id);
    assert!(found[2].span_id.is_empty());
}
