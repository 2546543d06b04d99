//! The thirteen ways in which clocks of one trace disagree, or only seem to; each has a test of its own. Behind them, what a
//! measurement changes.

use trace_model::{Adjustment, Kind, OffsetSource, Salvage, Span, Tree, Value};

use crate::spans::{of, span};

/// A client span of the page, id 2, at these times.
fn client(start_ns: u64, end_ns: u64) -> Span {
    of(span("client", 2, 0, start_ns, end_ns), Kind::Client, "page")
}

/// A server span of this service.
fn server(service: &str, id: u64, parent: u64, start_ns: u64, end_ns: u64) -> Span {
    of(
        span(service, id, parent, start_ns, end_ns),
        Kind::Server,
        service,
    )
}

/// Adjusts; says what was moved as `service by offset how`, then where each span lies as `name start-end`, by id.
fn adjusted(spans: Vec<Span>) -> (String, String) {
    let mut tree = Tree::new(spans);
    let moved: Vec<String> = tree.adjust_clocks().iter().map(written).collect();
    assert_eq!(tree.adjustments().len(), moved.len());
    let mut spans = tree.spans().to_vec();
    spans.sort_by_key(|span| span.span_id);
    let lie: Vec<String> = spans
        .iter()
        .map(|span| format!("{} {}-{}", span.name, span.start_ns, span.end_ns))
        .collect();
    (moved.join(", "), lie.join(", "))
}

fn written(moved: &Adjustment) -> String {
    let Adjustment {
        service,
        instance,
        offset_ns,
        source,
        fits,
    } = moved;
    let at = if instance.is_empty() { "" } else { "@" };
    let how = match source {
        OffsetSource::Measured { uncertainty_ns } => format!(" measured ±{uncertainty_ns}"),
        OffsetSource::Estimated => String::new(),
    };
    let warning = if *fits { "" } else { " (does not fit)" };
    format!("{service}{at}{instance} by {offset_ns}{how}{warning}")
}

#[track_caller]
fn check(spans: Vec<Span>, moved: &str, lie: &str) {
    let (moved_now, lie_now) = adjusted(spans);
    assert_eq!((moved_now.as_str(), lie_now.as_str()), (moved, lie));
}

#[test]
fn case_01_a_child_inside_its_parent_stays() {
    let spans = vec![client(1_000, 2_000), server("shop", 3, 2, 1_000, 2_000)];
    check(spans, "", "client 1000-2000, shop 1000-2000");
}

#[test]
fn case_02_a_child_before_its_parent_is_centred() {
    let spans = vec![client(1_000, 2_000), server("shop", 3, 2, 100, 700)];
    check(spans, "shop by 1100", "client 1000-2000, shop 1200-1800");
}

#[test]
fn case_03_a_child_after_its_parent_is_centred() {
    let spans = vec![client(1_000, 2_000), server("shop", 3, 2, 5_000, 5_600)];
    check(spans, "shop by -3800", "client 1000-2000, shop 1200-1800");
}

#[test]
fn case_04_a_child_that_overlaps_the_start_of_its_parent_is_centred() {
    let spans = vec![client(1_000, 2_000), server("shop", 3, 2, 900, 1_500)];
    check(spans, "shop by 300", "client 1000-2000, shop 1200-1800");
}

#[test]
fn case_05_a_child_that_overlaps_the_end_of_its_parent_is_centred() {
    let spans = vec![client(1_000, 2_000), server("shop", 3, 2, 1_500, 2_100)];
    check(spans, "shop by -300", "client 1000-2000, shop 1200-1800");
}

#[test]
fn case_06_a_child_longer_than_its_parent_that_starts_before_it_starts_with_it() {
    let spans = vec![client(1_000, 2_000), server("shop", 3, 2, 500, 2_500)];
    check(
        spans,
        "shop by 500 (does not fit)",
        "client 1000-2000, shop 1000-3000",
    );
}

#[test]
fn case_07_a_child_longer_than_its_parent_that_starts_after_it_stays() {
    let spans = vec![client(1_000, 2_000), server("shop", 3, 2, 1_200, 3_500)];
    check(spans, "", "client 1000-2000, shop 1200-3500");
}

#[test]
fn case_08_a_child_of_the_same_host_stays_wherever_it_is() {
    let spans = vec![
        client(1_000, 2_000),
        of(span("after", 3, 2, 3_000, 4_000), Kind::Internal, "page"),
    ];
    check(spans, "", "client 1000-2000, after 3000-4000");
}

#[test]
fn case_09_a_child_whose_parent_is_missing_stays_and_so_does_its_clock() {
    // Its own calls are still made up for, by its clock.
    let spans = vec![
        client(1_000, 2_000),
        server("shop", 3, 99, 9_000, 9_900),
        of(span("call", 4, 3, 9_100, 9_500), Kind::Client, "shop"),
        server("bank", 5, 4, 100, 300),
    ];
    check(
        spans.clone(),
        "bank by 9100",
        "client 1000-2000, shop 9000-9900, call 9100-9500, bank 9200-9400",
    );
    let tree = Tree::new(spans);
    let orphan = tree.roots()[1];
    assert_eq!(tree.node(orphan).salvage, Some(Salvage::MissingParent));
}

#[test]
fn case_10_several_hosts_in_a_chain_add_up() {
    let spans = vec![
        client(1_000, 2_000),
        server("proxy", 3, 2, 11_200, 11_800),
        of(span("call", 4, 3, 11_300, 11_700), Kind::Client, "proxy"),
        server("shop", 5, 4, 400, 600),
    ];
    check(
        spans,
        "proxy by -10000, shop by 1000",
        "client 1000-2000, proxy 1200-1800, call 1300-1700, shop 1400-1600",
    );
}

#[test]
fn case_11_several_hosts_of_one_service_have_a_clock_each() {
    let on = |instance: &str, span: Span| Span {
        instance: instance.into(),
        ..span
    };
    let spans = vec![
        client(1_000, 2_000),
        on("a", server("shop", 3, 2, 100, 700)),
        on("b", server("shop", 4, 2, 1_100, 1_900)),
        on(
            "a",
            of(span("work", 5, 3, 200, 300), Kind::Internal, "shop"),
        ),
    ];
    check(
        spans,
        "shop@a by 1100",
        "client 1000-2000, shop 1200-1800, shop 1100-1900, work 1300-1400",
    );
}

#[test]
fn case_12_several_calls_of_a_host_share_one_offset() {
    let second = of(span("client", 4, 0, 3_000, 4_000), Kind::Client, "page");
    // The first may move by -49,000 to -48,400, the second by -48,900 to -48,300.
    let spans = vec![
        client(1_000, 2_000),
        server("shop", 3, 2, 50_000, 50_400),
        Span {
            parent_id: Some(client(0, 0).span_id),
            ..second
        },
        server("shop", 5, 4, 51_900, 52_300),
    ];
    check(
        spans,
        "shop by -48650",
        "client 1000-2000, shop 1350-1750, client 3000-4000, shop 3250-3650",
    );
}

#[test]
fn case_13_parents_in_a_circle_are_cut_and_the_rest_is_made_up_for() {
    let spans = vec![
        of(span("client", 2, 3, 1_000, 2_000), Kind::Client, "page"),
        server("shop", 3, 2, 5_000, 5_600),
    ];
    check(
        spans.clone(),
        "shop by -3800",
        "client 1000-2000, shop 1200-1800",
    );
    let tree = Tree::new(spans);
    assert_eq!(tree.node(0).salvage, Some(Salvage::ParentCycle));
}

/// The client span of a page that has measured: the server is ahead by so much.
fn measuring(offset_ms: f64, uncertainty_ms: f64) -> Span {
    Span {
        attributes: vec![
            ("app.clock.offset_ms".to_owned(), Value::Double(offset_ms)),
            (
                "app.clock.offset_uncertainty_ms".to_owned(),
                Value::Double(uncertainty_ms),
            ),
        ],
        ..client(1_000, 2_000)
    }
}

#[test]
fn a_measured_offset_comes_before_an_estimate() {
    // The server is 0.004 ms ahead: 5,100-5,400 is 1,100-1,400 by the page's clock, not in the middle of the call.
    let spans = vec![measuring(0.004, 0.0002), server("shop", 3, 2, 5_100, 5_400)];
    check(
        spans,
        "shop by -4000 measured ±200",
        "client 1000-2000, shop 1100-1400",
    );
    // Even where everything fits already.
    let spans = vec![
        measuring(0.000_4, 0.000_1),
        server("shop", 3, 2, 1_500, 1_600),
    ];
    check(
        spans,
        "shop by -400 measured ±100",
        "client 1000-2000, shop 1100-1200",
    );
    // Where nothing fits, nothing is known better.
    let spans = vec![
        measuring(0.003, 0.000_1),
        server("shop", 3, 2, 4_100, 6_400),
    ];
    check(
        spans,
        "shop by -3000 measured ±100 (does not fit)",
        "client 1000-2000, shop 1100-3400",
    );
}

#[test]
fn it_is_brought_inside_within_its_uncertainty() {
    let spans = vec![measuring(0.0045, 0.001), server("shop", 3, 2, 5_100, 5_400)];
    check(
        spans,
        "shop by -4100 measured ±1000",
        "client 1000-2000, shop 1000-1300",
    );
}

#[test]
fn one_that_is_contradicted_or_within_its_uncertainty_is_not_taken() {
    let spans = vec![
        measuring(90_000.0, 0.001),
        server("shop", 3, 2, 5_000, 5_600),
    ];
    check(spans, "shop by -3800", "client 1000-2000, shop 1200-1800");
    let spans = vec![
        measuring(0.000_4, 0.000_5),
        server("shop", 3, 2, 1_500, 1_600),
    ];
    check(spans, "", "client 1000-2000, shop 1500-1600");
    for nonsense in [f64::NAN, f64::INFINITY, -1.0] {
        let spans = vec![
            measuring(0.004, nonsense),
            server("shop", 3, 2, 5_000, 5_600),
        ];
        check(spans, "shop by -3800", "client 1000-2000, shop 1200-1800");
    }
}

#[test]
fn one_that_may_be_of_either_of_two_servers_is_not_taken() {
    let spans = vec![
        measuring(0.004, 0.0002),
        server("shop", 3, 2, 5_100, 5_400),
        server("bank", 4, 2, 1_100, 1_400),
    ];
    check(
        spans,
        "shop by -3750",
        "client 1000-2000, shop 1350-1650, bank 1100-1400",
    );
}

#[test]
fn a_second_adjustment_changes_nothing() {
    let mut tree = Tree::new(vec![
        measuring(0.000_4, 0.000_1),
        server("shop", 3, 2, 1_500, 1_600),
    ]);
    let first = tree.adjust_clocks();
    let spans = tree.spans().to_vec();
    assert_eq!(tree.adjust_clocks(), first);
    assert_eq!(tree.spans(), spans);
}
