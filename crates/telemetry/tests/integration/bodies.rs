//! When the SERVER span of a response ends: with its body, however that ends.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt;
use insta::assert_snapshot;
use telemetry::http::ServerLayer;
use telemetry::in_span;
use telemetry::testing::record;
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Body, ok, request};

/// A body of one part and then, when asked again, its end or an error.
struct Parts {
    next: Vec<Result<&'static str, &'static str>>,
}

impl From<String> for Parts {
    fn from(_: String) -> Self {
        Parts { next: vec![] }
    }
}

impl http_body::Body for Parts {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        in_span("body", |_| ());
        let part = self.next.pop();
        Poll::Ready(part.map(|part| part.map(|text| Frame::data(text.into()))))
    }
}

async fn streamed(
    next: Vec<Result<&'static str, &'static str>>,
) -> Response<telemetry::http::TracedBody<Parts>> {
    record();
    let body = std::sync::Mutex::new(Some(Parts { next }));
    let service = service_fn(move |_: Request<Body>| {
        let body = body.lock().unwrap().take().expect("called once");
        std::future::ready(Ok::<_, Infallible>(Response::new(body)))
    });
    ServerLayer::new()
        .layer(service)
        .oneshot(request("/", &[]))
        .await
        .unwrap()
}

fn trace(response: &Response<impl Sized>) -> opentelemetry::TraceId {
    let own = response.headers()["traceresponse"].to_str().unwrap();
    opentelemetry::TraceId::from_hex(&own[3..35]).unwrap()
}

#[tokio::test]
async fn the_span_lasts_until_the_body_is_complete() {
    let recorder = record();
    let response = streamed(vec![Ok("part")]).await;
    let trace = trace(&response);
    assert_eq!(recorder.render(trace), "", "the head alone does not end it");
    response.into_body().collect().await.unwrap();
    assert_snapshot!(recorder.render(trace), @r"
    GET SERVER {http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, url.path=/, url.scheme=http}
      body INTERNAL
      body INTERNAL
    ");
}

#[tokio::test]
async fn a_body_that_breaks_is_an_error() {
    let response = streamed(vec![Err("lost"), Ok("part")]).await;
    let trace = trace(&response);
    assert_eq!(response.into_body().collect().await.err(), Some("lost"));
    assert_snapshot!(record().render(trace), @r"
    GET SERVER {error.type=body, http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, url.path=/, url.scheme=http} [error: lost]
      body INTERNAL
      body INTERNAL
    ");
}

#[tokio::test]
async fn a_body_that_is_dropped_is_a_cancellation() {
    let response = streamed(vec![Ok("part")]).await;
    let trace = trace(&response);
    drop(response);
    assert_snapshot!(record().render(trace), @"GET SERVER {cancelled=true, http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, url.path=/, url.scheme=http}");
}

#[tokio::test]
async fn an_answer_to_head_is_complete_without_a_body() {
    let mut head = request("/", &[]);
    *head.method_mut() = Method::HEAD;
    let recorder = record();
    let response = ServerLayer::new()
        .layer(service_fn(|_: Request<Body>| {
            std::future::ready(ok(200, "fine"))
        }))
        .oneshot(head)
        .await
        .unwrap();
    assert!(
        !response.body().is_end_stream(),
        "hyper drops such a body unread"
    );
    let trace = trace(&response);
    drop(response);
    assert_snapshot!(recorder.render(trace), @"HEAD SERVER {http.request.method=HEAD, http.response.status_code=200, network.protocol.version=1.1, url.path=/, url.scheme=http}");
}
