//! A process that never sets telemetry up: everything runs, nothing is recorded, a caller's trace is passed on.

use std::convert::Infallible;
use std::fmt;
use std::process::Command;

use http::{Request, Response};
use telemetry::http::{ClientLayer, ErrorType, ServerLayer};
use telemetry::{Context, TraceContextExt, in_span, in_span_async, trace_id};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Body, request};

const PARENT: &str = "00-9af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-03";

/// The recorder of the other tests would be set up in the same process.
#[test]
fn nothing_is_needed_for_work_to_be_done() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "untraced::child", "--ignored"])
        .output()
        .unwrap();
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stdout)
    );
}

#[derive(Debug)]
struct Never;

impl fmt::Display for Never {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl ErrorType for Never {
    fn error_type(&self) -> &'static str {
        "never"
    }
}

/// Passes the request on and answers with the headers it was passed on with.
async fn pass_on(incoming: Request<Body>) -> Result<Response<Body>, Infallible> {
    let echo = service_fn(async |request: Request<Body>| {
        let mut response = Response::new(Body::default());
        *response.headers_mut() = request.headers().clone();
        Ok::<_, Never>(response)
    });
    let onward = request(&format!("http://shop.example{}", incoming.uri()), &[]);
    let response = ClientLayer::new()
        .layer(echo)
        .oneshot(onward)
        .await
        .unwrap();
    let mut answer = Response::new(Body::default());
    *answer.headers_mut() = response.headers().clone();
    Ok(answer)
}

#[tokio::test]
#[ignore = "runs in a process of its own"]
async fn child() {
    let done = in_span("outer", |cx| {
        assert!(!cx.span().span_context().is_valid());
        in_span("inner", |_| 1)
    });
    assert_eq!(done + in_span_async("waiting", async |_| 2).await, 3);
    assert_eq!(trace_id(&Context::current()), "");

    let server = ServerLayer::new().layer(service_fn(pass_on));
    let headers = [("traceparent", PARENT), ("tracestate", "a@b@c=1")];
    let answer = server
        .clone()
        .oneshot(request("/", &headers))
        .await
        .unwrap();
    assert_eq!(answer.headers()["traceparent"], PARENT);
    assert_eq!(answer.headers()["tracestate"], "a@b@c=1");
    assert!(
        !answer.headers().contains_key("traceresponse"),
        "there is no span to name"
    );

    let answer = server.oneshot(request("/", &[])).await.unwrap();
    assert!(answer.headers().is_empty());
}
