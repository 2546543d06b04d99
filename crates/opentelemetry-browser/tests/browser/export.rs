//! Exports: what they contain, that they are not traced, and the end of the page.

use opentelemetry::KeyValue;
use opentelemetry::trace::TraceContextExt;
use opentelemetry_browser::{SignalStats, fail, in_new_trace, in_span};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::otlp;
use crate::page::{
    answer_export, client_span_count, export_all, export_bodies, hide_page,
    last_export_is_compressed, last_export_is_kept_alive, let_tasks_run, patience, refuse_exports,
    silence_export, span, start, unload_page,
};

#[wasm_bindgen_test]
async fn exports_decode_and_name_the_page() {
    start();
    in_new_trace("exported", async |cx| {
        cx.span().set_attribute(KeyValue::new("number", 7));
        cx.span().set_attribute(KeyValue::new("text", "ü愛"));
        fail(&cx, "odd", "it went wrong");
    })
    .await;
    let exported = span("exported").await;
    assert_eq!(exported.attribute("number").as_deref(), Some("7"));
    assert_eq!(exported.attribute("text").as_deref(), Some("ü愛"));
    assert_eq!(exported.attribute("error.type").as_deref(), Some("odd"));
    assert_eq!(exported.error(), Some("it went wrong"));
    assert!(last_export_is_kept_alive());

    let resource = otlp::resource(&export_bodies());
    for (key, value) in [
        ("service.name", "page-under-test"),
        ("service.version", "1.2.3"),
        ("telemetry.sdk.language", "rust"),
        ("deployment.environment.name", "test"),
    ] {
        assert_eq!(resource.get(key).map(String::as_str), Some(value));
    }
    assert_eq!(resource["service.instance.id"].len(), 36, "{resource:?}");
    assert!(
        resource["user_agent.original"].contains("Mozilla"),
        "{resource:?}"
    );
}

#[cfg(feature = "gzip")]
#[wasm_bindgen_test]
async fn large_exports_are_compressed() {
    let guard = start();
    export_all().await;
    let before = guard.stats().exported_bytes;
    in_new_trace("compressed", async |cx| {
        cx.span()
            .set_attribute(KeyValue::new("long", "text ".repeat(1000)));
    })
    .await;
    assert_eq!(
        span("compressed")
            .await
            .attribute("long")
            .map(|text| text.len()),
        Some(5000)
    );
    assert!(last_export_is_compressed());
    let sent = guard.stats().exported_bytes - before;
    assert!((1..2000).contains(&sent), "{sent} bytes");
}

#[wasm_bindgen_test]
async fn exports_are_not_traced() {
    let guard = start();
    in_new_trace("some span", async |_| {
        // Even when the request begins inside a span.
        guard.flush();
    })
    .await;
    export_all().await;
    let created = guard.stats().spans.created;
    guard.flush();
    let_tasks_run().await;
    assert_eq!(client_span_count("/otlp/").await, 0);
    assert_eq!(guard.stats().spans.created, created);
}

#[wasm_bindgen_test]
async fn a_busy_receiver_is_asked_again() {
    let guard = start();
    export_all().await;
    let retries = guard.stats().retries;
    refuse_exports(vec![503, 429]);
    in_new_trace("sent thrice", async |_| {}).await;
    assert_eq!(span("sent thrice").await.error(), None);
    assert_eq!(guard.stats().retries - retries, 2);
    assert_eq!(guard.stats().spans.dropped_unreachable, 0);
}

#[wasm_bindgen_test]
async fn a_receiver_that_never_answers_is_asked_again() {
    let guard = start();
    export_all().await;
    let before = guard.stats();
    silence_export();
    in_new_trace("asked in vain", async |_| {}).await;
    guard.flush();
    while guard.stats().retries == before.retries {
        // Again and again, so that the pause before the next attempt is not waited for.
        let_tasks_run().await;
        guard.flush();
    }
    span("asked in vain").await;
    assert_eq!(patience(), 10_000.0);
    assert_eq!(guard.stats().spans.dropped(), before.spans.dropped());
}

#[wasm_bindgen_test]
async fn what_the_receiver_rejects_is_counted() {
    let guard = start();
    export_all().await;
    let before = guard.stats().spans;
    // partial_success { rejected_spans: 1, error_message: "no" }
    answer_export(vec![0x0a, 6, 0x08, 1, 0x12, 2, b'n', b'o']);
    in_new_trace("taken", async |_| in_span("rejected", |_| {})).await;
    export_all().await;
    let after = guard.stats().spans;
    assert_eq!(after.dropped_rejected - before.dropped_rejected, 1);
    // The load of the page may end in between as well.
    let sent = |spans: SignalStats| spans.created - spans.open - spans.queued - spans.in_flight;
    let sent = sent(after) - sent(before);
    assert!(sent >= 2);
    assert_eq!(after.exported - before.exported, sent - 1);
}

#[wasm_bindgen_test]
async fn a_hidden_page_sends_what_has_ended() {
    let guard = start();
    export_all().await;
    in_new_trace("still open", async |_| {
        in_new_trace("ended before", async |_| {}).await;
        hide_page();
        let stats = guard.stats().spans;
        assert_eq!((stats.open, stats.queued, stats.in_flight), (1, 0, 1));
    })
    .await;
    assert_eq!(span("ended before").await.attribute("page.unloaded"), None);
    let still_open = span("still open").await;
    assert_eq!(still_open.attribute("page.unloaded"), None);
    assert_eq!(
        still_open.attribute("page.hidden").as_deref(),
        Some("true"),
        "it is told that the browser may have slowed it down"
    );
}

#[wasm_bindgen_test]
async fn a_page_that_goes_away_ends_its_spans_once() {
    let guard = start();
    // Which is over only when the browser says so, and would be cut off here.
    crate::document_load::load_span("documentLoad").await;
    in_new_trace("unloaded", async |cx| {
        unload_page();
        let stats = guard.stats().spans;
        assert_eq!((stats.open, stats.queued), (0, 0));
        assert!(stats.in_flight >= 1);
        // The page may come back from the cache and go on: the span has ended all the same.
        cx.span().set_attribute(KeyValue::new("late", true));
        let_tasks_run().await;
    })
    .await;
    let unloaded = span("unloaded").await;
    assert_eq!(unloaded.attribute("page.unloaded").as_deref(), Some("true"));
    assert_eq!(unloaded.attribute("cancelled"), None);
    assert_eq!(unloaded.attribute("late"), None);
}
