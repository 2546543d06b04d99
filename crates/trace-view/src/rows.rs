//! Which rows a waterfall shows and where everything in them lies; the components draw what this says.

use std::collections::HashSet;
use std::ops::Range;

use trace_model::{Span, SpanId, duration};

use crate::drawing::{Drawing, Origin};

/// One row of the waterfall. Places are shares of the trace's duration, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
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
pub(crate) enum RowId {
    /// A span.
    Span(SpanId),
    /// A run of similar siblings, by its first span.
    Group(SpanId),
}

/// A stretch of time as shares of the trace's duration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mark {
    /// Where it begins.
    pub from: f64,
    /// Its length.
    pub length: f64,
}

/// The visible rows in order. Spans are unfolded and groups folded, except for the rows in `toggled`.
pub(crate) fn rows(drawing: &Drawing, toggled: &HashSet<RowId>) -> Vec<Row> {
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
pub(crate) fn ticks(duration_ns: u64, parts: u32) -> Vec<(f64, String)> {
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
pub(crate) fn names_width_px(rows: &[Row]) -> usize {
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

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use trace_model::{Event, Status};

    use super::*;
    use crate::drawing::sample::{ORIGINS, search, span};

    /// One line a row: the name indented by depth, what it holds, its origin, its bar and its critical stretches in
    /// percent.
    fn drawn(rows: &[Row]) -> String {
        let mut text = String::new();
        for row in rows {
            let fold = match row.expanded {
                Some(true) => "-",
                Some(false) => "+",
                None => " ",
            };
            let percent = |share: f64| (share * 100.0).round();
            let critical: String = row
                .critical
                .iter()
                .map(|mark| format!(" {}+{}", percent(mark.from), percent(mark.length)))
                .collect();
            let indent = "  ".repeat(row.depth);
            let times = if row.count > 1 {
                format!(" x{}", row.count)
            } else {
                String::new()
            };
            let (from, length) = (percent(row.from), percent(row.length));
            writeln!(
                text,
                "{indent}{fold}{}{times} {} {from}+{length} {} |{critical}",
                row.name, row.origin, row.took
            )
            .expect("a String takes any text");
        }
        text
    }

    #[track_caller]
    fn check(drawing: &Drawing, toggled: &[RowId], expected: &str) {
        let rows = rows(drawing, &toggled.iter().copied().collect());
        let expected: Vec<&str> = expected
            .trim_matches('\n')
            .lines()
            .map(|line| line.strip_prefix("        ").unwrap_or(line))
            .collect();
        assert_eq!(drawn(&rows).trim_end(), expected.join("\n").trim_end());
    }

    fn id(span: u8) -> SpanId {
        SpanId([0, 0, 0, 0, 0, 0, 0, span])
    }

    #[test]
    fn spans_are_unfolded_and_groups_folded() {
        check(
            &Drawing::new(search(), ORIGINS),
            &[],
            "
        -click page 0+100 1.00 ms | 0+10 90+10
          -GET page 10+80 800 µs | 10+10 80+10
            -GET /search server 20+60 600 µs | 20+10
              +snippet x5 server 30+50 500 µs | 30+50",
        );
    }

    #[test]
    fn an_opened_group_shows_its_spans_one_level_below() {
        check(
            &Drawing::new(search(), ORIGINS),
            &[RowId::Group(id(4))],
            "
        -click page 0+100 1.00 ms | 0+10 90+10
          -GET page 10+80 800 µs | 10+10 80+10
            -GET /search server 20+60 600 µs | 20+10
              -snippet x5 server 30+50 500 µs |
                 snippet server 30+10 100 µs | 30+10
                 snippet server 40+10 100 µs | 40+10
                 snippet server 50+10 100 µs | 50+10
                 snippet server 60+10 100 µs | 60+10
                 snippet server 70+10 100 µs | 70+10",
        );
    }

    #[test]
    fn a_folded_span_inherits_the_critical_path_of_what_it_hides() {
        check(
            &Drawing::new(search(), ORIGINS),
            &[RowId::Span(id(2))],
            "
        -click page 0+100 1.00 ms | 0+10 90+10
          +GET page 10+80 800 µs | 10+80",
        );
    }

    #[test]
    fn a_trace_without_spans_has_no_rows() {
        check(&Drawing::new(vec![], ORIGINS), &[], "");
    }

    #[test]
    fn a_trace_that_takes_no_time_is_drawn_without_width() {
        check(
            &Drawing::new(vec![span(1, 0, "click", 7, 7)], ORIGINS),
            &[],
            "         click page 0+0 0 µs |",
        );
    }

    #[test]
    fn failures_and_events_are_marked() {
        let mut spans = search();
        spans[4].status = Status::Error("torn page".into());
        spans[1].events = vec![Event {
            time_ns: 500_000,
            ..Event::default()
        }];
        let rows = rows(&Drawing::new(spans, ORIGINS), &HashSet::new());
        let failed: Vec<&str> = rows
            .iter()
            .filter(|row| row.failed)
            .map(|row| row.name.as_str())
            .collect();
        assert_eq!(failed, ["snippet"]);
        assert_eq!(rows[1].events, [0.5]);
    }

    #[track_caller]
    fn check_ticks(duration_ns: u64, expected: &[&str]) {
        let labels: Vec<String> = ticks(duration_ns, 5)
            .into_iter()
            .map(|(_, label)| label)
            .collect();
        assert_eq!(labels, expected);
    }

    #[test]
    fn ticks_share_the_unit_of_the_whole() {
        check_ticks(14_200_000, &["0", "2.8", "5.7", "8.5", "11.4", "14.2 ms"]);
        check_ticks(940_000, &["0", "188", "376", "564", "752", "940 µs"]);
        check_ticks(
            1_500_000_000,
            &["0", "0.30", "0.60", "0.90", "1.20", "1.50 s"],
        );
        let places: Vec<f64> = ticks(100, 5).into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
    }

    #[test]
    fn names_get_the_room_that_the_widest_row_needs() {
        let mut spans = vec![span(1, 0, "a", 0, 10)];
        let short = names_width_px(&rows(
            &Drawing::new(spans.clone(), ORIGINS),
            &HashSet::new(),
        ));
        spans.push(span(2, 1, "a_name_of_twenty_abcd", 0, 5));
        let long = names_width_px(&rows(&Drawing::new(spans, ORIGINS), &HashSet::new()));
        assert_eq!(names_width_px(&[]), 0);
        assert_eq!((short, long), (35, 11 + 28 + 159));
    }
}
