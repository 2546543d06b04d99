//! Jaeger's query API: its parameters by both of their names, its summaries, and answers that are sent once.

use collector::query::Limits;
use opentelemetry_proto::tonic::trace::v1::{Span, Status, status::StatusCode};
use serde_json::json;

use crate::host::{Answer, Host, exchange};
use crate::sample::{request, span, text};

const SECOND_NS: u64 = 1_000_000_000;

/// Trace ids of `/api/v3/traces`, and the same of `/api/v3/trace-summaries`.
fn found(host: &Host, query: &str) -> Vec<u128> {
    let answer = host.get(&format!("/api/v3/traces?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let spans = trace_model::otlp_json::parse(&answer.text()).unwrap();
    let ids: Vec<u128> = spans
        .iter()
        .map(|span| u128::from_be_bytes(span.trace_id.0))
        .collect();
    let summaries = host.get(&format!("/api/v3/trace-summaries?{query}")).json();
    let summaries = summaries["summaries"].as_array().unwrap().iter();
    let same: Vec<u128> = summaries
        .map(|json| u128::from_str_radix(json["traceId"].as_str().unwrap(), 16).unwrap())
        .collect();
    assert_eq!(ids, same, "{query}");
    ids
}

/// Trace 1 of `shop` and trace 2 of `bank`, a second long and begun at 10 s and 20 s.
fn two_traces() -> Host {
    let host = Host::start();
    for (trace_id, service, name) in [(1, "shop", "GET /"), (2, "bank", "pay")] {
        let span = Span {
            name: name.to_owned(),
            start_time_unix_nano: trace_id * 10 * SECOND_NS,
            end_time_unix_nano: (trace_id * 10 + trace_id) * SECOND_NS,
            attributes: vec![text("http.route", name)],
            ..span(trace_id.into(), 1)
        };
        host.send(&request(service, vec![span]));
    }
    host
}

#[test]
fn searches_are_narrowed_by_both_names_of_a_parameter() {
    let host = two_traces();
    for (query, expected) in [
        ("", vec![2, 1]),
        ("query.serviceName=shop", vec![1]),
        ("query.service_name=shop", vec![1]),
        ("query.operationName=pay", vec![2]),
        ("query.operation_name=pay&query.service_name=shop", vec![]),
        ("query.durationMin=1500ms", vec![2]),
        ("query.duration_max=1.5s", vec![1]),
        ("query.startTimeMin=1970-01-01T00:00:20Z", vec![2]),
        ("query.startTimeMax=1970-01-01T00:00:20Z", vec![1]),
        (
            "query.start_time_min=1970-01-01T01:00:10%2B01:00&query.start_time_max=1970-01-01T00:00:10.000000001Z",
            vec![1],
        ),
        ("query.searchDepth=1", vec![2]),
        ("query.search_depth=1", vec![2]),
        ("query.num_traces=1", vec![2]),
        ("query.attributes=%7B%22http.route%22:%22pay%22%7D", vec![2]),
        (
            "query.attributes=%7B%22http.route%22:%22pay%22,%22service.name%22:%22shop%22%7D",
            vec![],
        ),
        ("query.rawTraces=true&query.unknown=1", vec![2, 1]),
    ] {
        assert_eq!(found(&host, query), expected, "{query}");
    }
}

#[test]
fn what_cannot_be_read_is_said() {
    let host = Host::start();
    for (query, named) in [
        ("query.durationMin=5", "query.durationMin"),
        ("query.duration_max=soon", "query.durationMax"),
        ("query.startTimeMin=yesterday", "query.startTimeMin"),
        (
            "query.startTimeMax=1969-01-01T00:00:00Z",
            "query.startTimeMax",
        ),
        ("query.attributes=route", "query.attributes"),
        ("query.attributes=%7B%22n%22:1%7D", "query.attributes"),
        ("query.searchDepth=0", "query.searchDepth"),
        (
            "query.serviceName=a&query.serviceName=b",
            "query.serviceName",
        ),
    ] {
        let answer = host.get(&format!("/api/v3/traces?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert!(
            answer.json()["detail"].as_str().unwrap().contains(named),
            "{query}"
        );
    }
}

#[test]
fn summaries_are_in_jaegers_words() {
    let host = Host::start();
    let failed = Span {
        status: Some(Status {
            code: StatusCode::Error.into(),
            ..Status::default()
        }),
        ..span(1, 1)
    };
    host.send(&request("shop", vec![failed]));
    let expected = json!({"summaries": [{
        "traceId": "00000000000000000000000000000001",
        "rootServiceName": "shop",
        "rootOperationName": "span 1",
        "minStartTimeUnixNano": "1000",
        "maxEndTimeUnixNano": "2000",
        "spanCount": 1,
        "errorSpanCount": 1,
        "services": [{"name": "shop", "spanCount": 1, "errorSpanCount": 1}],
    }]});
    assert_eq!(host.get("/api/v3/trace-summaries").json(), expected);
}

#[test]
fn services_and_operations_are_sorted_and_named_once() {
    let host = Host::start();
    let server = Span {
        name: "GET /".to_owned(),
        kind: 2,
        ..span(1, 2)
    };
    host.send(&request(
        "shop",
        vec![
            span(1, 1),
            server,
            Span {
                span_id: vec![9; 8],
                ..span(2, 1)
            },
        ],
    ));
    host.send(&request("bank", vec![span(1, 3)]));
    host.send(&request("", vec![span(3, 3)]));
    assert_eq!(
        host.get("/api/v3/services").json(),
        json!({"services": ["bank", "shop"]})
    );
    assert_eq!(
        host.get("/api/v3/operations?service=shop").json(),
        json!({"operations": [{"name": "GET /", "spanKind": "server"}, {"name": "span 1", "spanKind": "internal"}]})
    );
}

#[test]
fn operations_of_a_kind() {
    let host = Host::start();
    let server = Span {
        kind: 2,
        ..span(1, 2)
    };
    host.send(&request("shop", vec![span(1, 1), server]));
    for name in ["spanKind=server", "span_kind=SERVER"] {
        let answer = host.get(&format!("/api/v3/operations?service=shop&{name}"));
        assert_eq!(
            answer.json(),
            json!({"operations": [{"name": "span 2", "spanKind": "server"}]})
        );
    }
}

#[test]
fn names_are_bounded() {
    let host = Host::start_with_query(Limits {
        names_max: 2,
        ..Limits::default()
    });
    for (trace_id, service) in [(1, "a"), (2, "b"), (3, "c")] {
        let spans = (1..=3).map(|id| span(trace_id, id)).collect();
        host.send(&request(service, spans));
    }
    let services = host.get("/api/v3/services");
    assert_eq!(services.json(), json!({"services": ["a", "b"]}));
    let operations = host.get("/api/v3/operations?service=a");
    let named = operations.json()["operations"].as_array().unwrap().len();
    assert_eq!(named, 2);
    for answer in [services, operations] {
        assert_eq!(answer.header("x-incomplete"), INCOMPLETE);
    }
    assert_eq!(cut(&host, "lists"), 2);
}

/// What the header of an answer says that leaves something out.
const INCOMPLETE: &str = "there is more than the limit";

/// How many answers have left something out, by what they are made of.
fn cut(host: &Host, what: &str) -> u64 {
    let health = host.get("/health").json();
    health[format!("query_{what}_cut")].as_u64().unwrap()
}

#[test]
fn what_is_left_out_is_said_and_counted() {
    let host = Host::start_with_query(Limits {
        list_max: 2,
        scan_max: 2,
        rows_max: 2,
        ..Limits::default()
    });
    for trace_id in 1..=2 {
        host.send(&request(
            "shop",
            (1..=2).map(|id| span(trace_id, id)).collect(),
        ));
    }
    let id = |number: u128| format!("{number:032x}");
    let v3 = ["/api/v3/traces", "/api/v3/trace-summaries"];
    let view = format!("/api/x/traces/{}/view", id(1));
    let diff = format!("/api/x/diff?a={}&b={}", id(1), id(2));
    for path in v3
        .iter()
        .chain(&[&*view, &*diff, "/api/x/summaries", "/api/x/stats"])
    {
        let answer = host.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.head.contains("x-incomplete"), "{path}");
    }
    // So much is within the limits.
    assert_eq!(
        ["lists", "rows", "scans"].map(|what| cut(&host, what)),
        [0; 3]
    );

    host.send(&request("shop", (3..=4).map(|id| span(1, id)).collect()));
    host.send(&request("shop", vec![span(3, 1)]));
    for path in v3 {
        assert_eq!(host.get(path).header("x-incomplete"), INCOMPLETE, "{path}");
    }
    let json = |path: &str| host.get(path).json();
    assert_eq!(json("/api/x/summaries")["more"], true);
    assert_eq!(json("/api/x/stats")["more"], true);
    assert_eq!(json(&view)["rows_omitted"], 2);
    assert_eq!(json(&diff)["rows_omitted"], 2);
    assert_eq!(
        ["lists", "rows", "scans"].map(|what| cut(&host, what)),
        [3, 2, 1]
    );
}

fn ask(host: &Host, path: &str, known: &str) -> Answer {
    let head = format!("GET {path} HTTP/1.1\r\nif-none-match: {known}\r\n");
    exchange(host.query, &head, b"")
}

#[test]
fn what_the_client_has_is_not_sent_again_until_it_changes() {
    let id = |number: u128| format!("{number:032x}");
    let host = Host::start();
    host.send(&request("shop", vec![span(1, 1), span(2, 1)]));
    for path in [
        format!("/api/v3/traces/{}", id(1)),
        format!("/api/x/traces/{}/view", id(1)),
        format!("/api/x/diff?a={}&b={}", id(1), id(2)),
        "/api/x/summaries".to_owned(),
        "/api/v3/traces".to_owned(),
        "/api/v3/operations?service=shop".to_owned(),
    ] {
        let first = host.get(&path);
        let tag = first.header("etag").to_owned();
        assert_eq!(
            (first.status, first.header("cache-control")),
            (200, "no-cache")
        );
        for known in [tag.clone(), format!("\"other\", W/{tag}"), "*".to_owned()] {
            let again = ask(&host, &path, &known);
            assert_eq!((again.status, again.body.len()), (304, 0), "{path} {known}");
            assert_eq!(again.header("etag"), tag);
        }
        assert_eq!(ask(&host, &path, "\"other\"").status, 200);
        // Each time another span, so that all of them change.
        let id = path.len() as u64 + 100;
        host.send(&request("shop", vec![span(1, id)]));
        let after = ask(&host, &path, &tag);
        assert_eq!(after.status, 200, "{path}");
        assert_ne!(after.header("etag"), tag);
    }
}

#[test]
fn who_waits_for_a_trace_is_answered_before_it_comes_as_after() {
    let host = Host::start();
    let path = |api: &str| format!("/api/{api}/traces/{:032x}", 1);
    let before = host.get(&path("x"));
    assert_eq!(before.status, 200);
    assert_eq!(before.json(), json!({ "result": { "resourceSpans": [] } }));
    let known = before.header("etag");
    assert_eq!(ask(&host, &path("x"), known).status, 304);
    host.send(&request("shop", vec![span(1, 1)]));
    let after = ask(&host, &path("x"), known);
    assert_eq!(after.status, 200);
    assert_eq!(after.json(), host.get(&path("v3")).json());
    assert_eq!(host.get("/api/x/traces/1").status, 400);
}

#[test]
fn a_trace_that_came_back_after_it_was_evicted_is_another() {
    let host = Host::start();
    let path = format!("/api/v3/traces/{:032x}", 1);
    host.send(&request("shop", vec![span(1, 1)]));
    let before = host.get(&path).header("etag").to_owned();
    let filler = |trace_id| Span {
        attributes: vec![text("filler", &"x".repeat(900_000))],
        ..span(trace_id, 1)
    };
    for trace_id in 2..90 {
        host.send(&request("shop", vec![filler(trace_id)]));
    }
    assert_eq!(host.get(&path).status, 404);
    host.send(&request("shop", vec![span(1, 2)]));
    assert_eq!(ask(&host, &path, &before).status, 200);
}
