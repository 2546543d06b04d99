//! Events: log records that are exported beside the spans.

use opentelemetry::KeyValue;
use opentelemetry_browser::{Severity, emit, in_new_trace};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{events, let_tasks_run, span, start};

#[cfg(feature = "session")]
#[wasm_bindgen_test]
async fn traces_and_events_name_the_session_of_the_tab() {
    let guard = start();
    in_new_trace("in a session", async |_| {
        emit("test.in_session", Severity::Info, Vec::new());
    })
    .await;
    let session = guard.session_id();
    assert!(session.is_some());
    assert_eq!(span("in a session").await.attribute("session.id"), session);
    let event = events("test.in_session").await.remove(0);
    assert_eq!(event.attribute("session.id"), session);
    let stored = crate::page::stored_session().unwrap();
    assert_eq!(stored.split(' ').next(), session.as_deref());
}

#[wasm_bindgen_test]
async fn an_event_is_exported_with_its_trace() {
    start();
    in_new_trace("with an event", async |_| {
        let_tasks_run().await;
        emit(
            "test.event",
            Severity::Warn,
            vec![KeyValue::new("answer", 42)],
        );
    })
    .await;
    let span = span("with an event").await;
    let events = events("test.event").await;
    assert_eq!(events.len(), 1);
    let event = &events[0];
    assert_eq!(
        (&event.trace_id, &event.span_id),
        (&span.trace_id, &span.span_id)
    );
    assert_eq!(event.severity_number, 13);
    assert_eq!(event.attribute("answer").as_deref(), Some("42"));
    assert!((span.start_ns..=span.end_ns).contains(&event.time_ns));
}
