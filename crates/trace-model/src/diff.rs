//! Two traces of the same work beside each other: what took longer, what is new, what is gone.

use std::collections::HashMap;

use crate::order::sort_by_key;
use crate::{Kind, Tree};

/// Two traces, span by span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// Depth first, in the order of the first trace; what only the second has follows what it followed there.
    pub rows: Vec<DiffRow>,
    /// Duration of the first trace's [`Tree::whole`], in nanoseconds; 0 without spans.
    pub first_ns: u64,
    /// The same of the second.
    pub second_ns: u64,
}

/// A span of either trace, or one of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiffRow {
    /// Steps up to a root.
    pub depth: usize,
    /// Name of the span.
    pub name: String,
    /// Kind of the span.
    pub kind: Kind,
    /// Service of the span; of the first where they differ.
    pub service: String,
    /// What the first trace has.
    pub first: Option<Side>,
    /// What the second trace has.
    pub second: Option<Side>,
}

/// A span in its own trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    /// Row in that trace's tree.
    pub row: usize,
    /// How long it took, in nanoseconds.
    pub duration_ns: u64,
    /// How much of that none of its children covers, in nanoseconds.
    pub self_ns: u64,
}

impl DiffRow {
    /// How much longer the second took, in nanoseconds; negative when it was quicker. A span that is not there took no
    /// time.
    #[must_use]
    pub fn change_ns(&self) -> i64 {
        change(self.first, self.second, |side| side.duration_ns)
    }

    /// The same of the time that none of its children covers: where a change comes from.
    #[must_use]
    pub fn self_change_ns(&self) -> i64 {
        change(self.first, self.second, |side| side.self_ns)
    }
}

impl Diff {
    /// Rows by how much their own time changed, most first; those that did not change are left out. At most `count`.
    #[must_use]
    pub fn causes(&self, count: usize) -> Vec<usize> {
        let mut rows: Vec<usize> = (0..self.rows.len())
            .filter(|&row| self.rows[row].self_change_ns() != 0)
            .collect();
        sort_by_key(&mut rows, |&row| {
            std::cmp::Reverse(self.rows[row].self_change_ns().unsigned_abs())
        });
        rows.truncate(count);
        rows
    }
}

/// Lays `second` beside `first`. Spans belong together when their parents do, and they have the same name and kind and are
/// the same in number among the siblings of which that is true: the third `generate_snippet` with the third.
#[must_use]
pub fn diff(first: &Tree, second: &Tree) -> Diff {
    let mut rows = Vec::new();
    let mut pending = paired(first, first.roots(), second, second.roots());
    pending.reverse();
    let mut depths = vec![0; pending.len()];
    while let (Some(pair), Some(depth)) = (pending.pop(), depths.pop()) {
        let Some(span) = pair
            .first
            .map(|row| first.span(row))
            .or(pair.second.map(|row| second.span(row)))
        else {
            continue;
        };
        rows.push(DiffRow {
            depth,
            name: span.name.clone(),
            kind: span.kind,
            service: span.service.clone(),
            first: pair.first.map(|row| side(first, row)),
            second: pair.second.map(|row| side(second, row)),
        });
        let below = paired(
            first,
            children(first, pair.first),
            second,
            children(second, pair.second),
        );
        depths.extend(std::iter::repeat_n(depth + 1, below.len()));
        pending.extend(below.into_iter().rev());
    }
    let whole_ns = |tree: &Tree| tree.whole().map_or(0, |row| tree.span(row).duration_ns());
    Diff {
        rows,
        first_ns: whole_ns(first),
        second_ns: whole_ns(second),
    }
}

/// Rows that belong together; one of them is there.
#[derive(Clone, Copy)]
struct Pair {
    first: Option<usize>,
    second: Option<usize>,
}

/// Siblings of both traces in order.
fn paired(first: &Tree, first_rows: &[usize], second: &Tree, second_rows: &[usize]) -> Vec<Pair> {
    let key = |tree: &'_ Tree, row: usize| {
        let span = tree.span(row);
        (span.name.clone(), span.kind)
    };
    let mut waiting: HashMap<(String, Kind), std::collections::VecDeque<usize>> = HashMap::new();
    for (place, &row) in first_rows.iter().enumerate() {
        waiting.entry(key(first, row)).or_default().push_back(place);
    }
    let mut partners = vec![None; first_rows.len()];
    // What only the second has, by the place in the first that it follows; none for the beginning.
    let mut added: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    let mut follows = None;
    for &row in second_rows {
        match waiting
            .get_mut(&key(second, row))
            .and_then(|places| places.pop_front())
        {
            Some(place) => {
                partners[place] = Some(row);
                follows = Some(place);
            }
            None => added.entry(follows).or_default().push(row),
        }
    }
    let mut added_after = |place: Option<usize>| {
        let rows = added.remove(&place).unwrap_or_default();
        rows.into_iter().map(|row| Pair {
            first: None,
            second: Some(row),
        })
    };
    let mut pairs: Vec<Pair> = added_after(None).collect();
    for (place, (&row, &partner)) in first_rows.iter().zip(&partners).enumerate() {
        pairs.push(Pair {
            first: Some(row),
            second: partner,
        });
        pairs.extend(added_after(Some(place)));
    }
    pairs
}

fn children(tree: &Tree, row: Option<usize>) -> &[usize] {
    row.map_or(&[], |row| &tree.node(row).children)
}

fn side(tree: &Tree, row: usize) -> Side {
    Side {
        row,
        duration_ns: tree.span(row).duration_ns(),
        self_ns: tree.self_time_ns(row),
    }
}

fn change(first: Option<Side>, second: Option<Side>, of: impl Fn(&Side) -> u64) -> i64 {
    let before = first.as_ref().map_or(0, &of);
    let after = second.as_ref().map_or(0, &of);
    let amount = i64::try_from(after.abs_diff(before)).unwrap_or(i64::MAX);
    if after >= before { amount } else { -amount }
}
