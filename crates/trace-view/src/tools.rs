//! The line above the rows: looking for spans, going through those that failed, what is shown.

use boxed_view::{View, memo, view};
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::find::{Way, failures};
use crate::keyboard::Action;
use crate::rows::{RowId, Scope};
use crate::waterfall::Grid;

/// The tools of a waterfall.
#[component]
pub(crate) fn Tools(grid: Grid) -> View {
    let reading = grid.reading;
    let failed = memo(move || {
        let drawing = grid.drawing.get();
        drawing.map_or(0, |drawing| failures(&drawing).len())
    });
    let on_key = move |event: KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            let way = if event.shift_key() {
                Way::Backwards
            } else {
                Way::Forwards
            };
            grid.act(Action::Match(way));
        }
        "Escape" => {
            reading.wanted.set(String::new());
            grid.focus_rows();
        }
        _ => {}
    };
    let is_zoomed = move || reading.visible.get().is_some();
    let is_critical = move || reading.scope.get() == Scope::CriticalPath;
    view! {
        <div class="tools">
            <input
                node_ref=grid.field
                type="search"
                aria-label="Find in the spans"
                placeholder="Find: name, service, key=value"
                maxlength="200"
                spellcheck="false"
                prop:value=reading.wanted
                on:input=move |event| reading.wanted.set(event_target_value(&event))
                on:keydown=on_key
            />
            <span role="status">{move || found(grid)}</span>
            <button
                type="button"
                aria-pressed=move || is_critical().to_string()
                on:click=move |_| grid.act(Action::CriticalPath)
            >
                "Critical path"
            </button>
            {move || {
                let count = failed.get();
                (count > 0)
                    .then(|| {
                        view! {
                            <button type="button" class="bad" on:click=move |_| grid.act(Action::Failure)>
                                {format!("Next error of {count}")}
                            </button>
                        }
                    })
            }}
            {move || {
                is_zoomed()
                    .then(|| {
                        view! {
                            <button type="button" on:click=move |_| grid.act(Action::ZoomOut)>
                                "Whole trace"
                            </button>
                        }
                    })
            }}
        </div>
    }
}

/// How many spans were found, and which of them is the current one.
fn found(grid: Grid) -> String {
    if grid.reading.wanted.with(|wanted| wanted.trim().is_empty()) {
        return String::new();
    }
    let at = grid
        .reading
        .current
        .get()
        .and_then(|current| match current {
            RowId::Span(id) => grid.drawing.get()?.tree.row_of(id),
            RowId::Group(_) => None,
        });
    grid.found.with(|found| {
        let place = at.and_then(|at| found.binary_search(&at).ok());
        match (found.len(), place) {
            (0, _) => "none found".to_owned(),
            (count, None) => format!("{count} found"),
            (count, Some(place)) => format!("{} of {count}", place + 1),
        }
    })
}
