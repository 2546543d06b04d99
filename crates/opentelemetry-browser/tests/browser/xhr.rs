//! `XMLHttpRequest`, wrapped. These requests reach the server of the test runner, which answers what it knows.

use opentelemetry_browser::in_new_trace;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    client_span, client_span_count, complete_client_span, let_tasks_run, span, start,
};
use crate::person::send;

async fn seen(way: &str, path: &str) -> String {
    let seen = JsFuture::from(send(way, path)).await.unwrap();
    seen.as_string().unwrap()
}

#[wasm_bindgen_test]
async fn a_request_is_a_client_span() {
    start();
    in_new_trace("asking as ever", async |_| {
        assert_eq!(seen("get", "/?xhr-asking").await, "load 200");
    })
    .await;
    let client = complete_client_span("/?xhr-asking").await;
    assert_eq!((client.name.as_str(), client.kind), ("GET", 3));
    assert_eq!(client.parent_span_id, span("asking as ever").await.span_id);
    assert_eq!(
        client.attribute("http.response.status_code").as_deref(),
        Some("200")
    );
    assert!(
        client.attribute("http.response.body.size").is_some(),
        "timed by the browser"
    );
}

#[wasm_bindgen_test]
async fn failures_and_aborts_are_told_apart() {
    start();
    assert_eq!(seen("get", "/no-such-file?xhr").await, "load 404");
    let missing = complete_client_span("/no-such-file?xhr").await;
    assert_eq!(missing.attribute("error.type").as_deref(), Some("404"));

    assert_eq!(seen("get", "http://127.0.0.1:1/?xhr").await, "error 0");
    let_tasks_run().await;
    let refused = client_span("http://127.0.0.1:1/?xhr").await;
    assert_eq!(
        refused.attribute("error.type").as_deref(),
        Some("NetworkError")
    );

    assert_eq!(seen("aborted", "/?xhr-aborted").await, "abort 0");
    let_tasks_run().await;
    let aborted = client_span("/?xhr-aborted").await;
    assert_eq!(aborted.attribute("cancelled").as_deref(), Some("true"));
    assert_eq!(aborted.error(), None);
}

#[wasm_bindgen_test]
async fn methods_are_named_as_they_are_sent() {
    start();
    seen("post", "/?xhr-post").await;
    assert_eq!(complete_client_span("/?xhr-post").await.name, "POST");
}

#[wasm_bindgen_test]
async fn what_carries_a_trace_or_is_ignored_is_left_alone() {
    start();
    assert_eq!(seen("carries", "/?xhr-carries").await, "load 200");
    assert_eq!(client_span_count("/?xhr-carries").await, 0);
    seen("get", "/ignored/xhr").await;
    assert_eq!(client_span_count("/ignored/xhr").await, 0);
}
