//! Runs of similar leaves, which a viewer folds into one row: ten times `generate_snippet` say little one by one.

use std::ops::Range;

use crate::duration::percentile;
use crate::order::sort_by_key;
use crate::{Span, Tree};

/// Fewer similar siblings than this are not worth folding.
pub const GROUP_MIN: usize = 5;

/// Siblings without children that follow each other and share name, kind and service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Their rows; at least [`GROUP_MIN`].
    pub rows: Range<usize>,
    /// Their durations added up, in nanoseconds.
    pub total_ns: u64,
    /// Half of them took at most this long, in nanoseconds.
    pub p50_ns: u64,
    /// 95 of 100 took at most this long, in nanoseconds.
    pub p95_ns: u64,
    /// How many of them ended with an error.
    pub errors: usize,
}

impl Group {
    fn of(tree: &Tree, rows: Range<usize>) -> Self {
        let spans = &tree.spans()[rows.clone()];
        let mut durations: Vec<u64> = spans.iter().map(Span::duration_ns).collect();
        sort_by_key(&mut durations, |duration_ns| *duration_ns);
        Self {
            rows,
            total_ns: durations.iter().copied().fold(0, u64::saturating_add),
            p50_ns: percentile(&durations, 50),
            p95_ns: percentile(&durations, 95),
            errors: spans.iter().filter(|span| span.is_error()).count(),
        }
    }

    /// How many spans it stands for.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rows.len()
    }
}

/// All groups, by row.
#[must_use]
pub fn groups(tree: &Tree) -> Vec<Group> {
    let mut groups = Vec::new();
    let mut from = 0;
    while from < tree.len() {
        let to = (from + 1..tree.len())
            .find(|&row| !are_similar(tree, from, row))
            .unwrap_or(tree.len());
        if to - from >= GROUP_MIN {
            groups.push(Group::of(tree, from..to));
        }
        from = to;
    }
    groups
}

/// Leaves that are siblings lie in adjacent rows, so comparing with the first of the run is enough.
fn are_similar(tree: &Tree, first: usize, other: usize) -> bool {
    let (node, other_node) = (tree.node(first), tree.node(other));
    let (span, other_span) = (tree.span(first), tree.span(other));
    node.children.is_empty()
        && other_node.children.is_empty()
        && node.parent == other_node.parent
        && span.name == other_span.name
        && span.kind == other_span.kind
        && span.service == other_span.service
}
