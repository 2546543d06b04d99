//! What answers say about their servers.

use gloo_net::http::Request;
use opentelemetry_browser::{SendTraced, in_new_trace};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{client_span, fetch_as, span, start};

/// How far the clock of the stub that answers, `performance.timeOrigin` and on, lies from that of the tracer, which stays
/// within the millisecond that `Date.now()` names: in Firefox most of one.
const BETWEEN_CLOCKS_MS: f64 = 1.0;

#[wasm_bindgen_test]
async fn the_distance_of_the_clocks_is_told() {
    let guard = start();
    in_new_trace("asked the time", async |_| {
        Request::get("/served?typed").send_traced().await.unwrap();
    })
    .await;
    assert_eq!(fetch_as("string", "/served?patched").await, "200 body");
    let offset = guard.clock_offset().unwrap();
    let error_ms = (offset.offset_ms - 90_000.0).abs();
    assert!(
        error_ms <= offset.uncertainty_ms + BETWEEN_CLOCKS_MS,
        "{offset:?}"
    );
    assert!(offset.uncertainty_ms < 1000.0, "{offset:?}");

    let number = |text: Option<String>| text.unwrap().parse::<f64>().unwrap();
    for root in [
        span("asked the time").await,
        client_span("/served?patched").await,
    ] {
        assert!(root.parent_span_id.is_empty() && root.links.is_empty());
        let told_ms = number(root.attribute("app.clock.offset_ms"));
        let uncertainty_ms = number(root.attribute("app.clock.offset_uncertainty_ms"));
        assert!((told_ms - 90_000.0).abs() <= uncertainty_ms + BETWEEN_CLOCKS_MS);
    }
}

#[wasm_bindgen_test]
async fn a_span_of_another_trace_is_linked_to() {
    start();
    Request::get("/served?elsewhere-typed")
        .send_traced()
        .await
        .unwrap();
    fetch_as("string", "/served?elsewhere-patched").await;
    for part in ["?elsewhere-typed", "?elsewhere-patched"] {
        let links = client_span(part).await.links;
        assert_eq!(links.len(), 1, "{part}");
        assert_eq!(links[0].trace_id, [0x11; 16]);
    }
}
