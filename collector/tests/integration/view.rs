//! What is computed from traces: the view of one, two beside each other, statistics, budgets.

use opentelemetry_proto::tonic::trace::v1::{Span, Status, status::StatusCode};
use serde_json::{Value, json};

use crate::host::{Answer, Host, exchange};
use crate::sample::{request, span, text};

/// A span at these nanoseconds below another; parent 0 is none.
fn at(trace_id: u128, id: u64, parent: u64, name: &str, kind: i32, start: u64, end: u64) -> Span {
    Span {
        parent_span_id: match parent {
            0 => Vec::new(),
            parent => parent.to_be_bytes().to_vec(),
        },
        name: name.to_owned(),
        kind,
        start_time_unix_nano: start,
        end_time_unix_nano: end,
        ..span(trace_id, id)
    }
}

const INTERNAL: i32 = 1;
const SERVER: i32 = 2;
const CLIENT: i32 = 3;

/// A search of page and shop; the clock of the shop is 5,000 ns ahead, and `rank` takes so long.
fn send_search(host: &Host, trace_id: u128, rank_ns: u64) {
    let page = vec![
        at(trace_id, 1, 0, "search", INTERNAL, 1_000, 2_000),
        at(trace_id, 2, 1, "GET", CLIENT, 1_100, 1_900),
    ];
    let mut failed = at(trace_id, 5, 3, "rank", INTERNAL, 6_300, 6_300 + rank_ns);
    failed.status = Some(Status {
        code: StatusCode::Error.into(),
        message: "no index".to_owned(),
    });
    let shop = vec![
        at(trace_id, 3, 2, "GET /search", SERVER, 6_200, 6_800),
        failed,
    ];
    host.send(&request("page", page));
    host.send(&request("shop", shop));
}

fn path(trace_id: u128) -> String {
    format!("/api/x/traces/{trace_id:032x}/view")
}

#[test]
fn a_view_has_everything_that_is_computed_from_a_trace() {
    let host = Host::start();
    send_search(&host, 1, 100);
    let view = host.get(&path(1)).json();
    assert_eq!(view["summary"]["duration_ns"], "1000");
    assert_eq!(
        (&view["whole"], &view["rows_omitted"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(
        view["rows"][3],
        json!({
            "span_id": "0000000000000005", "parent": 2, "depth": 3, "name": "rank", "service": "shop",
            "kind": "internal", "start_ns": "300", "duration_ns": "100", "self_ns": "100", "critical_ns": "100",
            "error": "no index", "attributes": 0, "events": 0, "links": 0,
        })
    );
    let path: Vec<String> = view["critical_path"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stretch| {
            format!(
                "{} {}-{}",
                stretch["row"], stretch["from_ns"], stretch["to_ns"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        path,
        [
            "0 0-100",
            "1 100-200",
            "2 200-300",
            "3 300-400",
            "2 400-800",
            "1 800-900",
            "0 900-1000"
        ]
    );
    assert_eq!(
        view["shares"],
        json!([
            {"service": "page", "duration_ns": "200"},
            {"service": null, "duration_ns": "200"},
            {"service": "shop", "duration_ns": "600"},
        ])
    );
    assert_eq!(
        view["clocks"],
        json!([{"service": "shop", "instance": "", "offset_ns": "-5000", "source": "estimated",
            "uncertainty_ns": null, "fits": true}])
    );
    assert_eq!(
        view["completeness"],
        json!({"complete": true, "missing_parents": 0, "unanswered_calls": 0})
    );
    assert_eq!(
        (&view["findings"], &view["groups"]),
        (&json!([]), &json!([]))
    );
}

#[test]
fn a_view_groups_and_is_cut_where_it_is_asked_to_be() {
    let host = Host::start();
    let mut spans = vec![at(1, 1, 0, "root", INTERNAL, 0, 1_000)];
    spans.extend((1..=20).map(|i| at(1, 1 + i, 1, "part", INTERNAL, 10 * i, 10 * i + i)));
    host.send(&request("shop", spans));
    let view = host.get(&format!("{}?limit=5", path(1))).json();
    assert_eq!(
        (
            view["rows"].as_array().unwrap().len(),
            &view["rows_omitted"]
        ),
        (5, &json!(16))
    );
    assert_eq!(
        view["groups"],
        json!([{"row": 1, "count": 20, "errors": 0, "total_ns": "210", "p50_ns": "10", "p95_ns": "19"}])
    );
}

#[test]
fn a_call_that_was_answered_in_a_trace_of_its_own_is_found() {
    let host = Host::start();
    let call = Span {
        attributes: vec![
            text("url.full", "http://shop/search?q=1"),
            text("http.request.method", "GET"),
        ],
        ..at(1, 2, 1, "GET", CLIENT, 1_100, 1_900)
    };
    host.send(&request(
        "page",
        vec![at(1, 1, 0, "search", INTERNAL, 1_000, 2_000), call],
    ));
    assert_eq!(
        host.get(&path(1)).json()["findings"][0]["name"],
        "call-unanswered"
    );
    let answer = Span {
        attributes: vec![
            text("url.path", "/search"),
            text("http.request.method", "GET"),
        ],
        ..at(7, 3, 0, "GET /search", SERVER, 1_200, 1_800)
    };
    host.send(&request("shop", vec![answer]));
    let findings = host.get(&path(1)).json()["findings"].clone();
    let finding = &findings[0];
    assert_eq!(
        (&finding["name"], &finding["rows"]),
        (&json!("header-missing"), &json!([1]))
    );
    assert!(
        finding["message"]
            .as_str()
            .unwrap()
            .contains(&format!("{:032x}", 7)),
        "{finding}"
    );
    assert!(
        finding["advice"].as_str().unwrap().contains("traceparent"),
        "{finding}"
    );
}

#[test]
fn views_of_what_is_not_there_and_with_what_is_not_known_are_refused() {
    let host = Host::start();
    send_search(&host, 1, 100);
    let id = format!("{:032x}", 1);
    for (path, status) in [
        (path(9), 404),
        ("/api/x/traces/1/view".to_owned(), 400),
        (format!("{}?limit=0", path(1)), 400),
        (format!("{}?rows=1", path(1)), 400),
        (format!("/api/x/diff?a={id}"), 400),
        (format!("/api/x/diff?a={id}&b={:032x}", 9), 404),
        (format!("/api/x/diff?a={id}&b={id}&c=1"), 400),
        ("/api/x/stats?limit=x".to_owned(), 400),
    ] {
        assert_eq!(host.get(&path).status, status, "{path}");
    }
}

#[test]
fn two_traces_are_compared_span_by_span() {
    let host = Host::start();
    send_search(&host, 1, 100);
    send_search(&host, 2, 450);
    let diff = host
        .get(&format!("/api/x/diff?a={:032x}&b={:032x}", 1, 2))
        .json();
    assert_eq!(
        (&diff["a_ns"], &diff["b_ns"], &diff["rows_omitted"]),
        (&json!("1000"), &json!("1000"), &json!(0))
    );
    assert_eq!(
        diff["rows"][3],
        json!({
            "depth": 3, "name": "rank", "service": "shop", "kind": "internal",
            "a": {"span_id": "0000000000000005", "duration_ns": "100", "self_ns": "100"},
            "b": {"span_id": "0000000000000005", "duration_ns": "450", "self_ns": "450"},
            "change_ns": "350", "self_change_ns": "350",
        })
    );
    assert_eq!(diff["rows"][2]["self_change_ns"], "-350");
    assert_eq!(diff["causes"], json!([2, 3]));
}

#[test]
fn statistics_are_of_the_newest_traces() {
    let host = Host::start();
    for trace_id in 1..=10 {
        send_search(&host, trace_id, 10 * trace_id as u64);
    }
    let stats = host.get("/api/x/stats?limit=5").json();
    assert_eq!(
        (&stats["traces"], &stats["counters"]["spans_held"]),
        (&json!(5), &json!(40))
    );
    let rank = stats["operations"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["name"] == "rank");
    assert_eq!(
        rank.unwrap(),
        &json!({"service": "shop", "name": "rank", "kind": "internal", "count": 5, "errors": 5,
            "p50_ns": "80", "p95_ns": "100", "max_ns": "100", "self_ns": "400"})
    );
    assert_eq!(host.get("/api/x/stats?error=false").json()["traces"], 0);
}

fn check(host: &Host, budgets: &Value) -> Answer {
    let body = budgets.to_string();
    let head = format!(
        "POST /api/x/budgets HTTP/1.1\r\ncontent-length: {}\r\n",
        body.len()
    );
    exchange(host.query, &head, body.as_bytes())
}

#[test]
fn a_collector_without_budgets_has_an_empty_list_of_them() {
    let none = Host::start().get("/api/x/budgets");
    assert_eq!(none.status, 200);
    assert_eq!(
        none.json(),
        json!({ "good": true, "traces": 0, "more": false, "budgets": [] })
    );
}

#[test]
fn spans_are_held_to_the_budgets_of_a_request() {
    let host = Host::start();
    for trace_id in 1..=10 {
        send_search(&host, trace_id, 10 * trace_id as u64);
    }
    let budgets = json!({"budget": [
        {"span": "rank", "service": "shop", "p50": "50 ns", "max": "99 ns", "errors": "100 %"},
        {"span": "search", "max": "1 us", "count": 10},
    ]});
    let expected = json!({
        "good": false,
        "traces": 10,
        "more": false,
        "budgets": [
            {
                "span": "rank", "service": "shop", "good": false, "count": 10, "count_at_least": 1,
                "limits": [
                    {"at_most_error_percent": 100.0, "found_error_percent": 100.0, "kept": true},
                    {"percentile": 100, "at_most_ns": "99", "found_ns": "100", "kept": false},
                    {"percentile": 50, "at_most_ns": "50", "found_ns": "50", "kept": true},
                ],
                "slowest": {"trace_id": format!("{:032x}", 10), "span_id": "0000000000000005"},
            },
            {
                "span": "search", "service": null, "good": true, "count": 10, "count_at_least": 10,
                "limits": [{"percentile": 100, "at_most_ns": "1000", "found_ns": "1000", "kept": true}],
                "slowest": {"trace_id": format!("{:032x}", 10), "span_id": "0000000000000001"},
            },
        ],
    });
    assert_eq!(check(&host, &budgets).json(), expected);
    let refused = check(&host, &json!({"budget": [{"span": "rank", "p950": "1 s"}]}));
    assert_eq!(refused.status, 400);
    assert!(
        refused.text().contains("`p950` is not known"),
        "{}",
        refused.text()
    );
    let refused = check(&host, &json!("x".repeat(70_000)));
    assert_eq!(
        (refused.status, refused.header("content-type")),
        (413, "application/problem+json")
    );
}
