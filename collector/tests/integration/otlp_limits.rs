//! What no sender can do, whatever it sends: break the receiver, or take more memory and time than it is given.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use collector::otlp::Limits;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use proptest::prelude::*;
use prost::Message;
use serde_json::json;

use crate::host::Host;
use crate::otlp::{JSON, PROTOBUF};
use crate::sample::{attribute, gzip, one_json, request, span, status};

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
    assert_eq!(host.counters().requests_too_large, 1);
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
    assert_eq!(host.counters().requests_without_room, 2);
    for _ in 0..100 {
        // What a body took is given back, or a hundred of them would not find room.
        host.send(&request(&"x".repeat(2_000), vec![span(1, 2)]));
    }
}

#[test]
fn under_overload_every_request_is_taken_or_told_to_come_back_and_nothing_is_lost() {
    let host = Host::with(
        64 << 20,
        Limits {
            in_flight_max_bytes: 64 << 10,
            ..Limits::default()
        },
    );
    let attempts: usize = std::thread::scope(|scope| {
        let host = &host;
        let sender = |sender: u64| {
            let mut attempts = 0;
            for call in 0..20 {
                let mut one = span(u128::from(sender) + 1, call + 1);
                one.attributes = vec![attribute("text", Value::StringValue("x".repeat(60_000)))];
                let body = request("shop", vec![one]).encode_to_vec();
                loop {
                    attempts += 1;
                    let answer = host.post(PROTOBUF, &body);
                    match answer.status {
                        200 => break,
                        503 => assert_eq!(answer.header("retry-after"), "1"),
                        other => panic!("{other}"),
                    }
                }
            }
            attempts
        };
        let senders: Vec<_> = (0..8).map(|id| scope.spawn(move || sender(id))).collect();
        senders.into_iter().map(|one| one.join().unwrap()).sum()
    });
    let counters = host.counters();
    assert_eq!((counters.spans_received, counters.spans_held), (160, 160));
    assert_eq!(
        counters.spans_received + counters.requests_refused,
        attempts as u64
    );
    assert!(counters.requests_refused > 0, "that was no overload");
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
    assert_eq!(host.counters().requests_late, 1);
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
