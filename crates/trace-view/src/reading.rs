//! What a reader does with a trace. It belongs to the page, so that nothing is lost while spans still arrive.

use std::collections::HashSet;

use boxed_view::RwSignal;

use crate::bars::Stretch;
use crate::drawing::{Drawing, Origin};
use crate::find::{failures, matches, next};
use crate::keyboard::Action;
use crate::rows::{Row, RowId, Scope, reveal};

/// Handle to what the reader of a trace has done; cheap to copy. Rows are remembered by their spans, whatever is drawn.
#[derive(Clone, Copy)]
pub struct Reading {
    /// The origin that is pointed out.
    pub chosen: RwSignal<Option<Origin>>,
    /// The row whose details are shown.
    pub opened: RwSignal<Option<RowId>>,
    /// What is looked for; blank for nothing.
    pub wanted: RwSignal<String>,
    pub(crate) current: RwSignal<Option<RowId>>,
    pub(crate) toggled: RwSignal<HashSet<RowId>>,
    pub(crate) scope: RwSignal<Scope>,
    /// The part of the time axis that is shown; all of it without one.
    pub(crate) visible: RwSignal<Option<Stretch>>,
}

impl Default for Reading {
    fn default() -> Self {
        Reading {
            chosen: RwSignal::new(None),
            opened: RwSignal::new(None),
            wanted: RwSignal::new(String::new()),
            current: RwSignal::new(None),
            toggled: RwSignal::new(HashSet::new()),
            scope: RwSignal::new(Scope::All),
            visible: RwSignal::new(None),
        }
    }
}

impl Reading {
    /// Does what a key or a click asks for, except for moving the browser's focus.
    pub(crate) fn act(self, drawing: &Drawing, rows: &[Row], action: Action) {
        match action {
            Action::Focus(id) => self.current.set(Some(id)),
            Action::Toggle(id) => self.toggled.update(|toggled| {
                if !toggled.remove(&id) {
                    toggled.insert(id);
                }
            }),
            Action::Open(id) => self.opened.update(|opened| {
                *opened = (*opened != Some(id)).then_some(id);
            }),
            Action::Close => self.opened.set(None),
            Action::Find => {}
            Action::Match(way) => {
                let found = self
                    .wanted
                    .with_untracked(|wanted| matches(drawing, wanted));
                self.turn_to(drawing, next(&found, self.at(drawing, rows), way));
            }
            Action::Failure => {
                let at = self.at(drawing, rows);
                self.turn_to(
                    drawing,
                    next(&failures(drawing), at, crate::find::Way::Forwards),
                );
            }
            Action::CriticalPath => self.scope.update(|scope| {
                *scope = match scope {
                    Scope::All => Scope::CriticalPath,
                    Scope::CriticalPath => Scope::All,
                }
            }),
            Action::ZoomTo(id) => {
                if let Some(row) = rows.iter().find(|row| row.id == id) {
                    self.visible.set(Some(stretch_of(drawing, row)));
                }
            }
            Action::ZoomOut => self.visible.set(None),
        }
    }

    /// Turns to the span of a row of the tree, wherever it is hidden.
    pub(crate) fn turn_to(self, drawing: &Drawing, row: Option<usize>) {
        let Some(row) = row else { return };
        if !drawing.leads_to_critical(row) {
            self.scope.set(Scope::All);
        }
        self.toggled.update(|toggled| reveal(drawing, toggled, row));
        let span = drawing.tree.span(row);
        self.current.set(Some(RowId::Span(span.span_id)));
        // What was turned to is to be seen on the time axis too.
        let stretch = self.visible.get_untracked();
        let (start_ns, end_ns) = (
            span.start_ns.saturating_sub(drawing.start_ns()),
            span.end_ns.saturating_sub(drawing.start_ns()),
        );
        if stretch.is_some_and(|shown| start_ns > shown.to_ns || end_ns < shown.from_ns) {
            self.visible.set(None);
        }
    }

    /// The row of the tree that the reader is at.
    fn at(self, drawing: &Drawing, rows: &[Row]) -> Option<usize> {
        match self.current.get_untracked()? {
            RowId::Span(id) => drawing.tree.row_of(id),
            // The spans of a group come after it.
            group => rows
                .iter()
                .find(|row| row.id == group)
                .and_then(|row| row.span.checked_sub(1)),
        }
    }
}

/// The time of a row with a little beside it.
fn stretch_of(drawing: &Drawing, row: &Row) -> Stretch {
    let spans = &drawing.tree.spans()[row.span..row.span + row.count];
    let after_start = |time_ns: u64| time_ns.saturating_sub(drawing.start_ns());
    let from_ns = spans.iter().map(|span| after_start(span.start_ns)).min();
    let to_ns = spans.iter().map(|span| after_start(span.end_ns)).max();
    let (from_ns, to_ns) = (from_ns.unwrap_or(0), to_ns.unwrap_or(0));
    let beside_ns = (to_ns.saturating_sub(from_ns) / 20).max(1);
    Stretch {
        from_ns: from_ns.saturating_sub(beside_ns),
        to_ns: to_ns + beside_ns,
    }
}
