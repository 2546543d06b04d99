//! What the OTLP specification asks of a receiver over HTTP: one test for each rule.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use collector::otlp::Limits;
use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use proptest::prelude::*;
use prost::Message;
use serde_json::json;

use crate::host::{Answer, Host, exchange};
use crate::sample::{attribute, request, span};

const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

/// One span in JSON, with these members besides its ids.
fn one_json(members: &str) -> String {
    let ids = r#""traceId":"00000000000000000000000000000001","spanId":"0000000000000002""#;
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{ids}{members}}}]}}]}}]}}"#)
}

/// Sends one span in JSON and returns it as it is read back.
fn taken_json(members: &str) -> trace_model::Span {
    let host = Host::start();
    let answer = host.post(JSON, one_json(members).as_bytes());
    assert_eq!(
        (answer.status, answer.text()),
        (200, "{}".to_owned()),
        "{members}"
    );
    host.spans_of(1).remove(0)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Code and message of a `google.rpc.Status` in protobuf.
fn status(answer: &Answer) -> (u64, String) {
    let mut rest = answer.body.as_slice();
    assert_eq!(
        prost::encoding::decode_varint(&mut rest).unwrap(),
        1 << 3,
        "field 1, a number"
    );
    let code = prost::encoding::decode_varint(&mut rest).unwrap();
    assert_eq!(
        prost::encoding::decode_varint(&mut rest).unwrap(),
        2 << 3 | 2,
        "field 2, a text"
    );
    let length = prost::encoding::decode_varint(&mut rest).unwrap();
    assert_eq!(length as usize, rest.len());
    (code, String::from_utf8(rest.to_vec()).unwrap())
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
fn logs_and_metrics_are_not_pretended_to_be_received() {
    let host = Host::start();
    for path in ["/v1/logs", "/v1/metrics", "/"] {
        let answer = exchange(
            host.otlp,
            &format!("POST {path} HTTP/1.1\r\ncontent-length: 0\r\n"),
            b"",
        );
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
fn a_body_of_more_than_64_mib_after_inflation_is_refused_with_413() {
    let host = Host::start();
    let headers = format!("content-type: {JSON}\r\ncontent-encoding: gzip\r\n");
    let blanks = |length: usize| {
        let mut body = vec![b' '; length];
        body[..2].copy_from_slice(b"{}");
        gzip(&body)
    };
    assert_eq!(
        host.post_with(&headers, &blanks(64 << 20)).status,
        200,
        "the limit itself is allowed"
    );
    let answer = host.post_with(&headers, &blanks((64 << 20) + 1));
    assert_eq!(
        (answer.status, answer.json()["code"].clone()),
        (413, json!(8))
    );
}

#[test]
fn a_sender_of_too_large_a_body_gets_to_read_the_413() {
    let host = Host::with(
        8 << 20,
        Limits {
            body_max_bytes: 1 << 20,
            ..Limits::default()
        },
    );
    let answer = host.post(PROTOBUF, &vec![0; 16 << 20]);
    assert_eq!((answer.status, status(&answer).0), (413, 8));
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
fn a_span_larger_than_a_mebibyte_is_rejected_and_the_others_are_taken() {
    let host = Host::start();
    let mut large = span(1, 2);
    large.attributes = vec![attribute("text", Value::StringValue("x".repeat(1 << 20)))];
    let request = request("shop", vec![large, span(1, 3)]);
    for (content_type, body) in [
        (PROTOBUF, request.encode_to_vec()),
        (JSON, serde_json::to_vec(&request).unwrap()),
    ] {
        let answer = host.post(content_type, &body);
        assert_eq!(answer.status, 200);
        assert!(
            String::from_utf8_lossy(&answer.body).contains("1 larger than this collector takes"),
            "{content_type}"
        );
    }
    assert_eq!(host.spans_of(1).len(), 1);
}

#[test]
fn spans_of_a_resource_that_is_too_large_are_rejected() {
    let host = Host::start();
    let request = request(&"x".repeat(100 << 10), vec![span(1, 2), span(1, 3)]);
    for (content_type, body) in [
        (PROTOBUF, request.encode_to_vec()),
        (JSON, serde_json::to_vec(&request).unwrap()),
    ] {
        let answer = host.post(content_type, &body);
        assert!(
            String::from_utf8_lossy(&answer.body).contains("2 larger than this collector takes"),
            "{content_type}"
        );
    }
    assert_eq!(
        (host.counters().spans_rejected, host.counters().traces_held),
        (4, 0)
    );
}

#[test]
fn who_finds_no_memory_left_is_told_to_come_back() {
    let host = Host::with(
        8 << 20,
        Limits {
            in_flight_max_bytes: 64 << 10,
            ..Limits::default()
        },
    );
    let answer = host.post(PROTOBUF, &vec![0; 65 << 10]);
    assert_eq!(
        (
            answer.status,
            answer.header("retry-after"),
            status(&answer).0
        ),
        (503, "1", 14)
    );
    host.send(&request("shop", vec![span(1, 2)]));
    let bomb = gzip(&vec![0; 1 << 20]);
    let headers = format!("content-type: {PROTOBUF}\r\ncontent-encoding: gzip\r\n");
    assert_eq!(host.post_with(&headers, &bomb).status, 503);
    for _ in 0..100 {
        // What a body took is given back, or a hundred of them would not find room.
        host.send(&request(&"x".repeat(2_000), vec![span(1, 2)]));
    }
}

#[test]
fn a_body_that_does_not_arrive_is_given_up() {
    let host = Host::with(
        8 << 20,
        Limits {
            body_timeout: Duration::from_millis(50),
            ..Limits::default()
        },
    );
    let mut stream = TcpStream::connect(host.otlp).unwrap();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: {JSON}\r\ncontent-length: 10\r\n\r\n{{"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
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

#[test]
fn deep_nesting_is_a_bad_request_and_nothing_worse() {
    let host = Host::start();
    let mut value = Value::BoolValue(true);
    for _ in 0..500 {
        let inner = opentelemetry_proto::tonic::common::v1::AnyValue { value: Some(value) };
        value = Value::ArrayValue(opentelemetry_proto::tonic::common::v1::ArrayValue {
            values: vec![inner],
        });
    }
    let mut deep = span(1, 2);
    deep.attributes = vec![attribute("deep", value)];
    assert_eq!(
        host.post(PROTOBUF, &request("shop", vec![deep]).encode_to_vec())
            .status,
        400
    );
    for body in [
        "[".repeat(100_000),
        r#"{"resourceSpans":"#.repeat(10_000),
        one_json(&format!(r#","x":{}"#, "[".repeat(9_999))),
    ] {
        assert_eq!(host.post(JSON, body.as_bytes()).status, 400);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn protobuf_is_taken_exactly_when_it_can_be_decoded(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 300),
        length in any::<prop::sample::Index>(),
    ) {
        let host = Host::start();
        let mut sample = span(1, 2);
        sample.attributes = vec![attribute("k", Value::IntValue(7))];
        let whole = request("shop", vec![sample, span(1, 3)]).encode_to_vec();
        for change in changes.chunks(3) {
            let mut body = whole.clone();
            for (place, byte) in change {
                body[place.index(whole.len())] = *byte;
            }
            let expected = if ExportTraceServiceRequest::decode(body.as_slice()).is_ok() { 200 } else { 400 };
            prop_assert_eq!(host.post(PROTOBUF, &body).status, expected, "{:?}", body);
        }
        let cut = &whole[..length.index(whole.len())];
        let expected = if ExportTraceServiceRequest::decode(cut).is_ok() { 200 } else { 400 };
        prop_assert_eq!(host.post(PROTOBUF, cut).status, expected);
    }

    #[test]
    fn any_json_is_taken_or_refused(texts in prop::collection::vec(".{0,60}", 20), cuts in prop::collection::vec(any::<prop::sample::Index>(), 20)) {
        let host = Host::start();
        let whole = one_json(r#","name":"é","attributes":[{"key":"k","value":{"stringValue":"v"}}]"#).into_bytes();
        for (text, cut) in texts.iter().zip(cuts) {
            let cut = cut.index(whole.len());
            let mut spliced = whole[..cut].to_vec();
            spliced.extend(text.as_bytes());
            spliced.extend(&whole[cut..]);
            for body in [text.as_bytes(), &spliced, &whole[..cut]] {
                let status = host.post(JSON, body).status;
                prop_assert!(status == 200 || status == 400, "{} for {:?}", status, String::from_utf8_lossy(body));
            }
        }
    }
}
