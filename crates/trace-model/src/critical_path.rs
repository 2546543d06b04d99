//! What made a trace take as long as it did, and what each span did by itself.

use crate::order::sort_by_key;
use crate::{Span, Tree};

/// A stretch of the critical path: while it lasted, the trace waited for this span's own work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Row of the span.
    pub row: usize,
    /// Where the stretch begins, in nanoseconds since the Unix epoch.
    pub from_ns: u64,
    /// Where it ends; later than `from_ns`.
    pub to_ns: u64,
}

impl Segment {
    /// How long the stretch is, in nanoseconds.
    #[must_use]
    pub fn duration_ns(&self) -> u64 {
        self.to_ns - self.from_ns
    }
}

impl Tree {
    /// Time of a span that none of its children covers, in nanoseconds. Children count only as far as they lie inside
    /// the span, and once where they overlap.
    #[must_use]
    pub fn self_time_ns(&self, row: usize) -> u64 {
        let span = self.span(row);
        let mut covered_ns = 0;
        let mut covered_to = span.start_ns;
        // Children are in the order of their starts, so what is covered so far ends at one point.
        for &child in &self.node(row).children {
            let child = self.span(child);
            let from = child.start_ns.max(covered_to);
            let to = child.end_ns.min(span.end_ns);
            covered_ns += to.saturating_sub(from);
            covered_to = covered_to.max(to);
        }
        span.duration_ns() - covered_ns
    }

    /// The critical path of [`Tree::whole`], from its start to its end, without gap or overlap; empty when there is no
    /// root or it takes no time.
    ///
    /// Found from the end backwards: the child that ended last is what its parent waited for, then the one that had
    /// ended when that one started, or at that very nanosecond, which keeps all of several children that run back to
    /// back. Time in between is the parent's own. A child that reaches beyond its parent counts as far as it lies inside.
    #[must_use]
    pub fn critical_path(&self) -> Vec<Segment> {
        let Some(root) = self.whole() else {
            return Vec::new();
        };
        let span = self.span(root);
        let mut backwards = Vec::new();
        let mut stack = vec![self.visit(root, span.start_ns, span.end_ns)];
        while let Some(visit) = stack.last_mut() {
            let row = visit.row;
            match visit.next_awaited() {
                Some(child) => {
                    push(&mut backwards, row, child.to_ns, visit.open_to_ns);
                    visit.open_to_ns = child.from_ns;
                    stack.push(self.visit(child.row, child.from_ns, child.to_ns));
                }
                None => {
                    push(&mut backwards, row, visit.from_ns, visit.open_to_ns);
                    stack.pop();
                }
            }
        }
        backwards.reverse();
        backwards
    }

    fn visit(&self, row: usize, from_ns: u64, to_ns: u64) -> Visit {
        let mut children: Vec<Segment> = self
            .node(row)
            .children
            .iter()
            .map(|&child| clip(child, self.span(child), from_ns, to_ns))
            .filter(|child| child.from_ns < child.to_ns)
            .collect();
        sort_by_key(&mut children, |child| {
            (child.to_ns, child.from_ns, child.row)
        });
        Visit {
            row,
            from_ns,
            open_to_ns: to_ns,
            children,
        }
    }
}

/// A span on the path whose children are being looked through, from the last to the first.
struct Visit {
    row: usize,
    from_ns: u64,
    /// Everything after this is already on the path.
    open_to_ns: u64,
    /// Children by end.
    children: Vec<Segment>,
}

impl Visit {
    fn next_awaited(&mut self) -> Option<Segment> {
        while let Some(child) = self.children.pop() {
            if child.to_ns <= self.open_to_ns {
                return Some(child);
            }
        }
        None
    }
}

fn clip(row: usize, span: &Span, from_ns: u64, to_ns: u64) -> Segment {
    Segment {
        row,
        from_ns: span.start_ns.max(from_ns),
        to_ns: span.end_ns.min(to_ns),
    }
}

fn push(backwards: &mut Vec<Segment>, row: usize, from_ns: u64, to_ns: u64) {
    if from_ns < to_ns {
        backwards.push(Segment {
            row,
            from_ns,
            to_ns,
        });
    }
}
