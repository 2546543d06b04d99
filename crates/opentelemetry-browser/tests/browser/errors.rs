//! What goes wrong in the page and in the program, as events.

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_browser::{in_new_trace, in_span};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::otlp::LogRecord;
use crate::page::{events, span, start};
use crate::person::{report_error, report_rejection, say_error, trap, traps, traps_without_panic};

/// The exceptions with this message.
async fn exceptions(message: &str) -> Vec<LogRecord> {
    let mut found = events("exception").await;
    found.retain(|event| event.attribute("exception.message").as_deref() == Some(message));
    found
}

#[wasm_bindgen_test]
async fn an_error_that_nobody_catches_is_an_event() {
    start();
    report_error("RangeError", "too far");
    let found = exceptions("too far").await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].attribute("exception.type").as_deref(),
        Some("RangeError")
    );
    let stack = found[0].attribute("exception.stacktrace").unwrap();
    assert!(stack.contains("reportError"), "{stack}");
    assert_eq!(found[0].severity_number, 17);
}

#[wasm_bindgen_test]
async fn a_rejection_that_nobody_handles_is_an_event_whatever_its_reason() {
    start();
    report_rejection(&js_sys::TypeError::new("no such thing").into());
    report_rejection(&"a text alone".into());
    let typed = exceptions("no such thing").await;
    assert_eq!(
        typed[0].attribute("exception.type").as_deref(),
        Some("TypeError")
    );
    let text = exceptions("a text alone").await;
    assert_eq!(text.len(), 1);
    assert_eq!(text[0].attribute("exception.stacktrace"), None);
}

#[wasm_bindgen_test]
async fn console_errors_are_events_where_they_are_wanted() {
    start();
    say_error("it is said");
    let mut found = events("browser.console").await;
    found.retain(|event| event.body() == Some("it is said 42"));
    assert_eq!(found.len(), 1);
}

#[wasm_bindgen_test]
async fn nothing_after_a_trap_belongs_to_the_span_it_was_in() {
    start();
    let panics = Closure::new(|| in_span("before the trap is over", |_| panic!("and gone")));
    assert!(traps(&panics));
    assert!(!Context::current().span().span_context().is_valid());
    in_span("after the panic", |_| {});
    assert!(span("after the panic").await.parent_span_id.is_empty());
    assert!(traps_without_panic(&Closure::new(|| in_span(
        "trapped",
        |_| trap()
    ))));
    in_span("after the second trap", |_| {});
    assert!(
        span("after the second trap")
            .await
            .parent_span_id
            .is_empty()
    );
}

#[wasm_bindgen_test]
async fn a_panic_is_an_event_and_ends_the_spans_it_was_in() {
    start();
    in_new_trace("around the panic", async |_| {
        let panics = Closure::new(|| in_span("the panic", |_| panic!("on purpose")));
        assert!(traps(&panics));
        // The trap comes out of the program as an error that was told already.
        report_error("RuntimeError", "the trap of the panic");
        report_error("RuntimeError", "another trap");
    })
    .await;
    let (outer, inner) = (span("around the panic").await, span("the panic").await);
    for span in [&outer, &inner] {
        assert_eq!(span.error(), Some("on purpose"), "{}", span.name);
        assert_eq!(span.attribute("error.type").as_deref(), Some("panic"));
    }
    assert_eq!(inner.parent_span_id, outer.span_id);

    let found = exceptions("on purpose").await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0].trace_id, &found[0].span_id),
        (&inner.trace_id, &inner.span_id)
    );
    assert_eq!(
        found[0].attribute("exception.type").as_deref(),
        Some("panic")
    );
    assert_eq!(found[0].severity_number, 21);
    let stack = found[0].attribute("exception.stacktrace").unwrap();
    assert!(
        stack.starts_with("at ") && stack.contains("errors.rs:"),
        "{stack}"
    );
    assert!(exceptions("the trap of the panic").await.is_empty());
    assert_eq!(exceptions("another trap").await.len(), 1);
}
