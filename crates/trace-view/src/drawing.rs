//! A trace made ready for drawing: clocks adjusted, spans in display order, the time divided among its origins.

use std::collections::BTreeMap;
use std::ops::Range;

use trace_model::{
    Adjustment, Completeness, Part, Segment, Span, Tree, completeness, groups, sort_by_key, split,
};

/// Where spans ran: a name for the reader, which is also the CSS class of its colour.
pub type Origin = &'static str;

/// The origins that an application tells apart.
#[derive(Clone, Copy, Debug)]
pub struct Origins {
    /// All of them, in the order in which their shares are shown.
    pub all: &'static [Origin],
    /// The one for time between a call and its answer; one of `all`.
    pub network: Origin,
    /// Where a span ran; one of `all`.
    pub of: fn(&Span) -> Origin,
}

/// A part of the trace's duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Whose time it is.
    pub origin: Origin,
    /// How much of it, in nanoseconds.
    pub duration_ns: u64,
}

/// A trace, ready to be drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawing {
    /// Its spans.
    pub tree: Tree,
    /// What the root's duration consists of; one share for each origin, in the application's order.
    pub shares: Vec<Share>,
    /// The stretches on which the whole trace waited, in order and without gaps.
    pub critical_path: Vec<Segment>,
    /// What was done to the clocks of services that disagreed.
    pub adjustments: Vec<Adjustment>,
    /// Whether all spans are there.
    pub completeness: Completeness,
    start_ns: u64,
    duration_ns: u64,
    origin_by_row: Vec<Origin>,
    /// Sizes of the groups by their first row.
    group_sizes: BTreeMap<usize, usize>,
    /// For each row, the row after the last one below it.
    subtree_ends: Vec<usize>,
    /// The critical path by row, then by time.
    critical_by_row: Vec<Segment>,
    /// Whether a row, or one below it, is on the critical path.
    leads_to_critical: Vec<bool>,
    deepest: usize,
}

impl Drawing {
    /// Makes the spans of one trace ready.
    pub fn new(spans: Vec<Span>, origins: Origins) -> Self {
        let mut tree = Tree::new(spans);
        let adjustments = tree.adjust_clocks();
        let parts = split(&tree, origins.of);
        let duration_of = |origin: Origin| {
            let is_its = |part: Part<Origin>| match part {
                Part::Network => origin == origins.network,
                Part::Origin(other) => origin == other,
            };
            parts
                .iter()
                .filter(|share| is_its(share.part))
                .map(|share| share.duration_ns)
                .sum()
        };
        let critical_path = tree.critical_path();
        let mut critical_by_row = critical_path.clone();
        sort_by_key(&mut critical_by_row, |segment| {
            (segment.row, segment.from_ns)
        });
        let depths = (0..tree.len()).map(|row| tree.node(row).depth);
        Drawing {
            shares: origins
                .all
                .iter()
                .map(|&origin| Share {
                    origin,
                    duration_ns: duration_of(origin),
                })
                .collect(),
            adjustments,
            completeness: completeness(&tree),
            start_ns: tree.start_ns(),
            duration_ns: tree.end_ns().saturating_sub(tree.start_ns()),
            origin_by_row: tree.spans().iter().map(origins.of).collect(),
            group_sizes: groups(&tree)
                .into_iter()
                .map(|group| (group.rows.start, group.rows.len()))
                .collect(),
            subtree_ends: subtree_ends(&tree),
            leads_to_critical: leads_to(&tree, &critical_path),
            deepest: depths.max().unwrap_or(0),
            critical_by_row,
            critical_path,
            tree,
        }
    }

    /// When the first span starts, in nanoseconds since the Unix epoch.
    pub fn start_ns(&self) -> u64 {
        self.start_ns
    }

    /// Time from the start of the first span to the end of the last: the length of the time axis.
    pub fn duration_ns(&self) -> u64 {
        self.duration_ns
    }

    /// Duration of the span that stands for the trace, in nanoseconds.
    pub fn root_duration_ns(&self) -> u64 {
        self.tree
            .whole()
            .map_or(0, |root| self.tree.span(root).duration_ns())
    }

    /// How many services made the spans.
    pub fn service_count(&self) -> usize {
        let mut services: Vec<&str> = self
            .tree
            .spans()
            .iter()
            .map(|span| span.service.as_str())
            .collect();
        sort_by_key(&mut services, |name| *name);
        services.dedup();
        services.len()
    }

    pub(crate) fn origin(&self, row: usize) -> Origin {
        self.origin_by_row[row]
    }

    /// Rows of the group that begins at this row; 1 where none does.
    pub(crate) fn group_size(&self, row: usize) -> usize {
        self.group_sizes.get(&row).copied().unwrap_or(1)
    }

    /// The group that this row is one of.
    pub(crate) fn group_around(&self, row: usize) -> Option<Range<usize>> {
        let (&first, &size) = self.group_sizes.range(..=row).next_back()?;
        (row < first + size).then_some(first..first + size)
    }

    /// The row and all rows below it.
    pub(crate) fn subtree(&self, row: usize) -> Range<usize> {
        row..self.subtree_ends[row]
    }

    /// Whether this row, or one below it, is on the critical path.
    pub(crate) fn leads_to_critical(&self, row: usize) -> bool {
        self.leads_to_critical[row]
    }

    /// Levels below the roots.
    pub(crate) fn deepest(&self) -> usize {
        self.deepest
    }

    /// Stretches of the critical path that lie on these rows, as times; neighbours are joined.
    pub(crate) fn critical(&self, rows: &Range<usize>) -> Vec<(u64, u64)> {
        let place = |row: usize| {
            self.critical_by_row
                .partition_point(|segment| segment.row < row)
        };
        let mut segments = self.critical_by_row[place(rows.start)..place(rows.end)].to_vec();
        sort_by_key(&mut segments, |segment| segment.from_ns);
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for segment in segments {
            match joined.last_mut() {
                Some((_, to_ns)) if *to_ns == segment.from_ns => *to_ns = segment.to_ns,
                _ => joined.push((segment.from_ns, segment.to_ns)),
            }
        }
        joined
    }
}

fn subtree_ends(tree: &Tree) -> Vec<usize> {
    let mut ends = vec![tree.len(); tree.len()];
    let mut open: Vec<usize> = Vec::new();
    for row in 0..tree.len() {
        while let Some(&above) = open.last()
            && tree.node(above).depth >= tree.node(row).depth
        {
            ends[above] = row;
            open.pop();
        }
        open.push(row);
    }
    ends
}

fn leads_to(tree: &Tree, path: &[Segment]) -> Vec<bool> {
    let mut leads = vec![false; tree.len()];
    for segment in path {
        let mut at = Some(segment.row);
        while let Some(row) = at.filter(|&row| !leads[row]) {
            leads[row] = true;
            at = tree.node(row).parent;
        }
    }
    leads
}

/// A small trace for the tests of this crate.
#[cfg(test)]
pub(crate) mod sample {
    use trace_model::{Kind, SpanId, TraceId};

    use super::*;

    pub(crate) const ORIGINS: Origins = Origins {
        all: &["page", "network", "server"],
        network: "network",
        of: |span| {
            if span.service == "page" {
                "page"
            } else {
                "server"
            }
        },
    };

    pub(crate) fn span(id: u8, parent: u8, name: &str, start_us: u64, end_us: u64) -> Span {
        let id_of = |id: u8| SpanId([0, 0, 0, 0, 0, 0, 0, id]);
        Span {
            trace_id: TraceId([1; 16]),
            span_id: id_of(id),
            parent_id: (parent > 0).then(|| id_of(parent)),
            name: name.into(),
            kind: Kind::Internal,
            start_ns: start_us * 1_000,
            end_ns: end_us * 1_000,
            service: "page".into(),
            ..Span::default()
        }
    }

    /// A click, a request, its answer, and five similar leaves: one millisecond in all.
    pub(crate) fn search() -> Vec<Span> {
        let mut spans = vec![
            span(1, 0, "click", 0, 1_000),
            Span {
                kind: Kind::Client,
                ..span(2, 1, "GET", 100, 900)
            },
            Span {
                kind: Kind::Server,
                service: "shop".into(),
                ..span(3, 2, "GET /search", 200, 800)
            },
        ];
        spans.extend((0..5).map(|n| Span {
            service: "shop".into(),
            ..span(
                4 + n,
                3,
                "snippet",
                300 + 100 * u64::from(n),
                400 + 100 * u64::from(n),
            )
        }));
        spans
    }
}

#[cfg(test)]
mod tests {
    use super::sample::{ORIGINS, search};
    use super::*;

    #[track_caller]
    fn check_shares(spans: Vec<Span>, expected_us: &[(&str, u64)]) {
        let drawing = Drawing::new(spans, ORIGINS);
        let shares: Vec<(&str, u64)> = drawing
            .shares
            .iter()
            .map(|share| (share.origin, share.duration_ns / 1_000))
            .collect();
        assert_eq!(shares, expected_us);
        let sum_ns: u64 = drawing.shares.iter().map(|share| share.duration_ns).sum();
        assert_eq!(sum_ns, drawing.root_duration_ns());
    }

    #[test]
    fn shares_come_in_the_applications_order_and_add_up() {
        check_shares(
            search(),
            &[("page", 200), ("network", 200), ("server", 600)],
        );
    }

    #[test]
    fn a_request_without_an_answer_is_the_callers_time() {
        check_shares(
            search()[..2].to_vec(),
            &[("page", 1_000), ("network", 0), ("server", 0)],
        );
    }

    #[test]
    fn a_clock_that_runs_ahead_is_set_back() {
        let mut spans = search();
        for span in &mut spans[2..] {
            span.start_ns += 5_000_000;
            span.end_ns += 5_000_000;
        }
        let drawing = Drawing::new(spans, ORIGINS);
        assert_eq!(drawing.adjustments.len(), 1);
        assert_eq!(drawing.duration_ns(), 1_000_000);
        assert_eq!(drawing.service_count(), 2);
        assert_eq!(drawing.completeness, Completeness::Complete);
    }
}
