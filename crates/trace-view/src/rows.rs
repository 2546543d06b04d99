//! Which rows a waterfall shows and where everything in them lies; the components draw what this says.

use std::collections::HashSet;
use std::ops::Range;

use trace_model::{Span, SpanId, duration};

use crate::drawing::{Drawing, Origin};

/// One row of the waterfall. Places are shares of the trace's duration, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What the row stands for.
    pub id: RowId,
    /// The span, or the first of a group, as an index into the tree.
    pub span: usize,
    /// Spans that the row stands for: 1, or the size of a group.
    pub count: usize,
    /// Name of the span or of all spans of the group.
    pub name: String,
    /// Whether the span, or one of the group, failed.
    pub failed: bool,
    /// Colour and name of where the span ran.
    pub origin: Origin,
    /// Levels below the root.
    pub depth: usize,
    /// Whether what the row holds is shown; nothing when it holds nothing.
    pub expanded: Option<bool>,
    /// Where the bar begins.
    pub from: f64,
    /// Length of the bar.
    pub length: f64,
    /// Duration in words; of a group, all its spans added up.
    pub took: String,
    /// Parts of the row on the critical path, including those of rows it hides.
    pub critical: Vec<Mark>,
    /// Places of the span's events.
    pub events: Vec<f64>,
}

/// What a row stands for; survives a redraw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RowId {
    /// A span.
    Span(SpanId),
    /// A run of similar siblings, by its first span.
    Group(SpanId),
}

/// A stretch of time as shares of the trace's duration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mark {
    /// Where it begins.
    pub from: f64,
    /// Its length.
    pub length: f64,
}

/// The visible rows in order. Spans are unfolded and groups folded, except for the rows in `toggled`.
pub fn rows(drawing: &Drawing, toggled: &HashSet<RowId>) -> Vec<Row> {
    let tree = &drawing.tree;
    let mut rows = Vec::with_capacity(tree.len());
    let mut next = 0;
    while next < tree.len() {
        let members = next..next + drawing.group_size(next);
        if members.len() > 1 {
            let group = group_row(drawing, members.clone(), toggled);
            let unfolded = group.expanded == Some(true);
            rows.push(group);
            if unfolded {
                rows.extend(members.clone().map(|member| Row {
                    depth: tree.node(member).depth + 1,
                    ..span_row(drawing, member)
                }));
            }
            next = members.end;
        } else {
            let mut row = span_row(drawing, next);
            let within = drawing.subtree(next);
            let folded = toggled.contains(&row.id);
            row.expanded = (within.len() > 1).then_some(!folded);
            if folded {
                row.critical = critical(drawing, &within);
            }
            rows.push(row);
            next = if folded { within.end } else { next + 1 };
        }
    }
    rows
}

fn group_row(drawing: &Drawing, members: Range<usize>, toggled: &HashSet<RowId>) -> Row {
    let spans = &drawing.tree.spans()[members.clone()];
    let first = span_row(drawing, members.start);
    let id = RowId::Group(spans[0].span_id);
    let unfolded = toggled.contains(&id);
    let from_ns = spans.iter().map(|span| span.start_ns).min().unwrap_or(0);
    let to_ns = spans.iter().map(|span| span.end_ns).max().unwrap_or(0);
    let bar = drawing.mark(from_ns, to_ns);
    Row {
        id,
        count: spans.len(),
        failed: spans.iter().any(Span::is_error),
        expanded: Some(unfolded),
        from: bar.from,
        length: bar.length,
        took: duration::format(spans.iter().map(Span::duration_ns).sum()),
        critical: if unfolded {
            Vec::new()
        } else {
            critical(drawing, &members)
        },
        events: Vec::new(),
        ..first
    }
}

fn span_row(drawing: &Drawing, index: usize) -> Row {
    let span = drawing.tree.span(index);
    let bar = drawing.mark(span.start_ns, span.end_ns);
    Row {
        id: RowId::Span(span.span_id),
        span: index,
        count: 1,
        name: span.name.clone(),
        failed: span.is_error(),
        origin: drawing.origin(index),
        depth: drawing.tree.node(index).depth,
        expanded: None,
        from: bar.from,
        length: bar.length,
        took: duration::format(span.duration_ns()),
        critical: critical(drawing, &(index..index + 1)),
        events: span
            .events
            .iter()
            .map(|event| drawing.mark(event.time_ns, event.time_ns).from)
            .collect(),
    }
}

/// Stretches of the critical path that lie on these spans; neighbours are joined.
fn critical(drawing: &Drawing, spans: &Range<usize>) -> Vec<Mark> {
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for segment in &drawing.critical_path {
        if !spans.contains(&segment.row) {
            continue;
        }
        match joined.last_mut() {
            Some((_, to_ns)) if *to_ns == segment.from_ns => *to_ns = segment.to_ns,
            _ => joined.push((segment.from_ns, segment.to_ns)),
        }
    }
    joined
        .into_iter()
        .map(|(from_ns, to_ns)| drawing.mark(from_ns, to_ns))
        .collect()
}

/// Labels of the time axis, evenly spread over `parts` parts: zero, plain numbers, and the whole with its unit.
pub fn ticks(duration_ns: u64, parts: u32) -> Vec<(f64, String)> {
    let (unit, unit_ns) = match duration_ns {
        0..1_000_000 => ("µs", 1e3),
        1_000_000..1_000_000_000 => ("ms", 1e6),
        _ => ("s", 1e9),
    };
    let whole = duration_ns as f64 / unit_ns;
    let decimals = match whole {
        100.0.. => 0,
        10.0.. => 1,
        _ => 2,
    };
    (0..=parts)
        .map(|part| {
            let share = f64::from(part) / f64::from(parts.max(1));
            let label = match part {
                0 => "0".to_owned(),
                _ if part == parts => format!("{whole:.decimals$} {unit}"),
                _ => format!("{:.decimals$}", share * whole),
            };
            (share, label)
        })
        .collect()
}

/// Width that shows the name of every row uncut, in pixels of the style sheet's 12.5 px monospace.
pub fn names_width_px(rows: &[Row]) -> usize {
    const GUIDE_PX: usize = 11;
    const DOT_AND_MARGIN_PX: usize = 28;
    const TENTHS_PER_LETTER: usize = 76;
    rows.iter()
        .map(|row| {
            let times = if row.count > 1 { 5 } else { 0 };
            let letters = row.name.chars().count() + times + if row.failed { 2 } else { 0 };
            row.depth * GUIDE_PX + DOT_AND_MARGIN_PX + letters * TENTHS_PER_LETTER / 10
        })
        .max()
        .unwrap_or(0)
}
