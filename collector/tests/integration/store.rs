//! What is kept, what goes first, and that every loss is counted.

use collector::otlp::Limits;
use collector::store::{Counters, MIN_MAX_BYTES, PINNED_MAX};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use crate::host::{Host, exchange};
use crate::sample::{request, span, text};

/// A span of about this many bytes.
fn sized(trace_id: u128, span_id: u64, bytes: usize) -> Span {
    Span {
        attributes: vec![text("filler", &"x".repeat(bytes))],
        ..span(trace_id, span_id)
    }
}

fn small_host() -> Host {
    Host::with(MIN_MAX_BYTES, Limits::default())
}

/// Nothing vanishes uncounted, and the bound holds.
fn check_sums(counters: &Counters) {
    let Counters {
        spans_held,
        spans_duplicate,
        spans_rejected,
        spans_evicted,
        ..
    } = *counters;
    assert_eq!(
        counters.spans_received,
        spans_held + spans_duplicate + spans_rejected + spans_evicted,
        "{counters:?}"
    );
    assert_eq!(
        counters.spans_stored,
        spans_held + spans_evicted,
        "{counters:?}"
    );
    assert!(counters.bytes_held <= counters.max_bytes, "{counters:?}");
}

#[test]
fn requests_of_200_spans_keep_the_store_within_its_bound() {
    let host = small_host();
    for call in 0..150_u64 {
        let spans = (0..200)
            .map(|i| sized(u128::from(call) * 200 + i / 20 + 1, i as u64 + 1, 40))
            .collect();
        host.send(&request("shop", spans));
        check_sums(&host.counters());
    }
    let counters = host.counters();
    assert_eq!(counters.spans_received, 150 * 200);
    assert!(counters.spans_evicted > 20_000, "{counters:?}");
    assert!(
        counters.bytes_held > counters.max_bytes * 9 / 10,
        "{counters:?}"
    );
    assert_eq!(
        counters.spans_held,
        counters.traces_held * 20,
        "whole traces only"
    );
}

#[test]
fn whole_traces_go_oldest_first() {
    let host = small_host();
    for trace_id in 1..=20 {
        host.send(&request(
            "shop",
            vec![sized(trace_id, 1, 50_000), sized(trace_id, 2, 50_000)],
        ));
    }
    let is_held =
        |trace_id: u128| host.get(&format!("/api/v3/traces/{trace_id:032x}")).status == 200;
    let held: Vec<u128> = (1..=20).filter(|&trace_id| is_held(trace_id)).collect();
    assert_eq!(held, (11..=20).collect::<Vec<_>>());
    assert!(
        held.iter()
            .all(|&trace_id| host.spans_of(trace_id).len() == 2)
    );
    assert_eq!(host.counters().traces_evicted, 10);
    check_sums(&host.counters());
}

#[test]
fn services_and_operations_go_with_their_last_trace() {
    let host = small_host();
    host.send(&request("old", vec![span(1, 1)]));
    for trace_id in 2..=20 {
        host.send(&request("new", vec![sized(trace_id, 1, 60_000)]));
    }
    assert_eq!(
        host.get("/api/v3/services").json()["services"],
        serde_json::json!(["new"])
    );
    assert_eq!(
        host.get("/api/v3/operations?service=old").json()["operations"],
        serde_json::json!([])
    );
}

#[test]
fn many_names_do_not_break_the_bound() {
    let host = small_host();
    for call in 0..100_u64 {
        let named = |i: u64| Span {
            name: format!("name {call} {i} {}", "x".repeat(100)),
            ..span(u128::from(call * 100 + i + 1), 1)
        };
        host.send(&request(
            &format!("service {call}"),
            (0..100).map(named).collect(),
        ));
        check_sums(&host.counters());
    }
    assert!(host.counters().traces_evicted > 0);
}

#[test]
fn a_trace_may_take_an_eighth_and_says_when_it_is_full() {
    let host = small_host();
    host.send(&request("shop", vec![span(9, 1)]));
    let spans = (0..40).map(|i| sized(1, i + 1, 10_000)).collect();
    let answer = host.post(
        "application/x-protobuf",
        &request("shop", spans).encode_to_vec(),
    );
    let partial = ExportTraceServiceResponse::decode(answer.body.as_slice())
        .unwrap()
        .partial_success
        .unwrap();
    let taken = host.spans_of(1).len() as i64;
    assert_eq!(taken, 12, "128 KiB hold 12 spans of 10 kB");
    assert_eq!(partial.rejected_spans, 40 - taken);
    assert_eq!(
        partial.error_message,
        format!("spans not taken: {} of a trace that is full", 40 - taken)
    );
    assert_eq!(host.spans_of(9).len(), 1, "other traces are left alone");
    check_sums(&host.counters());
}

#[test]
fn a_span_of_a_known_id_is_ignored() {
    let host = Host::start();
    host.send(&request("shop", vec![span(1, 2), span(1, 2)]));
    host.send(&request(
        "shop",
        vec![
            Span {
                name: "again".to_owned(),
                ..span(1, 2)
            },
            span(2, 2),
        ],
    ));
    let names: Vec<_> = host.spans_of(1).into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["span 2"]);
    assert_eq!(
        host.spans_of(2).len(),
        1,
        "ids are unique within a trace only"
    );
    assert_eq!(host.counters().spans_duplicate, 2);
    check_sums(&host.counters());
}

#[test]
fn late_spans_join_their_trace() {
    let host = Host::start();
    host.send(&request("page", vec![span(1, 1)]));
    host.send(&request("page", vec![span(2, 1)]));
    host.send(&request("backend", vec![span(1, 2)]));
    let services: Vec<_> = host
        .spans_of(1)
        .into_iter()
        .map(|span| span.service)
        .collect();
    assert_eq!(services, ["page", "backend"]);
}

#[test]
fn spans_of_one_origin_share_it_over_requests() {
    let host = Host::start();
    for span_id in 1..=3 {
        host.send(&request("shop", vec![span(1, span_id)]));
    }
    let answer = host.get(&format!("/api/v3/traces/{:032x}", 1)).json();
    assert_eq!(
        answer["result"]["resourceSpans"].as_array().unwrap().len(),
        1
    );
}

/// Asks for something without a body.
fn ask(host: &Host, method: &str, path: &str) -> u16 {
    let head = format!("{method} {path} HTTP/1.1\r\ncontent-length: 0\r\n");
    exchange(host.query, &head, b"").status
}

#[test]
fn pinned_traces_go_last() {
    let host = small_host();
    let path = |trace_id: u128| format!("/api/x/traces/{trace_id:032x}/pin");
    for trace_id in 1..=2 {
        host.send(&request("shop", vec![sized(trace_id, 1, 50_000)]));
    }
    assert_eq!(ask(&host, "PUT", &path(1)), 204);
    assert_eq!(
        ask(&host, "PUT", &path(1)),
        204,
        "once more changes nothing"
    );
    assert_eq!(host.counters().traces_pinned, 1);
    let flood = |from: u128| {
        for trace_id in from..from + 40 {
            host.send(&request("shop", vec![sized(trace_id, 1, 50_000)]));
        }
        check_sums(&host.counters());
    };
    let is_held = |trace_id: u128| ask(&host, "GET", &format!("/api/v3/traces/{trace_id:032x}"));
    flood(100);
    assert_eq!((is_held(1), is_held(2)), (200, 404));
    assert_eq!(ask(&host, "DELETE", &path(1)), 204);
    flood(200);
    assert_eq!(is_held(1), 404);
    assert_eq!(host.counters().traces_pinned, 0);
    assert_eq!(ask(&host, "PUT", &path(1)), 404);
    assert_eq!(ask(&host, "PUT", "/api/x/traces/1/pin"), 400);
    assert_eq!(ask(&host, "GET", &path(1)), 405);
}

#[test]
fn as_many_traces_as_may_be_are_pinned_and_the_bound_holds_all_the_same() {
    let host = small_host();
    for trace_id in 1..=u128::try_from(PINNED_MAX).unwrap() {
        host.send(&request("shop", vec![span(trace_id, 1)]));
        assert_eq!(
            ask(&host, "PUT", &format!("/api/x/traces/{trace_id:032x}/pin")),
            204
        );
    }
    host.send(&request("shop", vec![span(1_000, 1)]));
    assert_eq!(
        ask(&host, "PUT", &format!("/api/x/traces/{:032x}/pin", 1_000)),
        409
    );
    for span_id in 2..=11 {
        for trace_id in 1..=u128::try_from(PINNED_MAX).unwrap() {
            host.send(&request("shop", vec![sized(trace_id, span_id, 2_000)]));
        }
        check_sums(&host.counters());
    }
    assert!(host.counters().traces_evicted > 0);
}

#[test]
fn many_small_spans_of_one_trace_are_given_back_in_the_order_of_arrival() {
    let host = Host::start();
    for first in (1..=2_000).step_by(7) {
        let spans = (first..first + 7).map(|span_id| sized(1, span_id, span_id as usize % 300));
        host.send(&request("shop", spans.collect()));
    }
    let held: Vec<u64> = host
        .spans_of(1)
        .iter()
        .map(|span| u64::from_be_bytes(span.span_id.0))
        .collect();
    assert_eq!(held, (1..=2_002).collect::<Vec<_>>());
}
