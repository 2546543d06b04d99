//! Budgets: how they are written, and when they are kept.

use proptest::prelude::*;
use serde_json::{Value as Json, json};
use trace_model::{Budgets, Found, Kind, Span, SpanId, Status, Tree, Verdict};

use crate::spans::{any_spans, of, span};

/// Spans named `read` of 1 to 100 ns, every tenth with an error, and one of another service.
fn reads() -> Tree {
    let mut spans: Vec<Span> = (1..=100).map(|id| span("read", id, 0, 0, id)).collect();
    for span in spans.iter_mut().step_by(10) {
        span.status = Status::Error(String::new());
    }
    spans.push(of(span("read", 200, 0, 0, 9_000), Kind::Internal, "shop"));
    Tree::new(spans)
}

fn verdict(budget: Json) -> Verdict {
    let mut budgets = Budgets::from_json(&json!({ "budget": [budget] })).unwrap();
    budgets.add(&reads());
    budgets.verdicts().remove(0)
}

#[test]
fn a_limit_is_kept_up_to_its_last_nanosecond() {
    for (key, limit, is_good) in [
        ("max", "100 ns", true),
        ("max", "99 ns", false),
        ("p95", "95 ns", true),
        ("p95", "94 ns", false),
        ("p50", "0.05 us", true),
        ("p1", "0 ns", false),
        ("errors", "10%", true),
        ("errors", "9.99 %", false),
    ] {
        let verdict = verdict(json!({ "span": "read", "service": "page", key: limit }));
        assert_eq!(
            (verdict.is_good(), verdict.count),
            (is_good, 100),
            "{key} {limit}"
        );
    }
}

#[test]
fn a_budget_of_no_service_is_of_all() {
    let verdict =
        verdict(json!({ "span": "read", "max": "1 us", "p99": "100 ns", "errors": "50%" }));
    assert_eq!(verdict.count, 101);
    let kept: Vec<_> = (0..3).map(|place| verdict.is_kept(place)).collect();
    assert_eq!(kept, [true, false, true]);
    assert_eq!(verdict.found[1], Found::DurationNs(9_000));
    assert_eq!(verdict.found[2], Found::DurationNs(100));
    assert_eq!(verdict.slowest.unwrap().1, SpanId(200_u64.to_be_bytes()));
}

#[test]
fn a_budget_of_spans_that_never_came_is_not_kept() {
    for (budget, is_good) in [
        (json!({ "span": "rea", "max": "1 h" }), false),
        (json!({ "span": "read", "max": "1 h", "count": 102 }), false),
        (json!({ "span": "read", "max": "1 h", "count": 101 }), true),
        (json!({ "span": "rea", "max": "1 h", "count": 0 }), true),
    ] {
        assert_eq!(verdict(budget.clone()).is_good(), is_good, "{budget}");
    }
}

#[test]
fn what_is_written_wrongly_is_said() {
    for (document, said) in [
        (json!([]), "budget 0: expected a table"),
        (json!({}), "budget 0: expected at least one `budget`"),
        (
            json!({"budget": []}),
            "budget 0: expected at least one `budget`",
        ),
        (
            json!({"budgets": []}),
            "budget 0: `budgets` is not known, `budget` is",
        ),
        (json!({"budget": [1]}), "budget 1: expected a table"),
        (
            json!({"budget": [{"max": "1 s"}]}),
            "budget 1: `span` is missing: the name of the spans",
        ),
        (
            json!({"budget": [{"span": "a"}]}),
            "budget 1: a limit is missing, such as `max = \"200 ms\"`",
        ),
        (
            json!({"budget": [{"span": "a", "max": 5}]}),
            "budget 1: `max` is a text",
        ),
        (
            json!({"budget": [{"span": "a", "max": "5"}]}),
            "budget 1: `max` is a duration such as \"12.5 ms\"",
        ),
        (
            json!({"budget": [{"span": "a", "errors": "1"}]}),
            "budget 1: `errors` is a share such as \"1 %\"",
        ),
        (
            json!({"budget": [{"span": "a", "errors": "101 %"}]}),
            "budget 1: `errors` is a share such as \"1 %\"",
        ),
        (
            json!({"budget": [{"span": "a", "max": "1 s", "count": -1}]}),
            "budget 1: `count` is a whole number",
        ),
        (
            json!({"budget": [{"span": "a", "max": "1 s"}, {"span": "a", "p100": "1 s"}]}),
            "budget 2: `p100` is not known; `span`, `service`, `count`, `errors`, `max` and `p50`, `p95`, … are",
        ),
    ] {
        assert_eq!(Budgets::from_json(&document).unwrap_err().to_string(), said);
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    let key = prop::sample::select(vec![
        "budget", "span", "service", "max", "p95", "p", "pé", "errors", "count",
    ]);
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<i64>().prop_map(Json::from),
        prop::sample::select(vec!["1 ms", "1 %", "", "%", "é", "1e9%", ". %"]).prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::hash_map(key.clone().prop_map(str::to_owned), inner, 0..5)
                .prop_map(|map| Json::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_is_read_or_refused_and_any_trace_measured(document in any_json(), spans in any_spans()) {
        if let Ok(mut budgets) = Budgets::from_json(&document) {
            budgets.add(&Tree::new(spans));
            for verdict in budgets.verdicts() {
                prop_assert_eq!(verdict.found.len(), verdict.budget.limits.len());
                prop_assert!(!verdict.found.is_empty());
            }
        }
    }
}
