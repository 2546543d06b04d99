//! The CLIENT span of a request: its attributes, the headers it sends, its status and end.

use std::fmt;

use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use insta::assert_snapshot;
use opentelemetry::TraceId;
use telemetry::http::{ClientLayer, ErrorType};
use telemetry::testing::record;
use telemetry::{TraceContextExt, in_span_async};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Body, request};

#[derive(Debug)]
struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot connect")
    }
}

impl ErrorType for Refused {
    fn error_type(&self) -> &'static str {
        "connect"
    }
}

/// Makes one request inside a span `work`; gives the headers that the server got, and the trace.
async fn send(request: Request<Body>, status: Option<u16>) -> (Option<HeaderMap>, TraceId) {
    record();
    in_span_async("work", async |cx| {
        let service = service_fn(async |request: Request<Body>| {
            let status = status.ok_or(Refused)?;
            let mut response = Response::new(Body::from("answer"));
            *response.status_mut() = status.try_into().unwrap();
            *response.headers_mut() = request.headers().clone();
            Ok::<_, Refused>(response)
        });
        let client = ClientLayer::new().redact_query(&["q"]).layer(service);
        let sent = match client.oneshot(request).await {
            Ok(response) => {
                let (head, body) = response.into_parts();
                body.collect().await.unwrap();
                Some(head.headers)
            }
            Err(Refused) => None,
        };
        (sent, cx.span().span_context().trace_id())
    })
    .await
}

#[tokio::test]
async fn a_request_carries_its_own_span_in_place_of_older_headers() {
    let stale = [
        ("traceparent", "00-1-2-01"),
        ("traceparent", "second"),
        ("tracestate", "a=1"),
    ];
    let (sent, trace) = send(request("http://shop.example/search", &stale), Some(200)).await;
    let sent = sent.unwrap();
    let tree = record().tree(trace);
    let client = tree.spans().iter().find(|span| span.name == "GET").unwrap();
    assert_eq!(sent.get_all("traceparent").iter().count(), 1);
    assert_eq!(
        sent["traceparent"],
        format!("00-{trace}-{}-03", client.span_id)
    );
    assert!(
        !sent.contains_key("tracestate"),
        "never an empty one, never somebody else's"
    );
    assert_snapshot!(record().render(trace), @r"
    work INTERNAL
      GET CLIENT {http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, server.address=shop.example, server.port=…, url.full=…}
    ");
}

#[tokio::test]
async fn an_address_is_recorded_without_secrets() {
    let url = "http://user:password@shop.example:8080/search?q=love&sig=abc&limit=3";
    let (_, trace) = send(request(url, &[]), Some(200)).await;
    let tree = record().tree(trace);
    let value = |key| tree.span(1).attribute(key).unwrap().to_string();
    assert_eq!(
        value("url.full"),
        "http://shop.example:8080/search?q=REDACTED&sig=REDACTED&limit=3"
    );
    assert_eq!(
        (value("server.address"), value("server.port")),
        ("shop.example".into(), "8080".into())
    );
}

#[tokio::test]
async fn a_status_from_400_and_no_answer_are_the_clients_errors() {
    let (_, trace) = send(request("http://shop.example/", &[]), Some(404)).await;
    assert_snapshot!(record().render(trace), @r"
    work INTERNAL
      GET CLIENT {error.type=404, http.request.method=GET, http.response.status_code=404, network.protocol.version=1.1, server.address=shop.example, server.port=…, url.full=…} [error: Not Found]
    ");
    let (sent, trace) = send(request("http://shop.example/", &[]), None).await;
    assert!(sent.is_none());
    assert_snapshot!(record().render(trace), @r"
    work INTERNAL
      GET CLIENT {error.type=connect, http.request.method=GET, server.address=shop.example, server.port=…, url.full=…} [error: cannot connect]
    ");
}

#[tokio::test]
async fn a_request_that_is_given_up_is_cancelled() {
    record();
    let trace = in_span_async("work", async |cx| {
        let never = service_fn(|_: Request<Body>| {
            std::future::pending::<Result<Response<Body>, Refused>>()
        });
        let sent = ClientLayer::new()
            .layer(never)
            .oneshot(request("http://shop.example/", &[]));
        tokio::select! {
            biased;
            _ = sent => unreachable!("the server never answers"),
            () = std::future::ready(()) => (),
        }
        cx.span().span_context().trace_id()
    })
    .await;
    assert_snapshot!(record().render(trace), @r"
    work INTERNAL
      GET CLIENT {cancelled=true, http.request.method=GET, server.address=shop.example, server.port=…, url.full=…}
    ");
}
