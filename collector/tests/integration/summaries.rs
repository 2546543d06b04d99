//! Lists of traces in a line each, and what they can be filtered by.

use opentelemetry_proto::tonic::trace::v1::{Span, Status, status::StatusCode};
use proptest::prelude::*;
use serde_json::json;
use trace_model::Summary;

use crate::host::Host;
use crate::sample::{request, span, text};

/// Trace ids of a list, in its order, and whether there are more.
fn listed(host: &Host, query: &str) -> (Vec<u128>, bool) {
    let answer = host.get(&format!("/api/x/summaries{query}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    let ids = json["summaries"].as_array().unwrap().iter().map(|json| {
        let summary = Summary::from_json(json).unwrap();
        u128::from_be_bytes(summary.trace_id.0)
    });
    (ids.collect(), json["more"].as_bool().unwrap())
}

#[test]
fn a_trace_is_a_line_that_grows_with_its_spans() {
    let host = Host::start();
    let failed = Span {
        status: Some(Status {
            code: StatusCode::Error.into(),
            message: "sold out".to_owned(),
        }),
        parent_span_id: 1_u64.to_be_bytes().to_vec(),
        end_time_unix_nano: 9_000,
        ..span(0xabc, 2)
    };
    host.send(&request("shop", vec![failed]));
    let list = host.get("/api/x/summaries").json();
    assert_eq!(list["summaries"][0]["complete"], false);
    host.send(&request("page", vec![span(0xabc, 1)]));
    let expected = json!({
        "more": false,
        "summaries": [{
            "trace_id": "00000000000000000000000000000abc",
            "root_name": "span 1",
            "root_service": "page",
            "services": [{"name": "page", "spans": 1, "errors": 0}, {"name": "shop", "spans": 1, "errors": 1}],
            "services_omitted": 0,
            "start_ns": "1000",
            "duration_ns": "8000",
            "spans": 2,
            "errors": 1,
            "complete": true,
        }],
    });
    assert_eq!(host.get("/api/x/summaries").json(), expected);
}

#[test]
fn lists_are_newest_first_and_bounded() {
    let host = Host::start();
    let spans = (1..=300).map(|trace_id| span(trace_id, 1)).collect();
    host.send(&request("shop", spans));
    let down_from_300 = |count: u128| (301 - count..=300).rev().collect::<Vec<_>>();
    assert_eq!(listed(&host, ""), (down_from_300(20), true));
    assert_eq!(listed(&host, "?limit=2"), (vec![300, 299], true));
    assert_eq!(listed(&host, "?limit=9999"), (down_from_300(200), true));
    assert_eq!(
        listed(&host, "?text=000000000000000000000000000000ff"),
        (vec![255], false)
    );
}

#[test]
fn every_filter_narrows_the_list() {
    let host = Host::start();
    host.send(&request("shop", vec![span(1, 1)]));
    let slow = Span {
        name: "Größe GET /books".to_owned(),
        end_time_unix_nano: 5_001_000,
        attributes: vec![text("http.route", "/books"), text("a=b", "c=d")],
        ..span(2, 1)
    };
    host.send(&request("bank", vec![slow]));
    let failed = Span {
        status: Some(Status {
            code: StatusCode::Error.into(),
            ..Status::default()
        }),
        ..span(3, 1)
    };
    host.send(&request("shop", vec![failed]));
    for (query, expected) in [
        ("service=shop", vec![3, 1]),
        ("service=sho", vec![]),
        ("text=bank", vec![2]),
        ("text=gr%C3%B6SSE", vec![]),
        ("text=GR%C3%96%C3%9FE+get", vec![2]),
        ("min_duration=5ms", vec![2]),
        ("min_duration=5.001ms", vec![]),
        ("max_duration=4ms", vec![3, 1]),
        ("error=true", vec![3]),
        ("error=false", vec![2, 1]),
        ("attribute=http.route=/books", vec![2]),
        ("attribute=http.route=/book", vec![]),
        (
            "attribute=service.name=bank&attribute=http.route=/books",
            vec![2],
        ),
        (
            "attribute=service.name=shop&attribute=http.route=/books",
            vec![],
        ),
        ("service=shop&error=true&text=span", vec![3]),
        ("service=&text=&error=", vec![3, 2, 1]),
    ] {
        assert_eq!(
            listed(&host, &format!("?{query}")),
            (expected, false),
            "{query}"
        );
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_what_can() {
    let host = Host::start();
    for (query, named) in [
        ("limit=0", "a number from 1 to 200"),
        ("limit=few", "a number from 1 to 200"),
        ("min_duration=5", "such as 12.5ms"),
        ("max_duration=-1ms", "such as 12.5ms"),
        ("error=yes", "true or false"),
        ("attribute=key", "key=value"),
        ("service=a&service=b", "once"),
        ("servise=a", "`service`, `text`"),
    ] {
        for route in ["summaries", "live"] {
            if (query, route) == ("limit=0", "live") {
                continue;
            }
            let answer = host.get(&format!("/api/x/{route}?{query}"));
            assert_eq!(answer.status, 400, "{route} {query}");
            let detail = answer.json()["detail"].as_str().unwrap().to_owned();
            assert!(
                detail.replace("from 0", "from 1").contains(named),
                "{query}: {detail}"
            );
        }
    }
    let nine = "attribute=a=b&".repeat(9);
    assert_eq!(host.get(&format!("/api/x/summaries?{nine}")).status, 400);
}

/// Parameters that are known or not, with values that make sense or not.
fn any_query() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "limit",
        "before",
        "service",
        "text",
        "min_duration",
        "max_duration",
        "error",
        "attribute",
        "a",
        "b",
        "query.attributes",
        "query.startTimeMin",
        "query.duration_max",
        "query.searchDepth",
        "x",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            "1",
            "0",
            "-1",
            "1ms",
            "true",
            "a=b",
            "=",
            "%00",
            "%ff",
            "%zz",
            "+",
            "00000000000000000000000000000001",
            "%7B%7D",
            "1970-01-01T00:00:00Z",
            "99999999999999999999h",
        ])
        .prop_map(str::to_owned),
        "[ -~&&[^#]]{0,12}".prop_map(|text| text.replace(' ', "+")),
    ];
    let pair = (name, value).prop_map(|(name, value)| format!("{name}={value}"));
    prop::collection::vec(pair, 0..5).prop_map(|pairs| pairs.join("&"))
}

#[test]
fn any_query_is_answered_or_refused() {
    let host = Host::start();
    host.send(&request("shop", vec![span(1, 1), span(2, 1)]));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(64));
    let paths = [
        "/api/x/summaries",
        "/api/x/stats",
        "/api/x/diff",
        "/api/v3/traces",
        "/api/v3/trace-summaries",
        "/api/v3/operations",
        "/api/x/traces/00000000000000000000000000000001/view",
    ];
    let checked = runner.run(&any_query(), |query| {
        for path in paths {
            let status = host.get(&format!("{path}?{query}")).status;
            prop_assert!(
                [200, 400, 404].contains(&status),
                "{path}?{query}: {status}"
            );
        }
        Ok(())
    });
    checked.unwrap();
}
