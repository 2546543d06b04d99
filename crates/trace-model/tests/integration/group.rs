//! Which rows are folded.

use proptest::prelude::*;
use trace_model::{GROUP_MIN, Group, Span, Status, Tree, groups};

use crate::spans::{any_spans, span};

fn snippets(count: u64) -> Vec<Span> {
    let mut spans = vec![
        span("process_results", 1, 0, 0, 1_000),
        span("rank", 2, 1, 0, 1),
    ];
    spans.extend((0..count).map(|i| span("generate_snippet", 10 + i, 1, 10 * i + 1, 10 * i + 8)));
    spans
}

#[test]
fn a_run_of_five_similar_leaves_is_a_group() {
    let tree = Tree::new(snippets(5));
    assert_eq!(
        groups(&tree),
        [Group {
            rows: 2..7,
            total_ns: 35,
            p50_ns: 7,
            p95_ns: 7,
            errors: 0,
        }]
    );
    assert_eq!(groups(&tree)[0].count(), 5);
}

#[test]
fn a_group_says_how_long_its_members_took_and_how_many_failed() {
    let mut spans = snippets(20);
    for (i, span) in spans[2..].iter_mut().enumerate() {
        span.end_ns = span.start_ns + i as u64 + 1;
    }
    spans[3].status = Status::Error(String::new());
    let group = groups(&Tree::new(spans)).remove(0);
    assert_eq!(
        (group.total_ns, group.p50_ns, group.p95_ns, group.errors),
        (210, 10, 19, 1)
    );
}

#[test]
fn four_are_not() {
    assert_eq!(groups(&Tree::new(snippets(4))), []);
}

#[test]
fn one_with_a_child_ends_the_run() {
    let mut spans = snippets(9);
    spans.push(span("child", 50, 14, 41, 42));
    assert_eq!(
        groups(&Tree::new(spans)),
        [],
        "four before it and four after it"
    );
}

proptest! {
    #[test]
    fn groups_hold_similar_leaves_only(spans in any_spans()) {
        let tree = Tree::new(spans);
        for group in groups(&tree) {
            prop_assert!(group.count() >= GROUP_MIN);
            let first = group.rows.start;
            for row in group.rows.clone() {
                prop_assert!(tree.node(row).children.is_empty());
                prop_assert_eq!(tree.node(row).parent, tree.node(first).parent);
                prop_assert_eq!(&tree.span(row).service, &tree.span(first).service);
                prop_assert_eq!(tree.span(row).kind, tree.span(first).kind);
            }
        }
    }
}
