//! `/otlp`: what the public may send, in whose name, and how much of it.

mod content;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;

use crate::support::{Answer, Behind, Site};

const TRACES: &str = "/otlp/v1/traces";
const PROTOBUF: (&str, &str) = ("content-type", "application/x-protobuf");
const SAME_ORIGIN: (&str, &str) = ("sec-fetch-site", "same-origin");

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn span() -> Span {
    Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: "work".to_owned(),
        ..Span::default()
    }
}

fn export(attributes: Vec<KeyValue>, spans: Vec<Span>) -> ExportTraceServiceRequest {
    let resource = Resource {
        attributes,
        ..Resource::default()
    };
    let scope_spans = vec![ScopeSpans {
        spans,
        ..ScopeSpans::default()
    }];
    let of_page = ResourceSpans {
        resource: Some(resource),
        scope_spans,
        ..ResourceSpans::default()
    };
    // A second one without any resource is signed as well.
    let bare = ResourceSpans {
        resource: None,
        ..of_page.clone()
    };
    ExportTraceServiceRequest {
        resource_spans: vec![of_page, bare],
    }
}

async fn send(site: &Site, export: &ExportTraceServiceRequest) -> Answer {
    site.send(
        "POST",
        TRACES,
        &[PROTOBUF, SAME_ORIGIN],
        &export.encode_to_vec(),
    )
    .await
}

/// What the receiver got of an export that was taken.
async fn forwarded(site: &Site, answer: Answer) -> ExportTraceServiceRequest {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let received = site.behind.receive().await;
    assert_eq!(
        (received.target.as_str(), received.method.as_str()),
        ("/v1/traces", "POST")
    );
    assert_eq!(received.headers["content-type"], "application/x-protobuf");
    ExportTraceServiceRequest::decode(received.body).unwrap()
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn json_is_understood_and_goes_on_as_protobuf() {
    let site = Site::start().await;
    let body = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"x"}}]},
        "scopeSpans":[{"spans":[{"traceId":"01010101010101010101010101010101","spanId":"0202020202020202",
        "name":"work","kind":1,"startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}"#;
    let headers = [
        ("content-type", "Application/JSON; charset=utf-8"),
        SAME_ORIGIN,
    ];
    let answer = site
        .send("POST", "/otlp/v1/traces", &headers, body.as_bytes())
        .await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, "application/json")
    );
    assert_eq!(answer.text(), r#"{"partialSuccess":null}"#);
    let received = site.behind.receive().await;
    let export = ExportTraceServiceRequest::decode(received.body).unwrap();
    let of_page = &export.resource_spans[0];
    assert_eq!(
        of_page.resource.as_ref().unwrap().attributes,
        [text("service.name", "gutenberg-frontend")]
    );
    assert_eq!(of_page.scope_spans[0].spans[0].name, "work");
}

#[tokio::test]
async fn only_the_page_of_this_origin_may_send() {
    let site = Site::start().await;
    let body = export(vec![], vec![span()]).encode_to_vec();
    let own = format!("http://{}", site.address);
    for origin in [("origin", &*own), SAME_ORIGIN] {
        assert_eq!(
            site.send("POST", TRACES, &[PROTOBUF, origin], &body)
                .await
                .status,
            200,
            "{origin:?}"
        );
        site.behind.receive().await;
    }
    let foreign: [&[(&str, &str)]; 5] = [
        &[],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", &own), ("sec-fetch-site", "cross-site")],
    ];
    for headers in foreign {
        let headers: Vec<_> = headers.iter().copied().chain([PROTOBUF]).collect();
        site.send("POST", TRACES, &headers, &body)
            .await
            .problem(403);
    }
    assert!(site.behind.received().is_none());
}

#[tokio::test]
async fn only_otlp_is_taken() {
    let site = Site::start().await;
    let body = export(vec![], vec![span()]).encode_to_vec();
    for content_type in [
        "",
        "text/plain",
        "application/protobuf",
        "multipart/form-data",
    ] {
        let headers = [("content-type", content_type), SAME_ORIGIN];
        site.send("POST", TRACES, &headers, &body)
            .await
            .problem(415);
    }
    for encoding in ["br", "deflate", "gzip, gzip", "zstd"] {
        let headers = [PROTOBUF, SAME_ORIGIN, ("content-encoding", encoding)];
        site.send("POST", TRACES, &headers, &body)
            .await
            .problem(415);
    }
    for garbage in [&b"\xff\xff\xff"[..], b"{}", &body[..body.len() - 1]] {
        let answer = site
            .send("POST", TRACES, &[PROTOBUF, SAME_ORIGIN], garbage)
            .await;
        assert_eq!(answer.problem(400), "The body is no OTLP protobuf.");
    }
    let json = [("content-type", "application/json"), SAME_ORIGIN];
    for garbage in ["", "[", r#"{"resourceSpans":1}"#, &"[".repeat(100_000)] {
        site.send("POST", TRACES, &json, garbage.as_bytes())
            .await
            .problem(400);
    }
    for method in ["GET", "PUT", "DELETE", "OPTIONS"] {
        assert_eq!(
            site.send(method, TRACES, &[PROTOBUF, SAME_ORIGIN], &body)
                .await
                .status,
            405
        );
    }
    assert!(site.behind.received().is_none());
}

#[tokio::test]
async fn a_request_is_limited_before_and_after_decompression() {
    let site = Site::start().await;
    let zipped = [PROTOBUF, SAME_ORIGIN, ("content-encoding", "gzip")];
    let body = gzip(&export(vec![], vec![span()]).encode_to_vec());
    let answer = site.send("POST", TRACES, &zipped, &body).await;
    assert_eq!(
        forwarded(&site, answer).await.resource_spans[0].scope_spans[0].spans,
        [span()]
    );

    let plain = [PROTOBUF, SAME_ORIGIN];
    site.send("POST", TRACES, &plain, &vec![0; 1024 * 1024 + 1])
        .await
        .problem(413);
    let bomb = gzip(&vec![0; 64 * 1024 * 1024]);
    assert!(bomb.len() < 100_000);
    site.send("POST", TRACES, &zipped, &bomb).await.problem(413);
    assert_eq!(
        site.send("POST", TRACES, &zipped, b"no gzip")
            .await
            .problem(400),
        "The body is no gzip."
    );
    site.send("POST", TRACES, &zipped, &body[..body.len() - 9])
        .await
        .problem(400);
    assert!(site.behind.received().is_none());
}

#[tokio::test]
async fn a_client_that_sends_too_often_has_to_wait() {
    let site = Site::start().await;
    // Refused for their content type, yet counted.
    let mut refused = 0;
    let limited = loop {
        let answer = site.send("POST", TRACES, &[SAME_ORIGIN], b"").await;
        if answer.status == 429 {
            break answer;
        }
        assert_eq!(answer.status, 415);
        refused += 1;
        assert!(refused < 10_000, "the bucket is never empty");
    };
    assert!(refused >= 120, "{refused} requests were taken");
    assert_eq!(
        limited.problem(429),
        "This client sends telemetry too often."
    );
    assert_eq!(limited.header("retry-after"), "1");
    assert_eq!(
        site.get("/api/books").await.status,
        200,
        "the API is not affected"
    );
}

#[tokio::test]
async fn a_receiver_that_is_away_or_busy_is_said_so() {
    let body = export(vec![], vec![span()]);
    let away = Site::alone().await;
    let answer = send(&away, &body).await;
    assert_eq!(
        answer.problem(503),
        "The receiver of telemetry does not answer."
    );
    assert_eq!(answer.header("retry-after"), "5");

    let behind = Behind::start().await;
    let url = format!("http://{}/busy", behind.address);
    let busy = Site::before(behind, &["--otlp-url", &url]).await;
    let answer = send(&busy, &body).await;
    assert_eq!(
        answer.problem(429),
        "The receiver of telemetry refused the request."
    );
    assert_eq!(answer.header("retry-after"), "7");

    let behind = Behind::start().await;
    let url = format!("http://{}/garbage", behind.address);
    let garbled = Site::before(behind, &["--otlp-url", &url]).await;
    let json = [("content-type", "application/json"), SAME_ORIGIN];
    let answer = garbled
        .send("POST", TRACES, &json, br#"{"resourceSpans":[]}"#)
        .await;
    assert_eq!(answer.problem(503), "The receiver's answer cannot be read.");
}
