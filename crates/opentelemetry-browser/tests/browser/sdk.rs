//! `opentelemetry_sdk` over the pipeline, in a page.

use opentelemetry::KeyValue;
use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use opentelemetry_browser::{BrowserSpanProcessor, in_span};
use opentelemetry_sdk::trace::SdkTracerProvider;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{let_tasks_run, span, start};

#[wasm_bindgen_test]
async fn spans_of_the_sdk_and_of_this_crate_make_one_trace() {
    start();
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BrowserSpanProcessor)
        .build();
    let tracer = provider.tracer("a library");
    let before_ms = js_sys::Date::now();
    tracer.in_span("by the SDK", |cx| {
        cx.span().set_attribute(KeyValue::new("answer", 42));
        cx.span().add_event("event", Vec::new());
        in_span("by this crate", |_| {
            tracer.in_span("by the SDK again", |_| {});
        });
    });
    let_tasks_run().await;
    let after_ms = js_sys::Date::now();
    let outer = span("by the SDK").await;
    let middle = span("by this crate").await;
    let inner = span("by the SDK again").await;
    assert!(outer.parent_span_id.is_empty());
    assert_eq!(middle.parent_span_id, outer.span_id);
    assert_eq!(inner.parent_span_id, middle.span_id);
    assert_eq!(outer.attribute("answer").as_deref(), Some("42"));
    let times = [outer.start_ns, outer.events[0].time_ns, outer.end_ns];
    assert!(times.is_sorted(), "{times:?}");
    // Finer than the SDK's own clock: nothing of the inner spans lies outside of the outer ones.
    assert!(outer.start_ns <= middle.start_ns && middle.start_ns <= inner.start_ns);
    assert!(inner.end_ns <= middle.end_ns && middle.end_ns <= outer.end_ns);
    assert!(outer.start_ns as f64 >= before_ms * 1e6 - 1e6);
    assert!(outer.end_ns as f64 <= (after_ms + 2.0) * 1e6);
}
