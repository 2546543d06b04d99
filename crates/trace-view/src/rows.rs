//! Which rows a waterfall has, in their order; `bars` says what is drawn in those that are on the screen.

use std::collections::HashSet;

use trace_model::SpanId;

use crate::drawing::Drawing;

/// What a row stands for; survives a redraw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowId {
    /// A span.
    Span(SpanId),
    /// A run of similar siblings, by its first span.
    Group(SpanId),
}

/// One row of the waterfall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Row {
    /// What the row stands for.
    pub id: RowId,
    /// The span, or the first of a group, as a row of the tree.
    pub span: usize,
    /// Spans that the row stands for: 1, or the size of a group.
    pub count: usize,
    /// Levels below the root.
    pub depth: usize,
    /// Whether what the row holds is shown; nothing when it holds nothing.
    pub expanded: Option<bool>,
}

/// Which spans have rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All of them.
    #[default]
    All,
    /// Those on the critical path, and those above them.
    CriticalPath,
}

impl Scope {
    fn has(self, drawing: &Drawing, row: usize) -> bool {
        match self {
            Scope::All => true,
            Scope::CriticalPath => drawing.leads_to_critical(row),
        }
    }
}

/// The rows in order. Spans are unfolded and groups folded, except for the rows in `toggled`.
pub(crate) fn rows(drawing: &Drawing, toggled: &HashSet<RowId>, scope: Scope) -> Vec<Row> {
    let tree = &drawing.tree;
    let mut rows = Vec::with_capacity(tree.len());
    let mut next = 0;
    while next < tree.len() {
        let members = next..next + drawing.group_size(next);
        if members.len() > 1 {
            let id = RowId::Group(tree.span(next).span_id);
            let unfolded = toggled.contains(&id);
            if members.clone().any(|member| scope.has(drawing, member)) {
                rows.push(Row {
                    id,
                    count: members.len(),
                    expanded: Some(unfolded),
                    ..span_row(drawing, next, 0)
                });
            }
            if unfolded {
                let shown = members.clone().filter(|&row| scope.has(drawing, row));
                rows.extend(shown.map(|member| span_row(drawing, member, 1)));
            }
            next = members.end;
        } else if scope.has(drawing, next) {
            let within = drawing.subtree(next);
            let mut row = span_row(drawing, next, 0);
            let folded = toggled.contains(&row.id);
            row.expanded = (within.len() > 1).then_some(!folded);
            rows.push(row);
            next = if folded { within.end } else { next + 1 };
        } else {
            next = drawing.subtree(next).end;
        }
    }
    rows
}

fn span_row(drawing: &Drawing, span: usize, deeper: usize) -> Row {
    Row {
        id: RowId::Span(drawing.tree.span(span).span_id),
        span,
        count: 1,
        depth: drawing.tree.node(span).depth + deeper,
        expanded: None,
    }
}

/// Takes care that the span of this row of the tree has a row of its own: unfolds what is above it.
pub(crate) fn reveal(drawing: &Drawing, toggled: &mut HashSet<RowId>, span: usize) {
    let tree = &drawing.tree;
    if let Some(group) = drawing.group_around(span) {
        toggled.insert(RowId::Group(tree.span(group.start).span_id));
    }
    let mut above = tree.node(span).parent;
    while let Some(row) = above {
        toggled.remove(&RowId::Span(tree.span(row).span_id));
        above = tree.node(row).parent;
    }
}

/// Width that shows the name of every row uncut, in pixels of the style sheet's 12.5 px monospace; `step_px` is the
/// indentation of a level.
pub(crate) fn names_width_px(drawing: &Drawing, rows: &[Row], step_px: f64) -> f64 {
    const DOT_AND_MARGIN_PX: f64 = 32.0;
    const LETTER_PX: f64 = 7.6;
    /// Longer names are cut whatever the width.
    const LETTERS_MAX: usize = 120;
    rows.iter()
        .map(|row| {
            let span = drawing.tree.span(row.span);
            let times = if row.count > 1 { 5 } else { 0 };
            let mark = if span.is_error() { 2 } else { 0 };
            let letters = span.name.chars().take(LETTERS_MAX).count() + times + mark;
            row.depth as f64 * step_px + DOT_AND_MARGIN_PX + letters as f64 * LETTER_PX
        })
        .fold(0.0, f64::max)
        .ceil()
}

/// Indentation of a level in pixels: less where there are many, so that a deep row keeps room for its name.
pub(crate) fn step_px(drawing: &Drawing) -> f64 {
    const STEP_PX: f64 = 11.0;
    const ALL_LEVELS_PX: f64 = 160.0;
    (ALL_LEVELS_PX / (drawing.deepest() + 1) as f64).min(STEP_PX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::sample::{ORIGINS, search, span};

    fn id(span: u8) -> SpanId {
        SpanId([0, 0, 0, 0, 0, 0, 0, span])
    }

    #[track_caller]
    fn check(toggled: &[RowId], scope: Scope, expected: &[&str]) {
        let mut spans = search();
        spans.push(span(20, 1, "aside", 150, 160));
        let drawing = Drawing::new(spans, ORIGINS);
        let rows: Vec<String> = rows(&drawing, &toggled.iter().copied().collect(), scope)
            .iter()
            .map(|row| {
                let fold = match row.expanded {
                    Some(true) => "-",
                    Some(false) => "+",
                    None => " ",
                };
                let name = &drawing.tree.span(row.span).name;
                format!("{}{fold}{name} {}", "  ".repeat(row.depth), row.count)
            })
            .collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn spans_are_unfolded_and_groups_folded() {
        check(
            &[],
            Scope::All,
            &[
                "-click 1",
                "  -GET 1",
                "    -GET /search 1",
                "      +snippet 5",
                "   aside 1",
            ],
        );
    }

    #[test]
    fn an_opened_group_shows_its_spans_one_level_below() {
        check(
            &[RowId::Group(id(4)), RowId::Span(id(1))],
            Scope::All,
            &["+click 1"],
        );
        check(
            &[RowId::Group(id(4))],
            Scope::All,
            &[
                "-click 1",
                "  -GET 1",
                "    -GET /search 1",
                "      -snippet 5",
                "         snippet 1",
                "         snippet 1",
                "         snippet 1",
                "         snippet 1",
                "         snippet 1",
                "   aside 1",
            ],
        );
    }

    #[test]
    fn the_critical_path_leaves_out_what_nobody_waited_for() {
        check(
            &[RowId::Span(id(3))],
            Scope::CriticalPath,
            &["-click 1", "  -GET 1", "    +GET /search 1"],
        );
    }

    #[test]
    fn what_is_hidden_can_be_revealed() {
        let drawing = Drawing::new(search(), ORIGINS);
        let mut toggled = HashSet::from([RowId::Span(id(2))]);
        let last = drawing.tree.row_of(id(8)).expect("the last snippet");
        reveal(&drawing, &mut toggled, last);
        let shown = rows(&drawing, &toggled, Scope::All);
        assert_eq!(shown.last().map(|row| row.id), Some(RowId::Span(id(8))));
    }

    #[test]
    fn names_get_the_room_that_the_widest_row_needs() {
        let width = |spans: Vec<trace_model::Span>| {
            let drawing = Drawing::new(spans, ORIGINS);
            let rows = rows(&drawing, &HashSet::new(), Scope::All);
            names_width_px(&drawing, &rows, step_px(&drawing))
        };
        assert_eq!(width(vec![]), 0.0);
        assert_eq!(width(vec![span(1, 0, "a", 0, 10)]), 40.0);
        let long = "a_name_of_twenty_abcd";
        assert_eq!(
            width(vec![span(1, 0, "a", 0, 10), span(2, 1, long, 0, 5)]),
            203.0
        );
        let chain: Vec<_> = (1..=100).map(|n| span(n, n - 1, "a", 0, 1)).collect();
        assert!(width(chain) < 210.0, "deep rows are not pushed out");
    }
}
