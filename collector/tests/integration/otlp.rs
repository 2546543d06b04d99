//! What the OTLP specification asks of a receiver over HTTP: one test for each rule.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message;
use serde_json::json;

use crate::host::{Host, exchange};
use crate::sample::{gzip, one_json, request, span, status};

pub(crate) const PROTOBUF: &str = "application/x-protobuf";
pub(crate) const JSON: &str = "application/json";

/// Sends one span in JSON and returns it as it is read back.
pub(crate) fn taken_json(members: &str) -> trace_model::Span {
    let host = Host::start();
    let answer = host.post(JSON, one_json(members).as_bytes());
    assert_eq!(
        (answer.status, answer.text()),
        (200, "{}".to_owned()),
        "{members}"
    );
    host.spans_of(1).remove(0)
}

#[test]
fn protobuf_is_answered_in_protobuf() {
    let host = Host::start();
    let answer = host.post(PROTOBUF, &request("shop", vec![span(1, 2)]).encode_to_vec());
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, PROTOBUF)
    );
    let response = ExportTraceServiceResponse::decode(answer.body.as_slice()).unwrap();
    assert_eq!(response.partial_success, None);
    assert_eq!(host.spans_of(1).len(), 1);
}

#[test]
fn json_is_answered_in_json() {
    let host = Host::start();
    let body = serde_json::to_vec(&request("shop", vec![span(1, 2)])).unwrap();
    let answer = host.post(JSON, &body);
    assert_eq!(
        (answer.status, answer.header("content-type"), answer.text()),
        (200, JSON, "{}".to_owned())
    );
    assert_eq!(host.spans_of(1)[0].service, "shop");
}

#[test]
fn content_types_may_have_parameters_and_any_case() {
    let host = Host::start();
    for content_type in [
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
    ] {
        assert_eq!(host.post(content_type, b"{}").status, 200, "{content_type}");
    }
}

#[test]
fn another_content_type_is_refused_with_415() {
    let host = Host::start();
    for headers in [
        "",
        "content-type: text/plain\r\n",
        "content-type: application/jsonx\r\n",
        "content-type: \r\n",
    ] {
        let answer = host.post_with(headers, b"{}");
        assert_eq!(
            (answer.status, answer.json()["code"].clone()),
            (415, json!(3)),
            "{headers:?}"
        );
    }
}

#[test]
fn another_method_is_refused_with_405() {
    let answer = exchange(Host::start().otlp, "GET /v1/traces HTTP/1.1\r\n", b"");
    assert_eq!((answer.status, answer.header("allow")), (405, "POST"));
    assert_eq!(answer.header("content-type"), "application/problem+json");
}

#[test]
fn another_path_is_told_the_right_ones() {
    let host = Host::start();
    for path in ["/v1/profiles", "/v1/traces/", "/"] {
        let head = format!("POST {path} HTTP/1.1\r\ncontent-length: 0\r\n");
        let answer = exchange(host.otlp, &head, b"");
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.text().contains("/v1/traces"), "{}", answer.text());
    }
}

#[test]
fn an_empty_request_is_a_success() {
    let host = Host::start();
    assert_eq!(host.post(PROTOBUF, b"").status, 200);
    for body in [
        "{}",
        r#"{"resourceSpans":[]}"#,
        r#"{"resourceSpans":[{}]}"#,
        r#"{"resourceSpans":null}"#,
    ] {
        assert_eq!(host.post(JSON, body.as_bytes()).text(), "{}", "{body}");
    }
    assert_eq!(host.counters().spans_received, 0);
}

#[test]
fn gzip_is_inflated() {
    let host = Host::start();
    let body = gzip(&request("shop", vec![span(1, 2)]).encode_to_vec());
    let answer = host.post_with(
        &format!("content-type: {PROTOBUF}\r\ncontent-encoding: gzip\r\n"),
        &body,
    );
    assert_eq!(answer.status, 200);
    assert_eq!(host.spans_of(1).len(), 1);
}

#[test]
fn a_broken_gzip_body_is_a_bad_request() {
    let host = Host::start();
    let whole = gzip(&request("shop", vec![span(1, 2)]).encode_to_vec());
    for body in [&b"not gzip"[..], &whole[..whole.len() - 9]] {
        let answer = host.post_with(
            &format!("content-type: {PROTOBUF}\r\ncontent-encoding: gzip\r\n"),
            body,
        );
        assert_eq!((answer.status, status(&answer).0), (400, 3));
    }
    assert_eq!(host.counters().spans_received, 0);
}

#[test]
fn another_content_encoding_is_refused_with_415() {
    let host = Host::start();
    for encoding in ["br", "gzip, gzip", "deflate"] {
        let headers = format!("content-type: {JSON}\r\ncontent-encoding: {encoding}\r\n");
        assert_eq!(host.post_with(&headers, b"{}").status, 415, "{encoding}");
    }
    assert_eq!(
        host.post_with(
            &format!("content-type: {JSON}\r\ncontent-encoding: identity\r\n"),
            b"{}"
        )
        .status,
        200
    );
}

#[test]
fn a_bad_payload_is_a_400_with_a_status_in_the_requests_content_type() {
    let host = Host::start();
    let answer = host.post(PROTOBUF, &[0xff, 0xff]);
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (400, PROTOBUF)
    );
    let (code, message) = status(&answer);
    assert_eq!(code, 3);
    assert!(!message.is_empty());

    for body in [
        "",
        "[",
        "[]",
        "null",
        r#"{"resourceSpans":{}}"#,
        r#"{"resourceSpans":[1]}"#,
        "{} {}",
    ] {
        let answer = host.post(JSON, body.as_bytes());
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (400, JSON),
            "{body}"
        );
        assert_eq!(answer.json()["code"], 3);
        assert_ne!(answer.json()["message"], "");
    }
    assert_eq!(
        host.post(JSON, b"{\"resourceSpans\":[],\"x\":\"\xff\"}")
            .status,
        400,
        "JSON is UTF-8"
    );
    assert_eq!(host.counters().requests_refused, 9);
}

#[test]
fn nothing_of_a_bad_payload_is_taken() {
    let host = Host::start();
    let mut body = request("shop", vec![span(1, 2)]).encode_to_vec();
    body.extend([1 << 3 | 2, 200]);
    assert_eq!(host.post(PROTOBUF, &body).status, 400);
    let good = r#"{"traceId":"00000000000000000000000000000001","spanId":"0000000000000002"}"#;
    let body =
        format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{good},{{"name":5}}]}}]}}]}}"#);
    assert_eq!(host.post(JSON, body.as_bytes()).status, 400);
    assert_eq!(host.counters().spans_received, 0);
}

#[test]
fn spans_with_invalid_ids_are_a_partial_success() {
    let host = Host::start();
    let mut spans = vec![
        span(1, 2),
        span(0, 3),
        span(1, 0),
        span(1, 4),
        span(1, 5),
        span(1, 6),
    ];
    spans[3].trace_id.pop();
    spans[4].span_id.push(1);
    spans[5].parent_span_id = vec![1, 2, 3];
    let request = request("shop", spans);

    let answer = host.post(PROTOBUF, &request.encode_to_vec());
    assert_eq!(answer.status, 200);
    let partial = ExportTraceServiceResponse::decode(answer.body.as_slice())
        .unwrap()
        .partial_success
        .unwrap();
    assert_eq!(partial.rejected_spans, 5);
    assert_eq!(
        partial.error_message,
        "spans not taken: 5 with an invalid trace or span id"
    );

    let answer = host.post(JSON, &serde_json::to_vec(&request).unwrap());
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({"partialSuccess": {"rejectedSpans": "5", "errorMessage": partial.error_message}})
    );
    assert_eq!(host.spans_of(1).len(), 1);
}

#[test]
fn snake_case_keys_are_no_ids() {
    let host = Host::start();
    let body = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"trace_id":"00000000000000000000000000000001","span_id":"0000000000000002"}]}]}]}"#;
    assert_eq!(
        host.post(JSON, body.as_bytes()).json()["partialSuccess"]["rejectedSpans"],
        "1"
    );
}

#[test]
fn int64_in_json_may_be_number_or_string() {
    for number in ["12", r#""12""#] {
        let span = taken_json(&format!(
            r#","startTimeUnixNano":{number},"attributes":[{{"key":"k","value":{{"intValue":{number}}}}}]"#
        ));
        assert_eq!(span.start_ns, 12);
        assert_eq!(span.attribute("k"), Some(&trace_model::Value::Int(12)));
    }
}

#[test]
fn ids_in_json_are_hex_of_either_case() {
    let span = taken_json(r#","parentSpanId":"00F067aa0BA902B7""#);
    assert_eq!(span.parent_id.unwrap().to_string(), "00f067aa0ba902b7");
}

#[test]
fn enums_in_json_are_integers() {
    assert_eq!(
        taken_json(r#","kind":3,"status":{"code":1}"#).kind,
        trace_model::Kind::Client
    );
    let answer = Host::start().post(JSON, one_json(r#","kind":"SPAN_KIND_CLIENT""#).as_bytes());
    assert_eq!(answer.status, 400);
}

#[test]
fn null_in_json_is_absent_and_unknown_fields_are_ignored() {
    let odd = taken_json(
        r#","parentSpanId":null,"attributes":[{"key":"k","value":{"arrayValue":{}}},{"key":"m","value":{"kvlistValue":{"values":null}}},
        {"key":"n","value":{"future":1}}],"events":null,"status":null,"future":{"deep":[1,null]}"#,
    );
    assert_eq!(odd.parent_id, None);
    assert_eq!(
        odd.attribute("k"),
        Some(&trace_model::Value::Array(Vec::new()))
    );
    assert_eq!(
        odd.attribute("m"),
        Some(&trace_model::Value::Map(Vec::new()))
    );
}

#[test]
fn chunked_bodies_are_taken() {
    let host = Host::start();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\ncontent-type: {JSON}\r\ntransfer-encoding: chunked\r\n"
    );
    assert_eq!(
        exchange(host.otlp, &head, b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n").text(),
        "{}"
    );
}
