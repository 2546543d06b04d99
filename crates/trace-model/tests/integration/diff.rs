//! Two traces beside each other.

use std::fmt::Write;

use proptest::prelude::*;
use trace_model::{Diff, Kind, Span, Tree, diff};

use crate::spans::{any_spans, nested_spans, of, span};

/// A line for each row: name, durations of both, changes.
fn written(diff: &Diff) -> String {
    let mut text = format!("{} -> {}\n", diff.first_ns, diff.second_ns);
    for row in &diff.rows {
        let of = |side: Option<trace_model::Side>| {
            side.map_or("-".to_owned(), |side| side.duration_ns.to_string())
        };
        text.extend(std::iter::repeat_n("  ", row.depth));
        writeln!(
            text,
            "{} {} -> {} ({:+}, itself {:+})",
            row.name,
            of(row.first),
            of(row.second),
            row.change_ns(),
            row.self_change_ns()
        )
        .unwrap();
    }
    text
}

fn search(snippet_ns: &[u64]) -> Vec<Span> {
    let mut spans = vec![span("search", 1, 0, 0, 1_000), span("rank", 2, 1, 10, 110)];
    let mut at_ns = 200;
    for (i, duration_ns) in snippet_ns.iter().enumerate() {
        spans.push(span(
            "snippet",
            10 + i as u64,
            1,
            at_ns,
            at_ns + duration_ns,
        ));
        at_ns += duration_ns;
    }
    spans
}

#[test]
fn spans_are_matched_by_path_name_kind_and_ordinal() {
    let mut slower = search(&[20, 90, 20, 20]);
    slower[0].end_ns = 1_100;
    slower.push(span("retry", 30, 1, 120, 130));
    slower.push(of(span("rank", 31, 1, 140, 150), Kind::Client, "page"));
    slower.push(span("read", 32, 2, 20, 60));
    let mut quicker = search(&[20, 30, 20]);
    quicker.push(span("cache", 40, 2, 20, 30));
    let diff = diff(&Tree::new(quicker), &Tree::new(slower));
    insta::assert_snapshot!(written(&diff), @r"
    1000 -> 1100
    search 1000 -> 1100 (+100, itself +0)
      rank 100 -> 100 (+0, itself -30)
        read - -> 40 (+40, itself +40)
        cache 10 -> - (-10, itself -10)
      retry - -> 10 (+10, itself +10)
      rank - -> 10 (+10, itself +10)
      snippet 20 -> 20 (+0, itself +0)
      snippet 30 -> 90 (+60, itself +60)
      snippet 20 -> 20 (+0, itself +0)
      snippet - -> 20 (+20, itself +20)
    ");
    let causes: Vec<_> = diff
        .causes(3)
        .into_iter()
        .map(|row| &*diff.rows[row].name)
        .collect();
    assert_eq!(causes, ["snippet", "read", "rank"]);
    assert_eq!(
        diff.causes(100).len(),
        7,
        "those that did not change are no causes"
    );
}

#[test]
fn a_trace_beside_nothing_is_all_new() {
    let diff = diff(&Tree::new(Vec::new()), &Tree::new(search(&[5])));
    insta::assert_snapshot!(written(&diff), @r"
    0 -> 1000
    search - -> 1000 (+1000, itself +895)
      rank - -> 100 (+100, itself +100)
      snippet - -> 5 (+5, itself +5)
    ");
}

#[test]
fn a_trace_as_deep_as_it_can_be_is_no_problem() {
    let deep = |step: u64| {
        let spans = (1..20_000).map(|id| span("deep", id, id - 1, id, 50_000 - step * id));
        Tree::new(spans.collect())
    };
    let diff = diff(&deep(1), &deep(2));
    assert_eq!(diff.rows.len(), 19_999);
    assert!(
        diff.rows
            .iter()
            .all(|row| row.first.is_some() && row.second.is_some())
    );
}

proptest! {
    #[test]
    fn every_span_of_both_has_one_row(first in any_spans(), second in any_spans()) {
        let (first, second) = (Tree::new(first), Tree::new(second));
        let diff = diff(&first, &second);
        let mut rows: [Vec<usize>; 2] = [
            diff.rows.iter().filter_map(|row| Some(row.first?.row)).collect(),
            diff.rows.iter().filter_map(|row| Some(row.second?.row)).collect(),
        ];
        prop_assert_eq!(&rows[0], &(0..first.len()).collect::<Vec<_>>(), "in the order of the first");
        rows[1].sort_unstable();
        prop_assert_eq!(&rows[1], &(0..second.len()).collect::<Vec<_>>());
    }

    #[test]
    fn a_trace_beside_itself_has_no_changes(spans in any_spans()) {
        let tree = Tree::new(spans);
        let diff = diff(&tree, &tree);
        prop_assert!(diff.rows.iter().all(|row| row.first == row.second));
        prop_assert_eq!(diff.causes(10), Vec::<usize>::new());
    }

    #[test]
    fn changes_of_own_times_sum_to_the_change_of_the_whole_without_parallel_children(
        spans in nested_spans(), slower in 0_u64..1_000,
    ) {
        let first = Tree::new(spans.clone());
        let in_turn = (0..first.len()).all(|row| {
            let children = &first.node(row).children;
            children.windows(2).all(|pair| first.span(pair[0]).end_ns <= first.span(pair[1]).start_ns)
        });
        let mut longer = spans;
        longer[0].end_ns += slower;
        let diff = diff(&first, &Tree::new(longer));
        let sum: i64 = diff.rows.iter().map(|row| row.self_change_ns()).sum();
        prop_assert!(!in_turn || sum == slower as i64);
        prop_assert_eq!(diff.rows[0].change_ns(), slower as i64);
    }
}
