//! What is drawn in a row: its name, its bar, and what lies on the bar, as places on the visible part of the time axis.

use trace_model::{Salvage, Span, duration, sort_by_key};

use crate::drawing::{Drawing, Origin};
use crate::plain::plain;
use crate::rows::{Row, RowId};

/// Letters of a name in its row; the whole of it is among the details.
const NAME_LETTERS: usize = 200;
/// The whole visible axis in steps of [`Mark`]: finer than any screen, and whole numbers can be compared.
const AXIS: u64 = 100_000;
/// Marks on a bar that are nearer to each other than this are one: no screen could tell them apart.
const JOINED: u32 = 150;

/// A part of the time axis, in nanoseconds after the start of the trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// Where it begins.
    pub from_ns: u64,
    /// Where it ends; later than `from_ns`.
    pub to_ns: u64,
}

/// A stretch of time as a part of the visible axis, in steps of 1/100,000 of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    /// Where it begins.
    pub from: u32,
    /// Its length.
    pub length: u32,
}

/// Everything drawn in a row. Two that are equal look the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bar {
    /// The row.
    pub row: Row,
    /// Name of the span or of all spans of the group.
    pub name: String,
    /// Whether the span, or one of the group, failed.
    pub failed: bool,
    /// Why the span stands here although it names a parent.
    pub salvage: Option<&'static str>,
    /// Colour and name of where the span ran.
    pub origin: Origin,
    /// The bar, as far as it is visible.
    pub bar: Option<Mark>,
    /// Where the duration stands.
    pub took_at: u32,
    /// Duration in words; of a group, all its spans added up.
    pub took: String,
    /// Parts of the row on the critical path, including those of rows it hides.
    pub critical: Vec<Mark>,
    /// Places of the span's events.
    pub events: Vec<u32>,
    /// What the reader has done to the row.
    pub state: State,
}

/// How a row stands out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The keys act on it.
    pub current: bool,
    /// Its details are shown.
    pub opened: bool,
    /// It holds what was looked for.
    pub found: bool,
    /// Something else was asked for.
    pub faded: bool,
}

impl Stretch {
    /// The whole of a trace.
    pub(crate) fn whole(drawing: &Drawing) -> Self {
        Stretch {
            from_ns: 0,
            to_ns: drawing.duration_ns().max(1),
        }
    }

    /// Length in nanoseconds.
    pub(crate) fn length_ns(self) -> u64 {
        self.to_ns.saturating_sub(self.from_ns).max(1)
    }

    /// The part of it between two shares of it, in either order; nothing where that is too short to be seen.
    pub(crate) fn part(self, one: f64, other: f64) -> Option<Stretch> {
        let at = |share: f64| {
            self.from_ns + (share.clamp(0.0, 1.0) * self.length_ns() as f64).round() as u64
        };
        let (from_ns, to_ns) = (at(one.min(other)), at(one.max(other)));
        (to_ns > from_ns && (one - other).abs() > 0.004).then_some(Stretch { from_ns, to_ns })
    }

    fn place(self, after_start_ns: u64) -> u32 {
        let after = u128::from(after_start_ns.saturating_sub(self.from_ns));
        let place = after * u128::from(AXIS) / u128::from(self.length_ns());
        u32::try_from(place.min(u128::from(AXIS))).unwrap_or(u32::MAX)
    }

    /// The visible part of a stretch; nothing where none is.
    fn mark(self, from_ns: u64, to_ns: u64) -> Option<Mark> {
        let is_visible = from_ns <= self.to_ns && to_ns >= self.from_ns;
        let (from, to) = (self.place(from_ns), self.place(to_ns));
        is_visible.then_some(Mark {
            from,
            length: to - from.min(to),
        })
    }
}

/// What is drawn in `row`, as far as it lies in `visible`.
pub(crate) fn bar(drawing: &Drawing, row: Row, visible: Stretch, state: State) -> Bar {
    let tree = &drawing.tree;
    let first = tree.span(row.span);
    let is_group = matches!(row.id, RowId::Group(_));
    let members = row.span..row.span + row.count;
    let spans = &tree.spans()[members.clone()];
    let from_ns = spans.iter().map(|span| span.start_ns).min().unwrap_or(0);
    let to_ns = spans.iter().map(|span| span.end_ns).max().unwrap_or(0);
    let after_start = |time_ns: u64| time_ns.saturating_sub(drawing.start_ns());
    let mark = |from_ns: u64, to_ns: u64| {
        visible.mark(after_start(from_ns), after_start(to_ns.max(from_ns)))
    };
    let critical_rows = match (is_group, row.expanded) {
        (true, Some(true)) => 0..0,
        (true, _) => members,
        (false, Some(false)) => drawing.subtree(row.span),
        (false, _) => row.span..row.span + 1,
    };
    let took_ns = spans
        .iter()
        .map(Span::duration_ns)
        .fold(0, u64::saturating_add);
    let events = if is_group { &[][..] } else { &first.events[..] };
    Bar {
        row,
        name: plain(&first.name, NAME_LETTERS),
        failed: spans.iter().any(Span::is_error),
        salvage: tree.node(row.span).salvage.map(in_words),
        origin: drawing.origin(row.span),
        bar: mark(from_ns, to_ns),
        took_at: visible.place(after_start(to_ns.max(from_ns))),
        took: duration::format(took_ns),
        critical: joined(
            drawing
                .critical(&critical_rows)
                .into_iter()
                .filter_map(|(from_ns, to_ns)| mark(from_ns, to_ns)),
        ),
        events: joined(
            events
                .iter()
                .filter_map(|event| mark(event.time_ns, event.time_ns)),
        )
        .into_iter()
        .map(|mark| mark.from)
        .collect(),
        state,
    }
}

fn in_words(salvage: Salvage) -> &'static str {
    match salvage {
        Salvage::MissingParent => "its parent has not arrived",
        Salvage::ParentCycle => "its parents form a circle",
    }
}

/// Marks in order of their beginning, those too near to each other as one, so that there are never more than can be seen.
fn joined(marks: impl Iterator<Item = Mark>) -> Vec<Mark> {
    let mut all: Vec<Mark> = marks.collect();
    sort_by_key(&mut all, |mark| mark.from);
    let mut joined: Vec<Mark> = Vec::new();
    for mark in all {
        match joined.last_mut() {
            Some(last) if mark.from < last.from + last.length + JOINED => {
                let to = (mark.from + mark.length).max(last.from + last.length);
                last.length = to - last.from;
            }
            _ => joined.push(mark),
        }
    }
    joined
}

/// Labels of the time axis, evenly spread over `parts` parts: plain numbers, and the last with its unit.
pub(crate) fn ticks(visible: Stretch, parts: u32) -> Vec<(f64, String)> {
    let (unit, unit_ns) = match visible.to_ns {
        0..1_000_000 => ("µs", 1e3),
        1_000_000..1_000_000_000 => ("ms", 1e6),
        _ => ("s", 1e9),
    };
    let (from, length) = (
        visible.from_ns as f64 / unit_ns,
        visible.length_ns() as f64 / unit_ns,
    );
    let decimals = (2.0 - length.log10().floor()).clamp(0.0, 6.0) as usize;
    (0..=parts)
        .map(|part| {
            let share = f64::from(part) / f64::from(parts.max(1));
            let value = from + share * length;
            let label = match part {
                0 if visible.from_ns == 0 => "0".to_owned(),
                _ if part == parts => format!("{value:.decimals$} {unit}"),
                _ => format!("{value:.decimals$}"),
            };
            (share, label)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use trace_model::{Event, SpanId, Status};

    use super::*;
    use crate::drawing::sample::{ORIGINS, search, span};
    use crate::rows::{Scope, rows};

    fn drawn(spans: Vec<Span>, toggled: &[RowId], visible: Option<Stretch>) -> Vec<Bar> {
        let drawing = Drawing::new(spans, ORIGINS);
        let visible = visible.unwrap_or(Stretch::whole(&drawing));
        let toggled: HashSet<RowId> = toggled.iter().copied().collect();
        rows(&drawing, &toggled, Scope::All)
            .into_iter()
            .map(|row| bar(&drawing, row, visible, State::default()))
            .collect()
    }

    /// One line a row: name, origin, bar, duration, and the critical stretches, in percent of what is visible.
    #[track_caller]
    fn check(bars: &[Bar], expected: &[&str]) {
        let percent = |mark: &Mark| format!("{}+{}", mark.from / 1000, mark.length / 1000);
        let lines: Vec<String> = bars
            .iter()
            .map(|bar| {
                let place = bar.bar.as_ref().map_or("-".to_owned(), percent);
                let critical: Vec<String> = bar.critical.iter().map(percent).collect();
                let (name, origin, took) = (&bar.name, bar.origin, &bar.took);
                format!("{name} {origin} {place} {took} |{}", critical.join(" "))
            })
            .collect();
        assert_eq!(lines, expected);
    }

    fn id(span: u8) -> RowId {
        RowId::Span(SpanId([0, 0, 0, 0, 0, 0, 0, span]))
    }

    #[test]
    fn bars_lie_where_their_spans_were() {
        check(
            &drawn(search(), &[], None),
            &[
                "click page 0+100 1.00 ms |0+10 90+10",
                "GET page 10+80 800 µs |10+10 80+10",
                "GET /search server 20+60 600 µs |20+10",
                "snippet server 30+50 500 µs |30+50",
            ],
        );
    }

    #[test]
    fn a_folded_span_inherits_the_critical_path_of_what_it_hides() {
        check(
            &drawn(search(), &[id(2)], None),
            &[
                "click page 0+100 1.00 ms |0+10 90+10",
                "GET page 10+80 800 µs |10+80",
            ],
        );
    }

    #[test]
    fn a_part_of_the_axis_shows_what_lies_in_it() {
        let late = Stretch {
            from_ns: 850_000,
            to_ns: 1_000_000,
        };
        check(
            &drawn(search(), &[], Some(late)),
            &[
                "click page 0+100 1.00 ms |33+66",
                "GET page 0+33 800 µs |0+33",
                "GET /search server - 600 µs |",
                "snippet server - 500 µs |",
            ],
        );
        assert_eq!(late.part(0.5, 0.0).map(|part| part.to_ns), Some(925_000));
        assert_eq!(late.part(0.5, 0.501), None);
    }

    #[test]
    fn a_trace_that_takes_no_time_is_drawn_without_width() {
        check(
            &drawn(vec![span(1, 0, "click", 7, 7)], &[], None),
            &["click page 0+0 0 µs |"],
        );
        assert!(drawn(vec![], &[], None).is_empty());
    }

    #[test]
    fn failures_orphans_and_events_are_marked() {
        let mut spans = search();
        spans[4].status = Status::Error("torn page".into());
        spans[0].parent_id = Some(SpanId([9; 8]));
        spans[1].events = (0..10_000)
            .map(|_| Event {
                time_ns: 500_000,
                ..Event::default()
            })
            .collect();
        let bars = drawn(spans, &[], None);
        let failed: Vec<&str> = bars
            .iter()
            .filter(|bar| bar.failed)
            .map(|bar| bar.name.as_str())
            .collect();
        assert_eq!(failed, ["snippet"]);
        assert_eq!(bars[1].events, [50_000]);
        assert_eq!(bars[0].salvage, Some("its parent has not arrived"));
    }

    #[test]
    fn a_thousand_stretches_are_as_many_as_can_be_seen() {
        let mut spans = vec![span(1, 0, "loop", 0, 200_000)];
        spans.extend((0..200).map(|n: u64| {
            let mut leaf = span(2, 1, &format!("step {n}"), 1_000 * n, 1_000 * n + 1);
            leaf.span_id = SpanId((n + 10).to_be_bytes());
            leaf
        }));
        let bars = drawn(spans, &[], None);
        assert!(bars[0].critical.len() <= AXIS as usize / JOINED as usize);
    }

    #[track_caller]
    fn check_ticks(from_ns: u64, to_ns: u64, expected: &[&str]) {
        let labels: Vec<String> = ticks(Stretch { from_ns, to_ns }, 5)
            .into_iter()
            .map(|(_, label)| label)
            .collect();
        assert_eq!(labels, expected);
    }

    #[test]
    fn ticks_share_the_unit_of_the_whole() {
        check_ticks(
            0,
            14_200_000,
            &["0", "2.8", "5.7", "8.5", "11.4", "14.2 ms"],
        );
        check_ticks(0, 940_000, &["0", "188", "376", "564", "752", "940 µs"]);
        check_ticks(
            0,
            1_500_000_000,
            &["0", "0.30", "0.60", "0.90", "1.20", "1.50 s"],
        );
        check_ticks(
            10_000_000,
            10_500_000,
            &[
                "10.000",
                "10.100",
                "10.200",
                "10.300",
                "10.400",
                "10.500 ms",
            ],
        );
    }
}
