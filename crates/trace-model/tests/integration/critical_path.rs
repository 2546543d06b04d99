//! The critical path covers the root, and is made of what the root waited for.

use proptest::prelude::*;
use trace_model::{Kind, Span, Tree};

use crate::spans::{any_spans, nested_spans, of, span};

/// The path as `name from-to`, one stretch after the other.
fn check(spans: Vec<Span>, expected: &str) {
    let tree = Tree::new(spans);
    let path: Vec<String> = tree
        .critical_path()
        .iter()
        .map(|segment| {
            format!(
                "{} {}-{}",
                tree.span(segment.row).name,
                segment.from_ns,
                segment.to_ns
            )
        })
        .collect();
    assert_eq!(path.join(", "), expected);
}

#[test]
fn time_between_children_is_the_parents_own() {
    check(
        vec![
            span("root", 1, 0, 0, 100),
            span("a", 2, 1, 10, 40),
            span("b", 3, 1, 50, 90),
        ],
        "root 0-10, a 10-40, root 40-50, b 50-90, root 90-100",
    );
}

#[test]
fn where_a_page_was_served_its_load_is_the_whole() {
    check(
        vec![
            of(span("GET /", 1, 0, 10, 20), Kind::Server, "proxy"),
            span("documentLoad", 2, 1, 0, 100),
            span("script", 3, 2, 30, 60),
        ],
        "documentLoad 0-30, script 30-60, documentLoad 60-100",
    );
    // A call that lasts longer than its caller is none.
    check(
        vec![
            span("GET", 1, 0, 10, 20),
            of(span("GET /", 2, 1, 0, 100), Kind::Server, "proxy"),
        ],
        "GET / 10-20",
    );
}

#[test]
fn of_parallel_children_the_one_that_ends_last_counts() {
    check(
        vec![
            span("root", 1, 0, 0, 100),
            span("quick", 2, 1, 10, 40),
            span("slow", 3, 1, 10, 90),
        ],
        "root 0-10, slow 10-90, root 90-100",
    );
}

#[test]
fn back_to_back_children_all_lie_on_it() {
    check(
        vec![
            span("root", 1, 0, 0, 30),
            span("a", 2, 1, 0, 10),
            span("b", 3, 1, 10, 20),
            span("c", 4, 1, 20, 30),
        ],
        "a 0-10, b 10-20, c 20-30",
    );
}

#[test]
fn a_child_counts_as_far_as_it_lies_inside_its_parent() {
    check(
        vec![
            span("root", 1, 0, 100, 200),
            span("too early", 2, 1, 0, 120),
            span("too late", 3, 1, 180, 500),
            span("elsewhere", 4, 1, 600, 700),
        ],
        "too early 100-120, root 120-180, too late 180-200",
    );
}

#[test]
fn an_empty_child_between_two_others_breaks_nothing() {
    check(
        vec![
            span("root", 1, 0, 0, 20),
            span("a", 2, 1, 0, 10),
            span("empty", 3, 1, 10, 10),
            span("b", 4, 1, 10, 20),
        ],
        "a 0-10, b 10-20",
    );
}

#[test]
fn self_time_counts_overlapping_children_once() {
    let tree = Tree::new(vec![
        span("root", 1, 0, 100, 200),
        span("a", 2, 1, 110, 150),
        span("b", 3, 1, 120, 160),
        span("inside b", 4, 3, 125, 130),
        span("reaches out", 5, 1, 190, 300),
        span("outside", 6, 1, 300, 400),
    ]);
    assert_eq!(tree.self_time_ns(0), 100 - 50 - 10);
    assert_eq!(tree.self_time_ns(2), 35);
}

proptest! {
    #[test]
    fn it_covers_the_root_without_gap_or_overlap(spans in any_spans()) {
        let tree = Tree::new(spans);
        let path = tree.critical_path();
        let Some(root) = tree.whole().map(|row| tree.span(row)).filter(|root| root.duration_ns() > 0) else {
            prop_assert!(path.is_empty());
            return Ok(());
        };
        prop_assert_eq!(path[0].from_ns, root.start_ns);
        prop_assert_eq!(path[path.len() - 1].to_ns, root.end_ns);
        prop_assert!(path.iter().all(|segment| segment.from_ns < segment.to_ns));
        prop_assert!(path.windows(2).all(|pair| pair[0].to_ns == pair[1].from_ns));
        for segment in &path {
            let span = tree.span(segment.row);
            prop_assert!(span.start_ns <= segment.from_ns && segment.to_ns <= span.end_ns);
        }
    }

    #[test]
    fn no_back_to_back_child_is_lost(durations in prop::collection::vec(1_u64..50, 1..60)) {
        let mut end_ns = 1_000;
        let mut spans = Vec::new();
        for (i, duration_ns) in durations.iter().enumerate() {
            spans.push(span("part", i as u64 + 2, 1, end_ns, end_ns + duration_ns));
            end_ns += duration_ns;
        }
        spans.push(span("whole", 1, 0, 1_000, end_ns));
        let rows: Vec<_> = Tree::new(spans).critical_path().iter().map(|segment| segment.row).collect();
        prop_assert_eq!(rows, (1..=durations.len()).collect::<Vec<_>>());
    }

}

/// Spans with ids 1 to n, each of them with children that fill it back to back, or with none.
fn filled_spans() -> impl Strategy<Value = Vec<Span>> {
    let cuts = prop::collection::vec(0.0..1.0_f64, 1..5);
    prop::collection::vec((any::<prop::sample::Index>(), cuts), 1..40).prop_map(|splits| {
        let mut spans = vec![span("root", 1, 0, 1_000_000, 1_060_000)];
        let mut leaves = vec![0];
        for (leaf, cuts) in splits {
            let leaf = leaf.index(leaves.len());
            let (parent_ns, id) = (spans[leaves[leaf]].clone(), spans.len() as u64 + 1);
            let at = |cut: f64| parent_ns.start_ns + (parent_ns.duration_ns() as f64 * cut) as u64;
            let mut borders: Vec<u64> = cuts.into_iter().map(at).collect();
            borders.extend([parent_ns.start_ns, parent_ns.end_ns]);
            borders.sort_unstable();
            borders.dedup();
            if borders.len() < 3 {
                continue;
            }
            let parent = u64::from_be_bytes(parent_ns.span_id.0);
            leaves.swap_remove(leaf);
            for (i, pair) in borders.windows(2).enumerate() {
                leaves.push(spans.len());
                spans.push(span("part", id + i as u64, parent, pair[0], pair[1]));
            }
        }
        spans
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn on_300_generated_back_to_back_traces_it_loses_no_span(spans in filled_spans()) {
        let tree = Tree::new(spans);
        let path = tree.critical_path();
        let leaves: Vec<_> = (0..tree.len()).filter(|&row| tree.node(row).children.is_empty()).collect();
        let on_path: Vec<_> = path.iter().map(|segment| segment.row).collect();
        // Every leaf once, whole and in order; what is above them waited for all of them and for nothing else.
        prop_assert_eq!(&on_path, &leaves);
        for segment in &path {
            prop_assert_eq!(segment.duration_ns(), tree.span(segment.row).duration_ns());
        }
    }
}

proptest! {
    #[test]
    fn own_time_on_the_path_is_at_most_self_time_without_parallel_children(spans in nested_spans()) {
        // With parallel children, what a child outside the path covers counts as its parent's on the path.
        let tree = Tree::new(spans);
        for row in 0..tree.len() {
            let children = &tree.node(row).children;
            let in_turn = children.windows(2).all(|pair| tree.span(pair[0]).end_ns <= tree.span(pair[1]).start_ns);
            let on_path: u64 =
                tree.critical_path().iter().filter(|segment| segment.row == row).map(|segment| segment.duration_ns()).sum();
            prop_assert!(!in_turn || on_path == 0 || on_path <= tree.self_time_ns(row));
            prop_assert!(tree.self_time_ns(row) <= tree.span(row).duration_ns());
        }
    }
}
