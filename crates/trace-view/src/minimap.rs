//! The whole trace in small, above its rows: all spans in a picture of a few lines. Dragging over it chooses the part of
//! the time axis that the rows show.

use std::sync::Arc;

use boxed_view::{CollectView, RwSignal, Signal, View, view};
use leptos::ev::PointerEvent;
use leptos::html::Div;
use leptos::prelude::*;

use crate::bars::Stretch;
use crate::drawing::{Drawing, Origin};
use crate::reading::Reading;
use crate::row_view::percent;

/// The picture has so many columns and lines, however many spans there are.
const COLUMNS: usize = 400;
const LINES: usize = 24;

/// The picture of a trace: for each origin, and for `failed`, the outline of its cells as SVG has it.
fn picture(drawing: &Drawing) -> Vec<(Origin, String)> {
    let tree = &drawing.tree;
    let mut cells: Vec<Option<Origin>> = vec![None; COLUMNS * LINES];
    let column = |time_ns: u64| {
        let after = u128::from(time_ns.saturating_sub(drawing.start_ns()));
        let place = after * COLUMNS as u128 / u128::from(drawing.duration_ns().max(1));
        usize::try_from(place).unwrap_or(COLUMNS).min(COLUMNS - 1)
    };
    let lines = LINES.min(tree.len());
    for (row, span) in tree.spans().iter().enumerate() {
        let line = row * lines / tree.len() * COLUMNS;
        let origin = match span.is_error() {
            true => "failed",
            false => drawing.origin(row),
        };
        let cells = &mut cells
            [line + column(span.start_ns)..=line + column(span.end_ns.max(span.start_ns))];
        // A failure is seen however many spans lie over it.
        for cell in cells.iter_mut().filter(|cell| **cell != Some("failed")) {
            *cell = Some(origin);
        }
    }
    outlines(&cells)
}

fn outlines(cells: &[Option<Origin>]) -> Vec<(Origin, String)> {
    let mut outlines: Vec<(Origin, String)> = Vec::new();
    for (line, cells) in cells.chunks(COLUMNS).enumerate() {
        let mut column = 0;
        for run in cells.chunk_by(|one, other| one == other) {
            if let Some(origin) = run[0] {
                let piece = format!("M{column} {line}h{}v1h-{0}z", run.len());
                match outlines.iter_mut().find(|(other, _)| *other == origin) {
                    Some((_, outline)) => outline.push_str(&piece),
                    None => outlines.push((origin, piece)),
                }
            }
            column += run.len();
        }
    }
    outlines
}

/// The whole trace in small. The keys of the rows do what dragging does, so it is for the eye alone.
#[component]
pub(crate) fn Minimap(drawing: Signal<Option<Arc<Drawing>>>, reading: Reading) -> View {
    let element = NodeRef::<Div>::new();
    // The share of the axis where the pointer went down, and where it is.
    let dragged = RwSignal::new(None::<(f64, f64)>);
    let share = move |event: &PointerEvent| {
        let rect = element.get_untracked()?.get_bounding_client_rect();
        Some(((f64::from(event.client_x()) - rect.left()) / rect.width().max(1.0)).clamp(0.0, 1.0))
    };
    let on_down = move |event: PointerEvent| {
        if let Some(element) = element.get_untracked() {
            // Without the capture a drag ends at the edge of the picture, which is no harm.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
        dragged.set(share(&event).map(|at| (at, at)));
    };
    let on_move = move |event: PointerEvent| {
        if let (Some((from, _)), Some(to)) = (dragged.get_untracked(), share(&event)) {
            dragged.set(Some((from, to)));
        }
    };
    let on_up = move |_| {
        if let (Some((from, to)), Some(drawing)) =
            (dragged.get_untracked(), drawing.get_untracked())
        {
            reading.visible.set(Stretch::whole(&drawing).part(from, to));
        }
        dragged.set(None);
    };
    let shown = move || {
        let drawing = drawing.get()?;
        let whole_ns = drawing.duration_ns().max(1) as f64;
        let shares = dragged.get().or_else(|| {
            let shown = reading.visible.get()?;
            Some((
                shown.from_ns as f64 / whole_ns,
                shown.to_ns as f64 / whole_ns,
            ))
        });
        shares.map(|(one, other)| (one.min(other).min(1.0), one.max(other).min(1.0)))
    };
    view! {
        <div
            node_ref=element
            class="minimap"
            class:zoomed=move || shown().is_some()
            aria-hidden="true"
            title="Drag to zoom, click to see all"
            on:pointerdown=on_down
            on:pointermove=on_move
            on:pointerup=on_up
            on:pointercancel=move |_| dragged.set(None)
        >
            <svg viewBox=format!("0 0 {COLUMNS} {LINES}") preserveAspectRatio="none">
                {move || {
                    let drawing = drawing.get()?;
                    let height = LINES as f64 / LINES.min(drawing.tree.len()).max(1) as f64;
                    let paths = picture(&drawing)
                        .into_iter()
                        .map(|(origin, outline)| view! { <path class=origin d=outline /> })
                        .collect_view();
                    Some(view! { <g transform=format!("scale(1 {height:.3})")>{paths}</g> })
                }}
            </svg>
            <i
                style:left=move || percent(shown().map_or(0.0, |(from, _)| from))
                style:width=move || percent(shown().map_or(1.0, |(from, to)| to - from))
            ></i>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use trace_model::Status;

    use super::*;
    use crate::drawing::sample::{ORIGINS, search, span};

    #[test]
    fn every_origin_has_its_outline() {
        let drawn = picture(&Drawing::new(search(), ORIGINS));
        let origins: Vec<Origin> = drawn.iter().map(|(origin, _)| *origin).collect();
        assert_eq!(origins, ["page", "server"]);
        assert_eq!(drawn[0].1, "M0 0h400v1h-400zM40 1h321v1h-321z");
    }

    #[test]
    fn many_spans_make_no_larger_picture_and_a_failure_stays_visible() {
        let mut spans = vec![span(1, 0, "root", 0, 1_000_000)];
        spans.extend((0..50_000_u64).map(|n| {
            let mut leaf = span(2, 1, "leaf", n * 20, n * 20 + 20);
            leaf.span_id = trace_model::SpanId((n + 10).to_be_bytes());
            if n == 25_000 {
                leaf.status = Status::Error(String::new());
            }
            leaf
        }));
        let drawn = picture(&Drawing::new(spans, ORIGINS));
        assert_eq!(drawn.len(), 2);
        assert_eq!(
            drawn
                .iter()
                .filter(|(origin, _)| *origin == "failed")
                .count(),
            1
        );
        assert!(
            drawn
                .iter()
                .map(|(_, outline)| outline.len())
                .sum::<usize>()
                < 20_000
        );
        assert!(picture(&Drawing::new(vec![], ORIGINS)).is_empty());
    }
}
