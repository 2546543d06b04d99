//! The waterfall: one row per span with its name, its bar and its duration, on one time axis.

use std::collections::HashSet;
use std::sync::Arc;

use leptos::attr::Attribute;
use leptos::attr::custom::custom_attribute;
use leptos::ev::KeyboardEvent;
use leptos::html::Div;
use leptos::prelude::*;
use web_sys::wasm_bindgen::JsCast;

use crate::details::details;
use crate::drawing::{Drawing, Origin};
use crate::keyboard::{Action, action};
use crate::rows::{Mark, Row, RowId, names_width_px, rows, ticks};

/// What the reader did to the rows.
#[derive(Clone, Copy)]
struct Reading {
    toggled: RwSignal<HashSet<RowId>>,
    focused: RwSignal<Option<RowId>>,
    opened: RwSignal<Option<RowId>>,
}

/// The waterfall of a trace. Rows whose origin is not `chosen` step back while one is chosen. Arrow keys move and fold,
/// Enter opens the details of a span.
#[component]
pub fn Waterfall(
    /// The trace; nothing draws nothing.
    #[prop(into)]
    drawing: Signal<Option<Arc<Drawing>>>,
    /// The origin to point out.
    #[prop(into)]
    chosen: Signal<Option<Origin>>,
) -> impl IntoView {
    let reading = Reading {
        toggled: RwSignal::default(),
        focused: RwSignal::new(None),
        opened: RwSignal::new(None),
    };
    let visible = Memo::new(move |_| {
        let drawing = drawing.get()?;
        Some(reading.toggled.with(|toggled| rows(&drawing, toggled)))
    });
    let container = NodeRef::<Div>::new();
    let on_key = move |event: KeyboardEvent| {
        let all = visible.get_untracked().unwrap_or_default();
        let at = reading
            .focused
            .get_untracked()
            .or(all.first().map(|row| row.id));
        if let Some(action) = at.and_then(|at| action(&all, at, &event.key())) {
            event.prevent_default();
            reading.act(action);
            request_animation_frame(move || focus_row(container));
        }
    };
    view! {
        <div
            class="waterfall"
            class:filtered=move || chosen.get().is_some()
            style:--names-wanted=move || {
                let width = visible.with(|rows| names_width_px(rows.as_deref().unwrap_or_default()));
                format!("{width}px")
            }
        >
            <div class="ruler" aria-hidden="true">
                {move || drawing.get().map(|drawing| ruler(&drawing))}
            </div>
            <div
                node_ref=container
                class="rows"
                role="treegrid"
                aria-label="Spans of the trace"
                on:keydown=on_key
            >
                {move || {
                    let first = visible.with(|rows| rows.as_ref()?.first().map(|row| row.id));
                    visible
                        .get()
                        .unwrap_or_default()
                        .into_iter()
                        .map(|row| {
                            let is_first = first == Some(row.id);
                            view_row(row, is_first, drawing, chosen, reading)
                        })
                        .collect_view()
                }}
            </div>
        </div>
    }
}

fn ruler(drawing: &Drawing) -> impl IntoView + use<> {
    ticks(drawing.duration_ns(), 5)
        .into_iter()
        .map(|(place, label)| view! { <span style:left=percent(place)>{label}</span> })
        .collect_view()
}

fn view_row(
    row: Row,
    is_first: bool,
    drawing: Signal<Option<Arc<Drawing>>>,
    chosen: Signal<Option<Origin>>,
    reading: Reading,
) -> impl IntoView {
    let (id, origin, span) = (row.id, row.origin, row.span);
    let is_open = Memo::new(move |_| reading.opened.get() == Some(id));
    let is_tab_stop = move || {
        reading
            .focused
            .get()
            .map_or(is_first, |focused| focused == id)
    };
    let foldable = row.expanded.is_some();
    let expanded = row.expanded.map(|expanded| expanded.to_string());
    let lane = lane(&row);
    let on_dot = move |event: leptos::ev::MouseEvent| {
        if foldable {
            event.stop_propagation();
            reading.act(Action::Focus(id));
            reading.act(Action::Toggle(id));
        }
    };
    let on_row = move |_| {
        reading.act(Action::Focus(id));
        reading.act(Action::Open(id));
    };
    view! {
        <div
            class=format!("row {origin}")
            class:failed=row.failed
            class:other=move || chosen.get().is_some_and(|chosen| chosen != origin)
            role="row"
            {..level(row.depth)}
            aria-expanded=expanded
            aria-selected=move || is_open.get().to_string()
            tabindex=move || if is_tab_stop() { "0" } else { "-1" }
            on:click=on_row
        >
            <div class="name" role="gridcell">
                {(0..row.depth).map(|_| view! { <i class="guide"></i> }).collect_view()}
                <i class="dot" on:click=on_dot></i>
                <b>{row.name}</b>
                {(row.count > 1).then(|| view! { <span class="times">{format!("×{}", row.count)}</span> })}
            </div>
            {lane}
        </div>
        {move || is_open.get().then(|| drawing.get().map(|drawing| details(&drawing, span)))}
    }
}

fn lane(row: &Row) -> impl IntoView + use<> {
    let spoken = format!("{} in {}", row.took, row.origin);
    view! {
        <div class="lane" role="gridcell" aria-label=spoken>
            <i class="bar" style:left=percent(row.from) style:width=percent(row.length)></i>
            {row.critical.iter().copied().map(critical).collect_view()}
            {row
                .events
                .iter()
                .map(|&place| view! { <i class="event" style:left=percent(place)></i> })
                .collect_view()}
            <span class="took" style:left=percent(row.from + row.length)>
                {row.took.clone()}
            </span>
        </div>
    }
}

fn critical(mark: Mark) -> impl IntoView {
    view! { <i class="critical" style:left=percent(mark.from) style:width=percent(mark.length)></i> }
}

/// `aria-level`, which Leptos has no typed attribute for; assistive technology counts levels from 1.
pub(crate) fn level(depth: usize) -> impl Attribute {
    custom_attribute("aria-level", (depth + 1).to_string())
}

fn percent(share: f64) -> String {
    format!("{:.3}%", share * 100.0)
}

impl Reading {
    fn act(self, action: Action) {
        match action {
            Action::Focus(id) => self.focused.set(Some(id)),
            Action::Toggle(id) => self.toggled.update(|toggled| {
                if !toggled.remove(&id) {
                    toggled.insert(id);
                }
            }),
            Action::Open(id) => self.opened.update(|opened| {
                *opened = (*opened != Some(id)).then_some(id);
            }),
            Action::Close => self.opened.set(None),
        }
    }
}

/// Moves the browser's focus to the row that is the tab stop now.
fn focus_row(container: NodeRef<Div>) {
    let row = container
        .get_untracked()
        .and_then(|rows| rows.query_selector("[tabindex='0']").ok().flatten())
        .and_then(|row| row.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(row) = row {
        // An element that refuses the focus leaves it where it was.
        let _ = row.focus();
    }
}
