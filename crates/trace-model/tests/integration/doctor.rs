//! What is found wrong with a trace: every ailment by name, and none where there is none.

use proptest::prelude::*;
use trace_model::{Ailment, FINDINGS_MAX, Kind, Span, TraceId, Tree, Value, examine};

use crate::spans::{any_spans, of, span};

/// A search that is whole: page, call, answer, work.
fn healthy() -> Vec<Span> {
    vec![
        span("search", 1, 0, 0, 1_000),
        of(span("GET", 2, 1, 100, 900), Kind::Client, "page"),
        of(span("GET /search", 3, 2, 200, 800), Kind::Server, "shop"),
        of(span("rank", 4, 3, 300, 400), Kind::Internal, "shop"),
    ]
}

fn with_text(mut span: Span, attributes: &[(&str, &str)]) -> Span {
    for (key, value) in attributes {
        span.attributes
            .push(((*key).to_owned(), Value::String((*value).to_owned())));
    }
    span
}

/// Findings as `name: message [rows]`.
fn found(spans: Vec<Span>, elsewhere: &[Span]) -> Vec<String> {
    let mut tree = Tree::new(spans);
    tree.adjust_clocks();
    let findings = examine(&tree, elsewhere).findings;
    findings
        .iter()
        .map(|finding| {
            format!(
                "{}: {} {:?}",
                finding.ailment.name(),
                finding.message,
                finding.rows
            )
        })
        .collect()
}

/// A call to `/search?q=love` and what may be its answer in another trace.
fn lost_call() -> (Vec<Span>, Span) {
    let mut spans = healthy();
    spans.truncate(2);
    let address = [
        ("url.full", "http://shop:80/search?q=love"),
        ("http.request.method", "GET"),
    ];
    spans[1] = with_text(spans[1].clone(), &address);
    let answer = Span {
        trace_id: TraceId(2_u128.to_be_bytes()),
        ..of(span("GET /search", 9, 0, 200, 800), Kind::Server, "shop")
    };
    (
        spans,
        with_text(
            answer,
            &[("url.path", "/search"), ("http.request.method", "GET")],
        ),
    )
}

#[test]
fn a_whole_trace_is_healthy() {
    assert_eq!(found(healthy(), &[lost_call().1]), [""; 0]);
}

#[test]
fn header_missing() {
    let (spans, answer) = lost_call();
    let trace = "00000000000000000000000000000002";
    let expected = format!(
        "header-missing: GET of page was answered by GET /search of shop in trace {trace}: the context did not get there [1]"
    );
    assert_eq!(
        found(spans.clone(), std::slice::from_ref(&answer)),
        [expected]
    );
    let others = [
        Span {
            kind: Kind::Internal,
            ..answer.clone()
        },
        Span {
            start_ns: 50_000_000,
            end_ns: 60_000_000,
            ..answer.clone()
        },
        Span {
            service: "page".to_owned(),
            ..answer.clone()
        },
        Span {
            trace_id: spans[0].trace_id,
            ..answer.clone()
        },
        with_text(
            Span {
                attributes: Vec::new(),
                ..answer.clone()
            },
            &[("url.path", "/sea"), ("http.request.method", "GET")],
        ),
        with_text(
            Span {
                attributes: Vec::new(),
                ..answer
            },
            &[("url.path", "/search"), ("http.request.method", "PUT")],
        ),
    ];
    for other in others {
        let expected = "call-unanswered: a call of page without a span that answers [1]";
        assert_eq!(
            found(spans.clone(), std::slice::from_ref(&other)),
            [expected],
            "{other:?}"
        );
    }
}

#[test]
fn flag_zero() {
    let (mut spans, _) = lost_call();
    spans[1].flags = 0x100;
    assert_eq!(
        found(spans, &[]),
        ["flag-zero: a call of page with the flag not sampled [1]"]
    );
}

#[test]
fn second_root() {
    let mut spans = healthy();
    spans.push(of(span("log", 5, 0, 850, 860), Kind::Internal, "shop"));
    assert_eq!(
        found(spans, &[]),
        ["second-root: 2 spans have no parent: search of page, log of shop [0, 4]"]
    );
}

#[test]
fn parent_never_received() {
    let mut spans = healthy();
    spans.remove(1);
    assert_eq!(
        found(spans.clone(), &[]),
        [
            "parent-never-received: span 0000000000000002, the parent of GET /search of shop, was never received; \
          the service that called made it [1]"
        ]
    );
    // The flags know better than the kind.
    spans[1].flags = 0x101;
    assert!(found(spans, &[])[0].contains("shop itself made it"));
    let mut spans = healthy();
    spans.push(span("paint", 7, 50, 910, 920));
    spans.push(span("layout", 8, 50, 930, 940));
    assert_eq!(
        found(spans, &[]),
        [
            "parent-never-received: span 0000000000000032, the parent of paint of page and 1 more, was never received; \
          page itself made it [4, 5]"
        ]
    );
}

#[test]
fn parent_circle() {
    let mut spans = healthy();
    spans.push(span("hen", 5, 6, 10, 20));
    spans.push(span("egg", 6, 5, 11, 20));
    assert_eq!(
        found(spans, &[]),
        ["parent-circle: hen of page is its own ancestor [4]"]
    );
}

#[test]
fn call_unanswered() {
    let (spans, _) = lost_call();
    assert_eq!(
        found(spans.clone(), &[]),
        ["call-unanswered: a call of page without a span that answers [1]"]
    );
    let failed = Span {
        status: trace_model::Status::Error("connection refused".to_owned()),
        ..spans[1].clone()
    };
    assert_eq!(
        found(vec![spans[0].clone(), failed], &[]),
        [""; 0],
        "nobody could answer"
    );
}

#[test]
fn clocks_disagree() {
    let mut spans = healthy();
    (spans[2].start_ns, spans[2].end_ns) = (50, 2_000);
    assert_eq!(
        found(spans, &[]),
        ["clocks-disagree: shop lies outside of its calls wherever its clock is set [2, 3]"]
    );
}

#[test]
fn end_before_start() {
    let mut spans = healthy();
    spans[3].end_ns = 299;
    assert_eq!(found(spans, &[]), ["end-before-start: 1 span of shop [3]"]);
}

#[test]
fn cut_by_limits() {
    let mut spans = healthy();
    spans[0].dropped_events = 1;
    spans[1].dropped_attributes = 7;
    assert_eq!(
        found(spans, &[]),
        ["cut-by-limits: 2 spans of page have lost attributes, events or links [0, 1]"]
    );
}

#[test]
fn every_name_is_one_of_its_own_and_has_advice() {
    let all = Ailment::ALL;
    let names: std::collections::HashSet<_> = all.iter().map(|ailment| ailment.name()).collect();
    assert_eq!(names.len(), all.len());
    assert!(all.iter().all(|ailment| ailment.advice().ends_with('.')));
}

#[test]
fn findings_are_bounded() {
    let orphans = (1..=300)
        .map(|id| span("orphan", id, 1_000 + id, 0, 1))
        .collect();
    let examination = examine(&Tree::new(orphans), &[]);
    assert_eq!(
        (examination.findings.len(), examination.omitted),
        (FINDINGS_MAX, 200)
    );
}

proptest! {
    #[test]
    fn anything_can_be_examined(spans in any_spans(), elsewhere in any_spans()) {
        let mut tree = Tree::new(spans);
        tree.adjust_clocks();
        for finding in examine(&tree, &elsewhere).findings {
            prop_assert!(!finding.rows.is_empty());
            prop_assert!(finding.rows.iter().all(|&row| row < tree.len()));
        }
    }
}
