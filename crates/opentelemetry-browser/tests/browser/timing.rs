//! The end of requests that the browser really sends: the test runner serves the page under test, and its WebAssembly.

use gloo_net::http::Request;
use opentelemetry_browser::{SendTraced, in_new_trace};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::AbortController;

use crate::otlp::Span;
use crate::page::{
    client_span_count, complete_client_span, exported_client_spans, fetch_as, let_exports_arrive,
    let_tasks_run, observe_blindly, span, start,
};
use crate::send_traced::poll_once;

/// A span with these phases in it, in their order. A name or a connection may have been looked up before.
fn assert_phases(span: &Span) {
    let mut phases: Vec<&str> = span.events.iter().map(|event| &*event.name).collect();
    phases.retain(|phase| !["dns", "connect"].contains(phase));
    assert_eq!(phases, ["request", "response"]);
    let mut times = vec![span.start_ns];
    times.extend(span.events.iter().map(|event| event.time_ns));
    times.push(span.end_ns);
    assert!(times.is_sorted(), "{times:?}");
}

fn body_size(span: &Span) -> Option<String> {
    span.attribute("http.response.body.size")
}

#[wasm_bindgen_test]
async fn a_body_that_was_read_is_in_the_next_flush() {
    let guard = start();
    let size = in_new_trace("timed root", async |_| {
        let response = Request::get("/?timed").send_traced().await.unwrap();
        let size = response.binary().await.unwrap().len();
        guard.flush();
        size
    })
    .await;
    let_exports_arrive().await;
    let spans = exported_client_spans("/?timed");
    assert_eq!(spans.len(), 1, "not in the flush");
    assert_phases(&spans[0]);
    assert_eq!(body_size(&spans[0]), Some(size.to_string()));
    let attributes = spans[0].attributes();
    assert_eq!(
        Vec::from_iter(attributes.keys().copied()),
        [
            "http.request.method",
            "http.response.body.size",
            "http.response.status_code",
            "server.address",
            "server.port",
            "url.full"
        ]
    );
    assert!(spans[0].end_ns <= span("timed root").await.end_ns);
    let_tasks_run().await;
    assert_eq!(client_span_count("/?timed").await, 1, "ended once");
}

#[wasm_bindgen_test]
async fn the_patched_fetch_is_timed_as_well() {
    start();
    let seen = fetch_as("string", "/?patched-timed").await;
    let client = complete_client_span("/?patched-timed").await;
    assert_phases(&client);
    let text = seen.strip_prefix("200 ").unwrap();
    assert_eq!(body_size(&client), Some(text.len().to_string()));
}

#[wasm_bindgen_test]
async fn an_unread_body_needs_no_flush() {
    let guard = start();
    let open_before = guard.stats().spans.open;
    let response = Request::get("/?unread").send_traced().await.unwrap();
    for _ in 0..1000 {
        if guard.stats().spans.open == open_before {
            break;
        }
        let_tasks_run().await;
    }
    assert_eq!(
        guard.stats().spans.open,
        open_before,
        "nobody told of its end"
    );
    assert_phases(&complete_client_span("/?unread").await);
    assert_eq!(response.status(), 200);
}

#[wasm_bindgen_test]
async fn concurrent_requests_of_one_url_end_once_each() {
    start();
    let send = || async {
        let response = Request::get("/?twice").send_traced().await.unwrap();
        response.binary().await.unwrap().len().to_string()
    };
    let (mut first, mut second) = (Box::pin(send()), Box::pin(send()));
    assert!(poll_once(first.as_mut()).await.is_none());
    assert!(poll_once(second.as_mut()).await.is_none());
    let sizes = [second.await, first.await];
    assert_eq!(client_span_count("/?twice").await, 2);
    let spans = exported_client_spans("/?twice");
    assert_ne!(spans[0].span_id, spans[1].span_id);
    for (span, size) in spans.iter().zip(sizes) {
        assert_phases(span);
        assert_eq!(body_size(span), Some(size));
    }
}

#[wasm_bindgen_test]
async fn an_abort_after_the_headers_ends_the_span_once() {
    start();
    let controller = AbortController::new().unwrap();
    let path = "/wasm-bindgen-test_bg.wasm?aborted";
    let request = Request::get(path).abort_signal(Some(&controller.signal()));
    let response = request.send_traced().await.unwrap();
    controller.abort();
    assert!(response.binary().await.is_err());
    let client = complete_client_span(path).await;
    assert_phases(&client);
    assert_eq!(client.error(), None);
    assert_eq!(client.attribute("error.type"), None);
    let status = client.attribute("http.response.status_code");
    assert_eq!(status.as_deref(), Some("200"));
    let_tasks_run().await;
    assert_eq!(client_span_count(path).await, 1);
}

#[wasm_bindgen_test]
async fn a_browser_that_cannot_tell_does_no_harm() {
    let guard = start();
    assert_eq!(observe_blindly(), [false; 3]);
    // What was observed before still is.
    let response = Request::get("/?not-blind").send_traced().await.unwrap();
    response.binary().await.unwrap();
    guard.flush();
    let_exports_arrive().await;
    assert_eq!(exported_client_spans("/?not-blind").len(), 1);
}
