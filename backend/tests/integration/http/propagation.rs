//! Trace context that comes in: continued where it may be, else exactly one fresh trace.

use axum::body::Body;
use axum::http::Request;

use super::ready;
use crate::support::{Answer, ParseTraceId, recorder};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

async fn asked_with(headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get("/trace-context");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    ready().send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_trace_is_continued_with_its_state() {
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let answer = asked_with(&[
        ("traceparent", &traceparent),
        ("tracestate", "a=1"),
        ("tracestate", "b=2"),
    ])
    .await;
    let told = answer.json();
    assert_eq!(told["trace_id"], TRACE);
    assert_eq!(told["trace_flags"], "01");
    let span_id = told["span_id"].as_str().unwrap();
    assert_ne!(span_id, PARENT);
    assert_eq!(
        told["trace_context"]["traceparent"],
        format!("00-{TRACE}-{span_id}-01")
    );
    assert_eq!(told["trace_context"]["tracestate"], "a=1,b=2");
    assert_eq!(
        answer.header("traceresponse"),
        format!("00-{TRACE}-{span_id}-01")
    );
    let timing = answer.header("server-timing");
    let served = format!("trace;desc=\"00-{TRACE}-{span_id}-01\", clock;desc=\"");
    assert!(timing.starts_with(&served), "{timing}");
}

#[tokio::test]
async fn a_future_version_is_continued() {
    let trace = "5bf92f3577b34da6a3ce929d0e0e4736";
    for traceparent in [
        format!("cc-{trace}-{PARENT}-01"),
        format!("01-{trace}-{PARENT}-01-more"),
    ] {
        let answer = asked_with(&[("traceparent", &traceparent)]).await;
        assert_eq!(answer.trace_id(), trace, "{traceparent}");
    }
}

#[tokio::test]
async fn everything_else_gives_exactly_one_fresh_trace() {
    let good = format!("00-{TRACE}-{PARENT}-01");
    let cases: [&[&str]; 9] = [
        &[],
        &["garbage"],
        &[&good, &good],
        &[&format!("00-{}-{PARENT}-01", "0".repeat(32))],
        &[&format!("00-{TRACE}-{}-01", "0".repeat(16))],
        &[&format!("ff-{TRACE}-{PARENT}-01")],
        &[&format!("00-{TRACE}-{PARENT}-01-more")],
        &[&format!("00-{}-{PARENT}-01", TRACE.to_uppercase())],
        &[&format!("00-{TRACE}-{PARENT}-1")],
    ];
    for lines in cases {
        let headers: Vec<(&str, &str)> = lines.iter().map(|line| ("traceparent", *line)).collect();
        let answer = asked_with(&headers).await;
        assert_ne!(answer.trace_id(), TRACE, "{lines:?}");
        assert_eq!(answer.json()["trace_id"], answer.trace_id(), "{lines:?}");
        let tree = recorder().tree(answer.trace_id().parse_trace_id());
        assert_eq!(tree.spans().len(), 1, "{lines:?}");
        assert_eq!(tree.spans()[0].parent_id, None, "{lines:?}");
    }
}

#[tokio::test]
async fn a_trace_that_is_not_sampled_is_passed_on_and_not_exported() {
    let trace = "6bf92f3577b34da6a3ce929d0e0e4736";
    let request =
        Request::get("/search?q=whale").header("traceparent", format!("00-{trace}-{PARENT}-00"));
    let answer = ready().send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.json()["total_matches"], 2);
    assert!(
        answer
            .header("traceresponse")
            .starts_with(&format!("00-{trace}-"))
    );
    assert!(answer.header("traceresponse").ends_with("-00"));
    assert_eq!(answer.trace(), "");
}
