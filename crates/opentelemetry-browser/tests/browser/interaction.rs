//! Clicks and submits: what their handlers start belongs to them, and nothing else does.

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_browser::{in_new_trace, in_span, in_span_async, spawn};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::otlp::LogRecord;
use crate::page::{events, exported_spans, let_tasks_run, span, start};
use crate::person::{click, listeners_work, submit, thrown_by_handler};

/// The event of a click or submit on `element`.
async fn event_on(name: &str, element: &str) -> LogRecord {
    let mut found = events(name).await;
    found.retain(|event| event.attribute("browser.element").as_deref() == Some(element));
    assert_eq!(found.len(), 1, "{name} on {element}");
    found.remove(0)
}

#[wasm_bindgen_test]
async fn a_future_of_a_handler_belongs_to_its_click() {
    start();
    click(
        "spawns",
        &Closure::new(|| {
            in_span("in the handler", |_| {});
            spawn(async {
                let_tasks_run().await;
                let_tasks_run().await;
                in_span_async("long after the handler", async |_| let_tasks_run().await).await;
            });
        }),
    );
    for _ in 0..8 {
        let_tasks_run().await;
    }
    let sync = span("in the handler").await;
    let late = span("long after the handler").await;
    let roots: Vec<_> = exported_spans()
        .into_iter()
        .filter(|span| span.span_id == sync.parent_span_id)
        .collect();
    assert_eq!(roots.len(), 1);
    let click = &roots[0];
    assert_eq!(click.name, "click");
    assert!(click.parent_span_id.is_empty());
    assert_eq!(
        click.attribute("browser.element").as_deref(),
        Some("button#spawns")
    );
    assert_eq!(late.parent_span_id, click.span_id);
    assert!(click.start_ns <= sync.start_ns && sync.end_ns <= click.end_ns);
    assert!(
        click.end_ns <= late.start_ns,
        "a click lasts as long as its handlers"
    );
    let event = event_on("browser.click", "button#spawns").await;
    assert_eq!(
        (&event.trace_id, &event.span_id),
        (&click.trace_id, &click.span_id)
    );
}

#[wasm_bindgen_test]
async fn a_future_that_is_traced_after_its_click_makes_the_span_late() {
    start();
    submit(
        "asks",
        &Closure::new(|| {
            spawn(async {
                let_tasks_run().await;
                let_tasks_run().await;
                in_span("first span of the submit", |_| {});
            });
        }),
    );
    for _ in 0..5 {
        let_tasks_run().await;
    }
    let late = span("first span of the submit").await;
    let spans = exported_spans();
    let submit = spans
        .iter()
        .find(|span| span.span_id == late.parent_span_id);
    let submit = submit.expect("no orphan");
    assert_eq!(
        (submit.name.as_str(), submit.parent_span_id.len()),
        ("submit", 0)
    );
    assert!(submit.end_ns <= late.start_ns);
}

#[wasm_bindgen_test]
async fn a_click_that_starts_nothing_is_an_event_only() {
    start();
    click("idle", &Closure::new(|| {}));
    let_tasks_run().await;
    let event = event_on("browser.click", "button#idle").await;
    assert!(event.trace_id.is_empty());
    assert!(
        exported_spans()
            .iter()
            .all(|span| span.attribute("browser.element").as_deref() != Some("button#idle"))
    );
}

#[wasm_bindgen_test]
async fn a_trace_that_a_handler_begins_is_its_own() {
    start();
    click(
        "searches",
        &Closure::new(|| {
            spawn(in_new_trace("begun by a handler", async |_| {
                in_span("below what was begun", |_| {});
            }));
        }),
    );
    let_tasks_run().await;
    let root = span("begun by a handler").await;
    assert!(root.parent_span_id.is_empty());
    assert_eq!(
        span("below what was begun").await.parent_span_id,
        root.span_id
    );
}

#[wasm_bindgen_test]
async fn nothing_of_a_click_leaks() {
    start();
    click(
        "outer",
        &Closure::new(|| {
            click(
                "inner",
                &Closure::new(|| in_span("of the inner click", |_| {})),
            );
            in_span("of the outer click", |_| {});
        }),
    );
    assert!(!Context::current().span().span_context().is_valid());
    in_span("after the clicks", |_| {});
    let (inner, outer) = (
        span("of the inner click").await,
        span("of the outer click").await,
    );
    assert_ne!(inner.trace_id, outer.trace_id);
    assert!(span("after the clicks").await.parent_span_id.is_empty());
}

#[wasm_bindgen_test]
async fn listeners_are_called_as_ever() {
    start();
    assert_eq!(listeners_work(), "function object once");
    let thrown = JsFuture::from(thrown_by_handler()).await.unwrap();
    assert_eq!(thrown.as_string().as_deref(), Some("from the handler"));
}
