//! The waterfall: one row per span with its name, its bar and its duration, on one time axis. Rows that are not on the
//! screen have no elements, so a trace may have any number of spans.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use boxed_view::{IntoView, Memo, RwSignal, Signal, StoredValue, View, effect, memo, view};
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html::{Div, Input};
use leptos::prelude::*;
use web_sys::wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

use crate::bars::{Bar, State, Stretch, bar};
use crate::details::{Detail, ShowDetail};
use crate::drawing::Drawing;
use crate::find::matches;
use crate::keyboard::{Action, action};
use crate::minimap::Minimap;
use crate::reading::Reading;
use crate::row_view::{element_id, ruler, view_row};
use crate::rows::{Row, RowId, names_width_px, rows, step_px};
use crate::tools::Tools;
use crate::viewport::{Layout, px, set_if_new};
use crate::watching::on_scroll;

/// Height of a row until one was measured.
const ROW_PX: f64 = 25.0;
/// Rows that have elements at first; more than a screen holds.
const AT_FIRST: usize = 120;

/// What the component works with; cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Grid {
    pub drawing: Signal<Option<Arc<Drawing>>>,
    pub reading: Reading,
    pub rows: Memo<Vec<Row>>,
    /// Rows of the tree that hold what is looked for.
    pub found: Memo<Vec<usize>>,
    pub field: NodeRef<Input>,
    container: NodeRef<Div>,
    /// The rows that have elements.
    slice: RwSignal<Range<usize>>,
    row_px: RwSignal<f64>,
    details_px: RwSignal<f64>,
}

/// An element among the rows. Two that are equal look the same.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Item {
    Row {
        index: usize,
        bar: Bar,
    },
    /// Below the row; made anew when spans were added.
    Details {
        row: Row,
        spans: usize,
    },
}

/// The waterfall of a trace. Arrow keys move and fold, Enter opens the details of a span, `f` looks for text, `n` and `N`
/// go through what was found, `e` through what failed, `c` shows the critical path alone, `z` zooms to a row and `0` back.
#[component]
pub fn Waterfall(
    /// The trace; nothing draws nothing.
    #[prop(into)]
    drawing: Signal<Option<Arc<Drawing>>>,
    /// What the reader does with it.
    reading: Reading,
    /// What shows the details of a row.
    details: ShowDetail,
) -> View {
    let grid = Grid::new(drawing, reading);
    on_scroll(move || grid.measure());
    effect(move || {
        grid.rows.track();
        reading.opened.track();
        request_animation_frame(move || grid.measure());
    });
    grid.follow_links();
    view! {
        <div
            class="waterfall"
            class:filtered=move || reading.chosen.get().is_some()
            style:--names-wanted=move || grid.names_width()
            style:--step=move || {
                drawing.with(|drawing| format!("{:.2}px", drawing.as_ref().map_or(0.0, |d| step_px(d))))
            }
            on:keydown=move |event| grid.on_key(&event)
        >
            <Tools grid=grid />
            <div class="axis">
                <Minimap drawing=drawing reading=reading />
                <div class="ruler" aria-hidden="true">
                    {move || drawing.get().map(|drawing| ruler(grid.visible(&drawing)))}
                </div>
            </div>
            <div
                node_ref=grid.container
                class="rows"
                style:position="relative"
                role="treegrid"
                tabindex="0"
                aria-label="Spans of the trace"
                aria-rowcount=move || grid.rows.with(Vec::len).to_string()
                aria-activedescendant=move || grid.active()
                on:click=move |event| grid.on_click(&event)
            >
                <i class="here" style:position="absolute" style:top=move || grid.top_of_current() aria-hidden="true"></i>
                <div style:height=move || px(grid.above_px())></div>
                <For each=move || grid.items() key=Clone::clone let:item>
                    {match item {
                        Item::Row { index, bar } => view_row(index, bar),
                        Item::Details { row, .. } => {
                            drawing.get_untracked().map(|drawing| details(Detail { drawing, row, grid })).into_view()
                        }
                    }}
                </For>
                <div style:height=move || px(grid.below_px())></div>
            </div>
        </div>
    }
}

impl Grid {
    fn new(drawing: Signal<Option<Arc<Drawing>>>, reading: Reading) -> Grid {
        let rows_of = move |toggled: &HashSet<RowId>| {
            drawing
                .get()
                .map(|drawing| rows(&drawing, toggled, reading.scope.get()))
        };
        Grid {
            drawing,
            reading,
            rows: memo(move || reading.toggled.with(rows_of).unwrap_or_default()),
            found: memo(move || {
                let drawing = drawing.get();
                drawing.map_or_else(Vec::new, |drawing| {
                    reading.wanted.with(|wanted| matches(&drawing, wanted))
                })
            }),
            field: NodeRef::new(),
            container: NodeRef::new(),
            slice: RwSignal::new(0..AT_FIRST),
            row_px: RwSignal::new(ROW_PX),
            details_px: RwSignal::new(0.0),
        }
    }

    /// Turns to the span that a link leads to, wherever it is hidden, as soon as it is there.
    fn follow_links(self) {
        let followed = StoredValue::new(None);
        effect(move || {
            let (Some(drawing), Some(RowId::Span(id))) =
                (self.drawing.get(), self.reading.opened.get())
            else {
                return;
            };
            if followed.get_value() != Some(id)
                && let Some(row) = drawing.tree.row_of(id)
            {
                followed.set_value(Some(id));
                if self.reading.current.get_untracked() != Some(RowId::Span(id)) {
                    self.reading.turn_to(&drawing, Some(row));
                    request_animation_frame(move || self.show_current());
                }
            }
        });
    }

    /// The part of the time axis that is shown.
    pub(crate) fn visible(self, drawing: &Drawing) -> Stretch {
        let visible = self.reading.visible.get();
        visible.unwrap_or_else(|| Stretch::whole(drawing))
    }

    fn names_width(self) -> String {
        let width_px = self.drawing.with(|drawing| {
            let drawing = drawing.as_ref()?;
            Some(
                self.rows
                    .with(|rows| names_width_px(drawing, rows, step_px(drawing))),
            )
        });
        px(width_px.unwrap_or(0.0))
    }

    /// What has elements: a slice of the rows, and below one of them its details.
    fn items(self) -> Vec<Item> {
        let Some(drawing) = self.drawing.get() else {
            return Vec::new();
        };
        // Both may be long, and a copy for each frame would be felt.
        let of_rows = |rows: &Vec<Row>| {
            self.found
                .with(|found| self.items_of(&drawing, rows, found))
        };
        self.rows.with(of_rows)
    }

    fn items_of(self, drawing: &Drawing, rows: &[Row], found: &[usize]) -> Vec<Item> {
        let visible = self.visible(drawing);
        let slice = self.slice.get();
        let (current, opened) = (self.reading.current.get(), self.reading.opened.get());
        let chosen = self.reading.chosen.get();
        let is_wanted = !self.reading.wanted.with(|wanted| wanted.trim().is_empty());
        let mut items = Vec::with_capacity(slice.len() + 1);
        for (index, &row) in rows.iter().enumerate().take(slice.end).skip(slice.start) {
            let first = found.partition_point(|&found| found < row.span);
            let holds_found = found
                .get(first)
                .is_some_and(|&found| found < row.span + row.count);
            let is_chosen = chosen.is_none_or(|chosen| chosen == drawing.origin(row.span));
            let state = State {
                current: current == Some(row.id),
                opened: opened == Some(row.id),
                found: holds_found,
                faded: !is_chosen || is_wanted && !holds_found,
            };
            let bar = bar(drawing, row, visible, state);
            items.push(Item::Row { index, bar });
            if state.opened {
                let spans = drawing.tree.len();
                items.push(Item::Details { row, spans });
            }
        }
        items
    }

    fn index_of(self, id: Option<RowId>) -> Option<usize> {
        let id = id?;
        self.rows
            .with(|rows| rows.iter().position(|row| row.id == id))
    }

    fn layout(self) -> Layout {
        let opened = self.index_of(self.reading.opened.get());
        Layout {
            row_px: self.row_px.get(),
            opened: opened.map(|row| (row, self.details_px.get())),
        }
    }

    fn above_px(self) -> f64 {
        let first = self.slice.with(|slice| slice.start);
        self.layout().top_px(first)
    }

    fn below_px(self) -> f64 {
        let (layout, count) = (self.layout(), self.rows.with(Vec::len));
        let last = self.slice.with(|slice| slice.end.min(count));
        layout.top_px(count) - layout.top_px(last)
    }

    fn top_of_current(self) -> String {
        let row = self.index_of(self.reading.current.get()).unwrap_or(0);
        px(self.layout().top_px(row))
    }

    /// The element of the current row, as long as it has one.
    fn active(self) -> Option<String> {
        let current = self.reading.current.get()?;
        let row = self.index_of(Some(current))?;
        self.slice
            .with(|slice| slice.contains(&row))
            .then(|| element_id(current))
    }

    /// Looks where the rows are on the screen, and which of them need elements.
    pub(crate) fn measure(self) {
        let Some(Some(container)) = self.container.try_get_untracked() else {
            return;
        };
        let height = |selector: &str| {
            let element = container.query_selector(selector).ok().flatten()?;
            Some(element.get_bounding_client_rect().height()).filter(|height| *height > 0.0)
        };
        set_if_new(self.row_px, height(".row"));
        set_if_new(self.details_px, height(".details"));
        let window_px = window()
            .inner_height()
            .ok()
            .and_then(|height| height.as_f64());
        let top_px = container.get_bounding_client_rect().top();
        let layout = untrack(|| self.layout());
        let count = self.rows.with_untracked(Vec::len);
        set_if_new(
            self.slice,
            Some(layout.slice(count, top_px, window_px.unwrap_or(1_000.0))),
        );
    }

    /// Brings the current row onto the screen.
    pub(crate) fn show_current(self) {
        let Some(Some(container)) = self.container.try_get_untracked() else {
            return;
        };
        if let Ok(Some(here)) = container.query_selector(".here") {
            let options = ScrollIntoViewOptions::new();
            options.set_block(ScrollLogicalPosition::Nearest);
            options.set_inline(ScrollLogicalPosition::Nearest);
            here.scroll_into_view_with_scroll_into_view_options(&options);
        }
        self.measure();
    }

    /// Does what was asked for; `from_rows` says that the keys go on acting on the rows.
    pub(crate) fn act(self, action: Action) {
        let Some(drawing) = self.drawing.get_untracked() else {
            return;
        };
        self.rows
            .with_untracked(|rows| self.reading.act(&drawing, rows, action));
        if action == Action::Find {
            if let Some(field) = self.field.get_untracked() {
                field.select();
            }
            return;
        }
        request_animation_frame(move || self.show_current());
    }

    /// Gives the keys back to the rows.
    pub(crate) fn focus_rows(self) {
        if let Some(container) = self.container.get_untracked() {
            // An element that refuses the focus leaves it where it was.
            let _ = container.focus();
        }
    }

    fn on_key(self, event: &KeyboardEvent) {
        let container: Option<Element> = self
            .container
            .get_untracked()
            .map(|rows| Element::from((*rows).clone()));
        let target = event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok());
        let is_on_rows = container.is_some() && target == container;
        let in_details = target.is_some_and(|target| {
            target
                .closest(".details")
                .is_ok_and(|found| found.is_some())
        });
        let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
        let is_close = in_details && event.key() == "Escape";
        if has_modifier || !(is_on_rows || is_close) {
            return;
        }
        let current = self.reading.current.get_untracked();
        let action = self.rows.with_untracked(|rows| {
            let at = current
                .filter(|current| rows.iter().any(|row| row.id == *current))
                .or(rows.first().map(|row| row.id))?;
            let is_first_key = current.is_none() && event.key() == "ArrowDown";
            match is_first_key {
                true => Some(Action::Focus(at)),
                false => action(rows, at, &event.key()),
            }
        });
        if let Some(action) = action {
            event.prevent_default();
            self.act(action);
            if is_close {
                self.focus_rows();
            }
        }
    }

    fn on_click(self, event: &MouseEvent) {
        let Some(target) = event
            .target()
            .and_then(|target| target.dyn_into::<HtmlElement>().ok())
        else {
            return;
        };
        let Ok(Some(element)) = target.closest(".row") else {
            return;
        };
        let id = element.id();
        let row = self.rows.with_untracked(|rows| {
            let slice = self.slice.get_untracked();
            let mut shown = rows.iter().take(slice.end).skip(slice.start);
            shown.find(|row| element_id(row.id) == id).copied()
        });
        if let Some(row) = row {
            let folds = target.class_name() == "dot" && row.expanded.is_some();
            self.act(Action::Focus(row.id));
            self.act(match folds {
                true => Action::Toggle(row.id),
                false => Action::Open(row.id),
            });
        }
    }
}
