//! `window.fetch`, patched: every way to call it still works, and is traced.

use opentelemetry_browser::{in_new_trace, in_span};
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    FRIEND, call_to, client_span, client_span_count, complete_client_span, fetch_as,
    fetch_with_broken_tracing, reports_unhandled, span, start,
};
use crate::person::{streams_requests, traps};

/// Calls `window.fetch` in this form and compares what the page sees, the method and the body that arrive.
async fn check(form: &str, answer: &str, method: &str, body: &str) {
    start();
    let path = format!("/status/200?form={form}-");
    let root: &'static str = Box::leak(format!("page work {form}").into_boxed_str());
    let seen = in_new_trace(root, async |_| fetch_as(form, &path).await).await;
    assert_eq!(seen, answer, "{form}: the page's view");
    let call = call_to(&path);
    assert_eq!(
        (call.method().as_str(), call.body().as_str()),
        (method, body),
        "{form}"
    );
    let client = client_span(&path).await;
    assert_eq!(
        call.header("traceparent"),
        Some(client.traceparent()),
        "{form}"
    );
    assert_eq!(
        call.header("tracestate"),
        None,
        "{form}: never an empty one"
    );
    assert_eq!(client.name, method);
    assert_eq!(client.kind, 3);
    assert_eq!(
        client.attribute("http.response.status_code").as_deref(),
        Some("200")
    );
    assert_eq!(client.error(), None);
    assert_eq!(
        client.parent_span_id,
        span(root).await.span_id,
        "{form}: not below the page's work"
    );
}

#[wasm_bindgen_test]
async fn every_form_of_input_works() {
    check("string", "200 body", "GET", "").await;
    check("url", "200 body", "GET", "").await;
    check("request", "200 body", "GET", "").await;
    check("requestAndInit", "200 body", "PUT", "").await;
    check("requestAsInit", "200 body", "DELETE", "").await;
    check("lowerCase", "200 body", "POST", "").await;
}

#[wasm_bindgen_test]
async fn bodies_arrive() {
    check("post", "200 body", "POST", "text with ü").await;
    check("postRequest", "200 body", "POST", "hi").await;
    check("postForm", "200 body", "POST", "q=a+b").await;
    if streams_requests() {
        check("stream", "200 body", "POST", "in parts").await;
    }
}

#[wasm_bindgen_test]
async fn every_form_of_headers_is_kept() {
    for (form, value) in [
        ("headers", "1"),
        ("headerPairs", "1, 2"),
        ("headerRecord", "1"),
        ("headerGenerator", "1"),
    ] {
        check(form, "200 body", "GET", "").await;
        let call = call_to(&format!("form={form}-"));
        assert_eq!(call.header("a").as_deref(), Some(value), "{form}");
    }
    let init_wins = call_to("form=requestAndInit-");
    assert_eq!(
        (init_wins.header("a"), init_wins.header("b").as_deref()),
        (None, Some("2"))
    );
}

#[wasm_bindgen_test]
async fn a_request_of_the_real_network_works() {
    start();
    let seen = fetch_as("string", "/?real").await;
    assert!(seen.starts_with("200 "), "{seen}");
    assert_eq!(
        call_to("/?real").header("traceparent"),
        Some(client_span("/?real").await.traceparent())
    );
}

#[wasm_bindgen_test]
async fn foreign_origins_see_no_trace() {
    start();
    // The page runs on 127.0.0.1; the stub answers for every host.
    for url in [
        "http://localhost/status/200?foreign-host",
        "http://127.0.0.1:1/status/200?foreign-port",
        "https://127.0.0.1/status/200?foreign-scheme",
        "http://friend.test/status/200?foreign-friend-port",
    ] {
        assert_eq!(fetch_as("string", url).await, "200 body");
        let call = call_to(url);
        assert_eq!(call.header("traceparent"), None, "{url}");
        assert_eq!(
            client_span_count(url).await,
            1,
            "{url} is traced all the same"
        );
    }
    let friend = format!("{FRIEND}/status/200?friend");
    fetch_as("string", &friend).await;
    assert!(call_to(&friend).header("traceparent").is_some());
}

#[wasm_bindgen_test]
async fn what_shall_not_be_traced_passes_untouched() {
    start();
    fetch_as("string", "/ignored/x").await;
    fetch_as("string", "data:,text").await;
    for url in ["/ignored/x", "data:,text"] {
        let call = call_to(url);
        assert!(call.is_untouched(), "{url}");
        assert_eq!(call.header("traceparent"), None, "{url}");
        assert_eq!(client_span_count(url).await, 0, "{url}");
    }
}

#[wasm_bindgen_test]
async fn a_request_that_carries_a_trace_keeps_it() {
    start();
    fetch_as("carries", "/status/200?carries").await;
    let traceparent = call_to("?carries").header("traceparent");
    assert_eq!(
        traceparent.as_deref(),
        Some("00-11111111111111111111111111111111-2222222222222222-01")
    );
    assert_eq!(client_span_count("?carries").await, 0);
}

#[wasm_bindgen_test]
async fn errors_reach_the_page_as_ever() {
    start();
    assert_eq!(fetch_as("invalid", "").await, "TypeError");
    assert_eq!(
        fetch_as("wrongHeaders", "/status/200?wrong").await,
        "TypeError"
    );
    assert_eq!(fetch_as("string", "/broken?caught").await, "TypeError");
    let client = client_span("/broken?caught").await;
    assert_eq!(client.error(), Some("Failed to fetch"));
    assert_eq!(client.attribute("error.type").as_deref(), Some("TypeError"));
    assert!(reports_unhandled("/broken?nobody-cares").await);
}

#[wasm_bindgen_test]
async fn an_answer_of_4xx_or_5xx_is_an_error() {
    start();
    for status in ["404", "503"] {
        let path = format!("/status/{status}");
        assert_eq!(fetch_as("string", &path).await, format!("{status} body"));
        let client = client_span(&path).await;
        assert_eq!(client.attribute("error.type").as_deref(), Some(status));
        assert_eq!(
            client.attribute("http.response.status_code").as_deref(),
            Some(status)
        );
        assert_eq!(client.error(), Some(""));
    }
}

#[wasm_bindgen_test]
async fn an_abort_is_no_error() {
    start();
    for (form, seen) in [
        ("abortedBefore", "AbortError"),
        ("abortedWhile", "AbortError"),
        ("abortedWithReason", "the person went on"),
    ] {
        let path = format!("/hang?{form}");
        assert_eq!(fetch_as(form, &path).await, seen);
        let client = client_span(&path).await;
        assert_eq!(
            client.attribute("cancelled").as_deref(),
            Some("true"),
            "{form}"
        );
        assert_eq!(client.error(), None, "{form}");
    }
}

#[wasm_bindgen_test]
async fn a_timeout_is_an_error() {
    start();
    assert_eq!(
        fetch_as("timedOut", "/hang?timed-out").await,
        "TimeoutError"
    );
    let client = client_span("/hang?timed-out").await;
    assert_eq!(
        client.attribute("error.type").as_deref(),
        Some("TimeoutError")
    );
    assert_eq!(client.attribute("cancelled"), None);
}

#[wasm_bindgen_test]
async fn an_odd_method_names_no_span() {
    start();
    fetch_as("oddMethod", "/status/200?odd").await;
    let client = client_span("?odd").await;
    assert_eq!(client.name, "HTTP");
    assert_eq!(
        client.attribute("http.request.method").as_deref(),
        Some("_OTHER")
    );
    assert_eq!(
        client.attribute("http.request.method_original").as_deref(),
        Some("PURGE")
    );
}

#[wasm_bindgen_test]
async fn what_the_person_typed_is_redacted() {
    start();
    fetch_as("string", "/status/200?redacted=no&q=secret").await;
    let url = client_span("?redacted=no")
        .await
        .attribute("url.full")
        .expect("a URL");
    assert!(url.ends_with("/status/200?redacted=no&q=REDACTED"), "{url}");
}

#[wasm_bindgen_test]
async fn fetch_works_when_tracing_traps() {
    start();
    let seen = fetch_with_broken_tracing("/status/200?trapped").await;
    assert_eq!(seen, ["200 body", "TypeError"].repeat(2));
}

#[wasm_bindgen_test]
async fn fetch_works_after_a_trap() {
    start();
    assert!(traps(&Closure::new(|| in_span(
        "before fetching",
        |_| panic!("trapped")
    ))));
    assert_eq!(
        fetch_as("string", "/status/200?after-trap").await,
        "200 body"
    );
    let client = client_span("/status/200?after-trap").await;
    assert!(client.parent_span_id.is_empty(), "it belongs to nothing");
    assert!(call_to("?after-trap").header("traceparent").is_some());
}

#[wasm_bindgen_test]
async fn a_streaming_body_is_handed_on_untouched() {
    start();
    // The page reads the first part while the second does not exist, and gets the very answer that the browser gave.
    assert_eq!(fetch_as("streamed", "/stream").await, "same first second");
    assert_eq!(client_span_count("/stream").await, 1);
}

#[wasm_bindgen_test]
async fn an_abort_after_the_headers_reaches_the_page_as_ever() {
    start();
    let path = "/wasm-bindgen-test_bg.wasm?patched-abort";
    assert_eq!(fetch_as("abortedAfter", path).await, "200 AbortError");
    let client = complete_client_span(path).await;
    assert_eq!(client.error(), None);
    let status = client.attribute("http.response.status_code");
    assert_eq!(status.as_deref(), Some("200"));
    assert_eq!(client_span_count(path).await, 1);
}
