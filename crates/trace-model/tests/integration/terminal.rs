//! A trace in a terminal.

use proptest::prelude::*;
use trace_model::terminal::{Page, line, plain, waterfall};
use trace_model::{Examination, Kind, Span, Status, Summary, Tree, examine};

use crate::spans::{any_spans, of, span};

const MS: u64 = 1_000_000;
const PAGE: Page = Page {
    width: 100,
    fold: true,
};

fn search() -> Vec<Span> {
    let mut spans = vec![
        span("search", 1, 0, 0, 20 * MS),
        of(span("GET", 2, 1, 2 * MS, 16 * MS), Kind::Client, "page"),
        of(
            span("GET /search", 3, 2, 104 * MS, 114 * MS),
            Kind::Server,
            "backend",
        ),
        of(
            span("rank", 4, 3, 105 * MS, 107 * MS),
            Kind::Internal,
            "backend",
        ),
    ];
    for i in 0..10 {
        let start_ns = 108 * MS + i * MS / 2;
        let snippet = span("generate_snippet", 10 + i, 3, start_ns, start_ns + MS / 2);
        spans.push(of(snippet, Kind::Internal, "backend"));
    }
    spans[3].status = Status::Error("slow \u{1b}[31mindex".to_owned());
    spans
}

fn drawn(spans: Vec<Span>, page: Page) -> String {
    let mut tree = Tree::new(spans);
    tree.adjust_clocks();
    waterfall(&tree, &examine(&tree, &[]), page)
}

#[test]
fn a_waterfall_says_where_the_time_went() {
    insta::assert_snapshot!(drawn(search(), PAGE), @r"
    trace 00000000000000000000000000000001
    search of page: 20.0 ms, 14 spans of 2 services, 1 error, complete
    20.0 ms: backend 10.0 ms, page 6.00 ms, network 4.00 ms
    clock of backend set 100 ms earlier, estimated

    search                      page     ━━━━━─────────────────────────────────────━━━━━━━━━━━  20.0 ms
      GET                       page          ━━━━━───────────────────────────━━━━━             14.0 ms
        GET /search             backend            ━━━─────━━━─────────────━━━                  10.0 ms
          ! rank                backend               ━━━━━                                     2.00 ms error: slow \u{1b}[31mindex
          generate_snippet ×10  backend                       ━━━━━━━━━━━━━                     5.00 ms (half within 500 µs, 95 % within 500 µs)
    ");
}

#[test]
fn what_is_wrong_stands_below() {
    let mut spans = search();
    spans.truncate(5);
    spans[4] = span("late", 5, 99, 3 * MS, 3 * MS);
    insta::assert_snapshot!(drawn(spans, PAGE), @r"
    trace 00000000000000000000000000000001
    search of page: 20.0 ms, 5 spans of 2 services, 1 error, waiting for 1 span
    20.0 ms: backend 10.0 ms, page 6.00 ms, network 4.00 ms
    clock of backend set 100 ms earlier, estimated

    search           page     ━━━━━━─────────────────────────────────────────────━━━━━━━━━━━━━  20.0 ms
      GET            page           ━━━━━━────────────────────────────────━━━━━━━               14.0 ms
        GET /search  backend              ━━━━──────━━━━━━━━━━━━━━━━━━━━━━                      10.0 ms
          ! rank     backend                  ━━━━━━                                            2.00 ms error: slow \u{1b}[31mindex
    late             page              ─                                                           0 µs (parent missing)

    parent-never-received: span 0000000000000063, the parent of late of page, was never received; page itself made it
        Look at the exporter of the service that made the parent: late, lost at the end, or sampled on its own.
    ");
}

#[test]
fn a_trace_in_one_line() {
    let mut tree = Tree::new(search());
    tree.adjust_clocks();
    let mut summary = Summary::of(&tree).unwrap();
    summary.start_ns = 1_700_000_000_123_456_789;
    insta::assert_snapshot!(line(&summary), @r"
    22:13:20.123   20.0 ms  14 spans, 1 error  search  [page 2, backend 12!]  00000000000000000000000000000001
    ");
    summary.complete = false;
    summary.services_omitted = 2;
    summary.root_name = "a\nb".to_owned();
    insta::assert_snapshot!(line(&summary), @r"
    22:13:20.123   20.0 ms  14 spans, 1 error, incomplete  a\nb  [page 2, backend 12!, 2 more]  00000000000000000000000000000001
    ");
}

#[test]
fn what_a_terminal_would_obey_is_written_out() {
    for (text, max, expected) in [
        ("GET /search", 20, "GET /search"),
        ("愛 🦀 é", 20, "愛 🦀 é"),
        ("\u{1b}[2J\u{9b}31m", 40, "\\u{1b}[2J\\u{9b}31m"),
        ("a\0b\r\n\t\u{7f}", 40, "a\\u{0}b\\r\\n\\t\\u{7f}"),
        (
            "\u{202e}evil\u{2066}\u{200b}",
            40,
            "\\u{202e}evil\\u{2066}\\u{200b}",
        ),
        (
            "\u{feff}\u{2028}\u{e0041}",
            40,
            "\\u{feff}\\u{2028}\\u{e0041}",
        ),
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("abc\u{202e}", 6, "abc…"),
        ("abcdef\u{202e}", 6, "abcde…"),
        ("a", 0, "…"),
        ("", 0, ""),
    ] {
        assert_eq!(plain(text, max), expected, "{text:?}");
    }
}

#[test]
fn a_name_of_100_kb_and_a_tree_of_20_000_levels_are_cut() {
    let text = drawn(vec![span(&"x".repeat(100_000), 1, 0, 0, 1)], PAGE);
    assert!(
        text.lines().all(|line| line.chars().count() < 300),
        "{text}"
    );
    let deep = (1..20_000)
        .map(|id| span("deep", id, id - 1, id, 50_000 - id))
        .collect();
    let text = drawn(deep, PAGE);
    assert!(text.lines().all(|line| line.chars().count() < 300));
    assert!(text.contains("19998: deep"));
}

#[test]
fn nothing_is_drawn_of_nothing() {
    assert_eq!(
        waterfall(&Tree::default(), &Examination::default(), PAGE),
        ""
    );
}

proptest! {
    #[test]
    fn whatever_a_trace_holds_the_terminal_only_shows_it(
        mut spans in any_spans(), names in prop::collection::vec(any::<String>(), 24), width in 0_usize..200,
    ) {
        for (span, name) in spans.iter_mut().zip(names) {
            span.service.clone_from(&name);
            span.status = Status::Error(name.clone());
            span.name = name;
        }
        for fold in [true, false] {
            let text = drawn(spans.clone(), Page { width, fold });
            prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()));
            let turns = ['\u{202e}', '\u{2066}', '\u{200f}', '\u{feff}'];
            prop_assert!(!text.contains(turns));
        }
    }
}
