//! What answers say about their servers.

use gloo_net::http::Request;
use js_sys::Array;
use opentelemetry_browser::{SendTraced, in_new_trace};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::Headers;

use crate::page::{client_span, fetch_as, span, start};

/// How far the clock of the stub that answers, `Date.now()`, lies from that of the tracer, which stays within the millisecond
/// that it names.
const BETWEEN_CLOCKS_MS: f64 = 1.0;

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    fn said(headers: &Headers) -> Array;
}

/// The span that `Server-Timing` names, and between which times it says that the server answered.
fn heard(server_timing: &str, date: &str) -> (Option<String>, f64, f64) {
    let headers = Headers::new().unwrap();
    headers.set("server-timing", server_timing).unwrap();
    headers.set("date", date).unwrap();
    let said = said(&headers);
    let number = |index| said.get(index).as_f64().unwrap();
    (said.get(1).as_string(), number(2), number(3))
}

#[wasm_bindgen_test]
fn reads_metrics_of_every_form() {
    let header =
        r#"cache;desc="a, trace;desc=no" , db ;dur=53.2; desc=plain,miss, Trace;dur=1;desc="x""#;
    assert_eq!(heard(header, "").0.as_deref(), Some("x"));
    assert_eq!(heard("traceparent;desc=y", "").0.as_deref(), Some("y"));
    assert_eq!(heard(r#"trace,x;desc="trace"#, "").0, None);
}

#[wasm_bindgen_test]
fn hears_the_time_exactly_or_within_a_second() {
    let date = "Thu, 01 Jan 1970 00:00:05 GMT";
    let (_, from_ms, to_ms) = heard("clock;desc=\"1700000000123.4\"", date);
    assert_eq!((from_ms, to_ms), (1_700_000_000_123.4, 1_700_000_000_123.4));
    for vague in ["clock", "clock;desc=soon", ""] {
        let (_, from_ms, to_ms) = heard(vague, date);
        assert_eq!((from_ms, to_ms), (5000.0, 6000.0), "{vague}");
    }
    assert!(heard("", "soon").1.is_nan());
}

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
