//! Server spans are moved into their client spans, and only when they lie outside.

use proptest::prelude::*;
use trace_model::{Adjustment, Event, Kind, OffsetSource, Span, Tree};

use crate::spans::{any_spans, nested_spans, of, span};

/// A call from the page at 1,000-2,000, answered by a server span at these times with an event and a child.
fn call(start_ns: u64, end_ns: u64) -> Vec<Span> {
    let mut server = of(
        span("server", 3, 2, start_ns, end_ns),
        Kind::Server,
        "backend",
    );
    server.events.push(Event {
        time_ns: start_ns + 1,
        name: "event".to_owned(),
        ..Event::default()
    });
    vec![
        span("root", 1, 0, 900, 2_100),
        of(span("client", 2, 1, 1_000, 2_000), Kind::Client, "page"),
        server,
        of(
            span("work", 4, 3, start_ns + 10, start_ns + 20),
            Kind::Internal,
            "backend",
        ),
    ]
}

fn moved(adjustments: &[Adjustment]) -> Vec<(&str, i64)> {
    adjustments
        .iter()
        .map(|moved| (moved.service.as_str(), moved.offset_ns))
        .collect()
}

fn check(start_ns: u64, end_ns: u64, expected_offset_ns: i64) {
    let mut tree = Tree::new(call(start_ns, end_ns));
    let before = tree.clone();
    let adjustments = tree.adjust_clocks();
    if expected_offset_ns == 0 {
        assert_eq!((adjustments, tree.spans()), (Vec::new(), before.spans()));
        return;
    }
    assert_eq!(moved(&adjustments), [("backend", expected_offset_ns)]);
    let row = |name: &str| tree.spans().iter().find(|span| span.name == name).unwrap();
    let shifted = |time_ns: u64| time_ns.checked_add_signed(expected_offset_ns).unwrap();
    assert_eq!(
        (row("server").start_ns, row("server").end_ns),
        (shifted(start_ns), shifted(end_ns))
    );
    assert_eq!(row("server").events[0].time_ns, shifted(start_ns + 1));
    assert_eq!(row("work").start_ns, shifted(start_ns + 10));
    assert_eq!((row("client").start_ns, row("root").start_ns), (1_000, 900));
}

#[test]
fn a_server_span_inside_its_client_span_stays() {
    check(1_000, 2_000, 0);
    check(1_001, 1_999, 0);
}

#[test]
fn one_that_lies_outside_is_centred() {
    check(5_000, 5_600, -3_800);
    check(100, 700, 1_100);
    check(1_500, 2_100, -300);
}

#[test]
fn one_that_cannot_fit_starts_with_its_client_span_at_the_earliest() {
    check(500, 2_500, 500);
    check(1_200, 3_500, 0);
}

#[test]
fn all_calls_of_a_service_share_one_offset() {
    let mut spans = vec![span("root", 1, 0, 0, 10_000)];
    for call in 0..3 {
        let start_ns = 1_000 + call * 2_000;
        let ids = 10 + 2 * call;
        spans.push(of(
            span("client", ids, 1, start_ns, start_ns + 1_000),
            Kind::Client,
            "page",
        ));
        // The answers lie at different places in their calls; no one of them is central.
        let server_ns = 50_000 + start_ns + 100 * call;
        spans.push(of(
            span("server", ids + 1, ids, server_ns, server_ns + 600),
            Kind::Server,
            "backend",
        ));
    }
    let mut tree = Tree::new(spans);
    // Offsets from -50,000 (the first starts with its call) to -49,800 (the last ends with it).
    let adjustments = tree.adjust_clocks();
    assert_eq!(moved(&adjustments), [("backend", -49_900)]);
    assert_eq!(adjustments[0].source, OffsetSource::Estimated);
    assert!(adjustments[0].fits);
    assert_eq!(
        Tree::new(tree.into_spans()).adjust_clocks(),
        [],
        "what was adjusted needs no adjusting"
    );
}

#[test]
fn offsets_add_up_along_a_chain_of_services() {
    let mut tree = Tree::new(vec![
        of(span("GET", 1, 0, 1_000, 2_000), Kind::Client, "page"),
        of(
            span("GET /api", 2, 1, 11_200, 11_800),
            Kind::Server,
            "proxy",
        ),
        of(span("GET", 3, 2, 11_300, 11_700), Kind::Client, "proxy"),
        of(span("GET /search", 4, 3, 400, 600), Kind::Server, "backend"),
    ]);
    let adjustments = tree.adjust_clocks();
    assert_eq!(
        moved(&adjustments),
        [("proxy", -10_000), ("backend", 1_000)]
    );
    for row in 1..4 {
        let (parent, child) = (tree.span(row - 1), tree.span(row));
        assert!(
            parent.start_ns <= child.start_ns && child.end_ns <= parent.end_ns,
            "{}",
            child.name
        );
    }
}

proptest! {
    #[test]
    fn contained_spans_stay_untouched(
        mut spans in nested_spans(),
        roles in prop::collection::vec((0..3_usize, 0..3_usize), 41),
    ) {
        let kinds = [Kind::Client, Kind::Server, Kind::Internal];
        let services = ["page", "proxy", "backend"];
        for (span, (kind, service)) in spans.iter_mut().zip(roles) {
            span.kind = kinds[kind];
            span.service = services[service].to_owned();
        }
        let mut tree = Tree::new(spans);
        let before = tree.clone();
        prop_assert_eq!(tree.adjust_clocks(), []);
        prop_assert_eq!(tree.spans(), before.spans());
    }

    #[test]
    fn any_skew_of_one_service_is_undone(
        skew_ns in -1_000_000_i64..1_000_000,
        (from, to) in (0_u64..500, 500_u64..=1_000),
    ) {
        let base_ns = 10_000_000_u64;
        let skewed = |at_ns: u64| (base_ns + at_ns).checked_add_signed(skew_ns).unwrap();
        let mut tree = Tree::new(vec![
            of(span("client", 1, 0, base_ns, base_ns + 1_000), Kind::Client, "page"),
            of(span("server", 2, 1, skewed(from), skewed(to)), Kind::Server, "backend"),
        ]);
        tree.adjust_clocks();
        let (client, server) = (tree.span(0), tree.span(1));
        prop_assert!(client.start_ns <= server.start_ns && server.end_ns <= client.end_ns);
        prop_assert_eq!(server.duration_ns(), to - from);
    }

    #[test]
    fn no_span_is_lost_or_resized_however_odd(spans in any_spans()) {
        let mut tree = Tree::new(spans);
        let before = tree.len();
        tree.adjust_clocks();
        prop_assert_eq!(tree.len(), before);
    }
}
