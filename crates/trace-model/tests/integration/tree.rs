//! Every span has one row, whatever its parent.

use std::collections::BTreeSet;

use proptest::prelude::*;
use trace_model::{Salvage, Tree, render};

use crate::spans::{any_spans, span};

fn outline(tree: &Tree) -> String {
    render::tree(
        tree,
        &render::Options {
            service: false,
            ..render::Options::default()
        },
    )
}

#[test]
fn rows_are_depth_first_and_siblings_by_start() {
    let tree = Tree::new(vec![
        span("second", 3, 1, 20, 30),
        span("leaf", 4, 3, 21, 22),
        span("root", 1, 0, 0, 100),
        span("first", 2, 1, 10, 20),
    ]);
    insta::assert_snapshot!(outline(&tree), @r"
    root INTERNAL
      first INTERNAL
      second INTERNAL
        leaf INTERNAL
    ");
    assert_eq!(tree.node(0).children, [1, 2]);
    assert_eq!(tree.node(3).parent, Some(2));
    assert_eq!((tree.start_ns(), tree.end_ns()), (0, 100));
}

#[test]
fn siblings_of_the_same_start_are_ordered_by_end_then_arrival() {
    let tree = Tree::new(vec![
        span("root", 1, 0, 0, 10),
        span("long", 2, 1, 0, 5),
        span("empty, came first", 3, 1, 0, 0),
        span("empty, came second", 4, 1, 0, 0),
    ]);
    insta::assert_snapshot!(outline(&tree), @r"
    root INTERNAL
      empty, came first INTERNAL
      empty, came second INTERNAL
      long INTERNAL
    ");
}

#[test]
fn orphans_and_circles_become_marked_roots() {
    let tree = Tree::new(vec![
        span("late in the circle", 11, 12, 50, 60),
        span("early in the circle", 12, 13, 40, 70),
        span("middle of the circle", 13, 11, 45, 65),
        span("hangs on the circle", 14, 11, 51, 52),
        span("its own parent", 15, 15, 80, 90),
        span("orphan", 2, 99, 10, 20),
        span("child of the orphan", 3, 2, 11, 12),
        span("root", 1, 0, 30, 100),
    ]);
    insta::assert_snapshot!(outline(&tree), @r"
    orphan INTERNAL (parent missing)
      child of the orphan INTERNAL
    root INTERNAL
    early in the circle INTERNAL (parent circular)
      late in the circle INTERNAL
        middle of the circle INTERNAL
        hangs on the circle INTERNAL
    its own parent INTERNAL (parent circular)
    ");
    assert_eq!(
        tree.root(),
        Some(2),
        "a true root stands for the trace before an earlier orphan"
    );
}

#[test]
fn of_two_spans_with_one_id_the_first_is_taken() {
    let tree = Tree::new(vec![span("first", 1, 0, 0, 1), span("second", 1, 0, 0, 1)]);
    assert_eq!(outline(&tree), "first INTERNAL\n");
}

#[test]
fn a_chain_of_a_hundred_thousand_spans_needs_no_stack() {
    let chain = (1..=100_000)
        .map(|id| span("link", id, id - 1, id, 1_000_000 - id))
        .collect();
    let mut tree = Tree::new(chain);
    assert_eq!(tree.node(99_999).depth, 99_999);
    assert_eq!(tree.critical_path().len(), 199_999);
    assert_eq!(tree.adjust_clocks(), []);
}

#[test]
fn no_spans_give_an_empty_tree() {
    let tree = Tree::new(Vec::new());
    assert!(tree.is_empty());
    assert_eq!((tree.root(), tree.start_ns(), tree.end_ns()), (None, 0, 0));
    assert_eq!(tree.critical_path(), []);
}

proptest! {
    #[test]
    fn every_span_appears_exactly_once(spans in any_spans()) {
        let sent: BTreeSet<_> = spans.iter().map(|span| span.span_id).collect();
        let tree = Tree::new(spans);
        let shown: Vec<_> = tree.spans().iter().map(|span| span.span_id).collect();
        prop_assert_eq!(shown.len(), sent.len());
        prop_assert_eq!(shown.into_iter().collect::<BTreeSet<_>>(), sent);
    }

    #[test]
    fn rows_agree_with_each_other(spans in any_spans()) {
        let tree = Tree::new(spans);
        for row in 0..tree.len() {
            let (node, span) = (tree.node(row), tree.span(row));
            match node.parent {
                Some(parent) => {
                    prop_assert!(parent < row);
                    prop_assert!(tree.node(parent).children.contains(&row));
                    prop_assert_eq!(node.depth, tree.node(parent).depth + 1);
                    prop_assert_eq!(span.parent_id, Some(tree.span(parent).span_id));
                    prop_assert_eq!(node.salvage, None);
                }
                None => {
                    prop_assert!(tree.roots().contains(&row));
                    prop_assert_eq!(node.depth, 0);
                    let parent_is_there = span.parent_id.is_some_and(|id| tree.row_of(id).is_some());
                    let expected = match (span.parent_id, parent_is_there) {
                        (None, _) => None,
                        (Some(_), false) => Some(Salvage::MissingParent),
                        (Some(_), true) => Some(Salvage::ParentCycle),
                    };
                    prop_assert_eq!(node.salvage, expected);
                }
            }
            let starts: Vec<_> = node.children.iter().map(|&child| tree.span(child).start_ns).collect();
            prop_assert!(starts.is_sorted());
        }
    }
}
