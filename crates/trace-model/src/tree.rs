//! Spans in the order a viewer shows them, each with its place under its parent.

use std::collections::HashMap;

use crate::order::sort_by_key;
use crate::{Adjustment, Span, SpanId};

/// The spans of one trace, depth first, siblings by start. A span is named by its row: its place in that order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tree {
    spans: Vec<Span>,
    nodes: Vec<Node>,
    roots: Vec<usize>,
    /// What was done to the clocks, once it was.
    pub(crate) adjustments: Option<Vec<Adjustment>>,
}

/// Place of a span in its tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// Steps up to a root; 0 for a root.
    pub depth: usize,
    /// Row of the parent; absent for a root.
    pub parent: Option<usize>,
    /// Rows of the children, by start.
    pub children: Vec<usize>,
    /// Why the span is shown as a root although it names a parent.
    pub salvage: Option<Salvage>,
}

/// Why a span that names a parent is shown as a root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Salvage {
    /// The parent is not among the spans.
    MissingParent,
    /// The span is, through its parents, its own ancestor; this is the earliest span of that circle.
    ParentCycle,
}

impl Tree {
    /// Builds the tree. Every span has a row, whatever its parent; of spans with the same id only the first is taken.
    /// Siblings are ordered by start, then by end, then as they came.
    #[must_use]
    pub fn new(spans: Vec<Span>) -> Self {
        let (spans, by_id) = distinct(spans);
        let mut parents: Vec<Result<usize, Option<Salvage>>> = spans
            .iter()
            .map(|span| match span.parent_id {
                None => Err(None),
                Some(id) => by_id.get(&id).copied().ok_or(Some(Salvage::MissingParent)),
            })
            .collect();
        cut_cycles(&spans, &mut parents);

        let mut by_time: Vec<usize> = (0..spans.len()).collect();
        sort_by_key(&mut by_time, |&i| (spans[i].start_ns, spans[i].end_ns, i));
        let mut children = vec![Vec::new(); spans.len()];
        let mut roots = Vec::new();
        for i in by_time {
            match parents[i] {
                Ok(parent) => children[parent].push(i),
                Err(_) => roots.push(i),
            }
        }
        lay_out(spans, &parents, &children, &roots)
    }

    /// How many spans it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether it has no span.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// All spans, by row.
    #[must_use]
    pub fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The spans themselves, by row.
    #[must_use]
    pub fn into_spans(self) -> Vec<Span> {
        self.spans
    }

    /// The span of a row.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn span(&self, row: usize) -> &Span {
        &self.spans[row]
    }

    /// The place of a row's span.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    pub fn node(&self, row: usize) -> &Node {
        &self.nodes[row]
    }

    /// The row of a span.
    #[must_use]
    pub fn row_of(&self, id: SpanId) -> Option<usize> {
        self.spans.iter().position(|span| span.span_id == id)
    }

    /// This row and those of all spans below it.
    #[must_use]
    pub fn rows_below(&self, row: usize) -> std::ops::Range<usize> {
        let Some(node) = self.nodes.get(row) else {
            return row..row;
        };
        let is_beside = |&later: &usize| self.nodes[later].depth <= node.depth;
        row..(row + 1..self.len()).find(is_beside).unwrap_or(self.len())
    }

    /// Rows of all roots, true and salvaged, by start.
    #[must_use]
    pub fn roots(&self) -> &[usize] {
        &self.roots
    }

    /// The root that stands for the trace: the first true one, else the first salvaged one, else none.
    #[must_use]
    pub fn root(&self) -> Option<usize> {
        let is_true = |&&row: &&usize| self.nodes[row].salvage.is_none();
        self.roots
            .iter()
            .find(is_true)
            .or(self.roots.first())
            .copied()
    }

    /// The span whose duration is that of the work: [`Tree::root`], or where a page was served, the load of the page, which
    /// hangs below the span that served it and lasts from before to after it.
    #[must_use]
    pub fn whole(&self) -> Option<usize> {
        let mut row = self.root()?;
        loop {
            let span = &self.spans[row];
            let is_around = |&&child: &&usize| {
                let child = &self.spans[child];
                child.service != span.service
                    && child.start_ns <= span.start_ns
                    && child.end_ns >= span.end_ns
                    && child.kind != crate::Kind::Server
            };
            match self.nodes[row].children.iter().find(is_around) {
                Some(&child) => row = child,
                None => return Some(row),
            }
        }
    }

    /// When the first span starts, in nanoseconds since the Unix epoch; 0 without spans.
    #[must_use]
    pub fn start_ns(&self) -> u64 {
        self.spans
            .iter()
            .map(|span| span.start_ns)
            .min()
            .unwrap_or(0)
    }

    /// When the last span ends, in nanoseconds since the Unix epoch; 0 without spans.
    #[must_use]
    pub fn end_ns(&self) -> u64 {
        self.spans
            .iter()
            .map(|span| span.end_ns.max(span.start_ns))
            .max()
            .unwrap_or(0)
    }

    /// Whether the span of this row has a child made elsewhere, that is, whether its call was answered by a traced
    /// service.
    #[must_use]
    pub fn has_remote_child(&self, row: usize) -> bool {
        let service = &self.spans[row].service;
        let is_remote = |&child: &usize| {
            let child = &self.spans[child];
            child.kind == crate::Kind::Server || child.service != *service
        };
        self.nodes[row].children.iter().any(is_remote)
    }
}

fn distinct(spans: Vec<Span>) -> (Vec<Span>, HashMap<SpanId, usize>) {
    let mut by_id = HashMap::with_capacity(spans.len());
    let mut kept = Vec::with_capacity(spans.len());
    for span in spans {
        by_id.entry(span.span_id).or_insert_with(|| {
            kept.push(span);
            kept.len() - 1
        });
    }
    (kept, by_id)
}

/// Makes a root of the earliest span of every circle of parents.
fn cut_cycles(spans: &[Span], parents: &mut [Result<usize, Option<Salvage>>]) {
    // Which walk up the parents saw a span first; a walk that meets itself has found a circle.
    let mut walked_from = vec![usize::MAX; spans.len()];
    for start in 0..spans.len() {
        let mut at = start;
        while walked_from[at] == usize::MAX {
            walked_from[at] = start;
            match parents[at] {
                Ok(parent) => at = parent,
                Err(_) => break,
            }
        }
        if walked_from[at] != start || parents[at].is_err() {
            continue;
        }
        let mut earliest = at;
        let mut member = at;
        while let Ok(next) = parents[member]
            && next != at
        {
            member = next;
            if (spans[member].start_ns, member) < (spans[earliest].start_ns, earliest) {
                earliest = member;
            }
        }
        parents[earliest] = Err(Some(Salvage::ParentCycle));
    }
}

/// Moves the spans into depth-first order, without recursion: a sender may nest as deeply as it likes.
fn lay_out(
    spans: Vec<Span>,
    parents: &[Result<usize, Option<Salvage>>],
    children: &[Vec<usize>],
    roots: &[usize],
) -> Tree {
    let mut tree = Tree {
        spans: Vec::with_capacity(spans.len()),
        nodes: Vec::with_capacity(spans.len()),
        roots: Vec::with_capacity(roots.len()),
        adjustments: None,
    };
    let mut spans: Vec<Option<Span>> = spans.into_iter().map(Some).collect();
    let mut pending: Vec<(usize, Option<usize>)> =
        roots.iter().rev().map(|&root| (root, None)).collect();
    while let Some((i, parent)) = pending.pop() {
        let row = tree.nodes.len();
        let depth = match parent {
            Some(parent) => {
                tree.nodes[parent].children.push(row);
                tree.nodes[parent].depth + 1
            }
            None => {
                tree.roots.push(row);
                0
            }
        };
        tree.nodes.push(Node {
            depth,
            parent,
            children: Vec::with_capacity(children[i].len()),
            salvage: parents[i].err().flatten(),
        });
        tree.spans.extend(spans[i].take());
        pending.extend(children[i].iter().rev().map(|&child| (child, Some(row))));
    }
    tree
}
