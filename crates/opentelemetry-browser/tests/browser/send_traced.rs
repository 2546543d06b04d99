//! Requests through the typed client.

use gloo_net::http::Request;
use opentelemetry_browser::{SendTraced, in_new_trace, in_span_async};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::AbortController;

use crate::page::{call_to, client_span, let_tasks_run, span, start};

#[wasm_bindgen_test]
async fn a_request_gets_one_span_by_the_conventions() {
    start();
    let text = in_new_trace("typed root", async |_| {
        in_span_async("typed child", async |_| {
            let response = Request::get("/status/200")
                .query([("typed", "ok")])
                .send_traced()
                .await
                .unwrap();
            response.text().await.unwrap()
        })
        .await
    })
    .await;
    assert_eq!(text, "body");
    // Exactly one, though `window.fetch` is patched too.
    let client = client_span("?typed=ok").await;
    assert_eq!(
        call_to("?typed=ok").header("traceparent"),
        Some(client.traceparent())
    );
    assert_eq!(client.parent_span_id, span("typed child").await.span_id);
    let mut attributes = client.attributes();
    let url = attributes.remove("url.full").unwrap();
    let port = attributes.remove("server.port").unwrap();
    assert_eq!(url, format!("http://127.0.0.1:{port}/status/200?typed=ok"));
    let expected = [
        ("http.request.method", "GET".to_owned()),
        ("http.response.status_code", "200".to_owned()),
        ("server.address", "127.0.0.1".to_owned()),
    ];
    assert_eq!(Vec::from_iter(attributes), expected);
}

#[wasm_bindgen_test]
async fn a_foreign_origin_sees_no_trace_even_through_the_patch() {
    start();
    Request::get("http://localhost:1/status/200?typed-foreign")
        .send_traced()
        .await
        .unwrap();
    assert_eq!(call_to("?typed-foreign").header("traceparent"), None);
    assert_eq!(client_span("?typed-foreign").await.error(), None);
}

#[wasm_bindgen_test]
async fn failures_are_errors() {
    start();
    let response = Request::get("/status/500?typed-500")
        .send_traced()
        .await
        .unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(
        client_span("?typed-500")
            .await
            .attribute("error.type")
            .as_deref(),
        Some("500")
    );

    let error = Request::get("/broken?typed")
        .send_traced()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("Failed to fetch"), "{error}");
    let client = client_span("/broken?typed").await;
    assert_eq!(client.attribute("error.type").as_deref(), Some("TypeError"));
    assert_eq!(client.error(), Some("Failed to fetch"));
}

#[wasm_bindgen_test]
async fn an_abort_is_cancelled_whatever_its_reason() {
    start();
    for (path, reason) in [
        ("/hang?typed-abort", None),
        ("/hang?typed-abort-text", Some("the person went on")),
    ] {
        let controller = AbortController::new().unwrap();
        let request = Request::get(path).abort_signal(Some(&controller.signal()));
        opentelemetry_browser::spawn(async move {
            match reason {
                Some(reason) => controller.abort_with_reason(&reason.into()),
                None => controller.abort(),
            }
        });
        let error = request.send_traced().await.unwrap_err();
        assert!(
            error.to_string().contains(reason.unwrap_or("AbortError")),
            "{error}"
        );
        let client = client_span(path).await;
        assert_eq!(client.attribute("cancelled").as_deref(), Some("true"));
        assert_eq!(client.error(), None);
    }
}

#[wasm_bindgen_test]
async fn a_dropped_request_ends_its_span_once() {
    start();
    let mut sending = Box::pin(Request::get("/hang?typed-dropped").send_traced());
    let pending = poll_once(sending.as_mut()).await;
    assert!(pending.is_none());
    let_tasks_run().await;
    drop(sending);
    let client = client_span("?typed-dropped").await;
    assert_eq!(client.attribute("cancelled").as_deref(), Some("true"));
    assert_eq!(client.error(), None);
}

/// Polls a future a single time.
pub(crate) async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|task| match future.as_mut().poll(task) {
        std::task::Poll::Ready(output) => std::task::Poll::Ready(Some(output)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}
