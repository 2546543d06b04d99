//! Going from match to match in the text on the page, and keeping in view what is being read.

use leptos::prelude::{document, window};
use wasm_bindgen::JsCast;
use web_sys::{Element, FocusOptions, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

const MARKS: &str = ".text mark";
/// Class of the match that was gone to last.
const HERE: &str = "here";

/// Which way to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Next,
    Previous,
}

/// Place of the match that was gone to last, from 1, and how many matches are on the page.
pub(crate) fn position() -> (Option<usize>, usize) {
    let marks = marks();
    let is_here = |mark: &HtmlElement| mark.class_list().contains(HERE);
    (
        marks.iter().position(is_here).map(|place| place + 1),
        marks.len(),
    )
}

/// Goes to the match after or before the one gone to last; false when there is none on the page.
pub(crate) fn go(direction: Direction) -> bool {
    let marks = marks();
    let here = position().0;
    let target = match (direction, here) {
        (Direction::Next, Some(place)) => place + 1,
        (Direction::Previous, Some(place)) => place - 1,
        // Nothing was gone to yet: what is being read is in the window.
        (Direction::Next, None) => above_window(&marks) + 1,
        (Direction::Previous, None) => above_window(&marks),
    };
    let Some(mark) = target.checked_sub(1).and_then(|index| marks.get(index)) else {
        return false;
    };
    choose(mark);
    // Only what has a place in the order of focus can be focused.
    mark.set_tab_index(-1);
    focus(mark);
    into_view(mark, ScrollLogicalPosition::Center);
    true
}

/// Shows the passage in the middle of the window; its first match is the one from which the next is counted.
pub(crate) fn show_passage() {
    if let Some(chapter) = element(".chapters [aria-current]") {
        into_view(&chapter, ScrollLogicalPosition::Nearest);
    }
    match element(".text .passage") {
        Some(passage) => {
            passage.set_tab_index(-1);
            focus(&passage);
            let first = element(".text .passage mark");
            // A stanza may be longer than the window: then its match is what should be seen.
            into_view(
                first.as_ref().unwrap_or(&passage),
                ScrollLogicalPosition::Center,
            );
            if let Some(first) = first {
                choose(&first);
            }
        }
        None => window().scroll_to_with_x_and_y(0.0, 0.0),
    }
}

/// How far it is from the top of the window to the end of the page.
pub(crate) fn height_below() -> f64 {
    let height = document()
        .document_element()
        .map_or(0, |root| root.scroll_height());
    f64::from(height) - window().scroll_y().unwrap_or(0.0)
}

/// Scrolls so that `height` lies between the top of the window and the end of the page again.
pub(crate) fn restore_height_below(height: f64) {
    window().scroll_by_with_x_and_y(0.0, height_below() - height);
}

/// Whether less than one window of text is left below.
pub(crate) fn is_near_the_end() -> bool {
    let window_height = window()
        .inner_height()
        .ok()
        .and_then(|height| height.as_f64())
        .unwrap_or(0.0);
    height_below() < 2.0 * window_height
}

/// How many of the matches stand above the window.
fn above_window(marks: &[HtmlElement]) -> usize {
    marks.partition_point(|mark| mark.get_bounding_client_rect().bottom() < 0.0)
}

fn choose(mark: &HtmlElement) {
    for other in marks() {
        // A class name without white space is always valid.
        let _ = other.class_list().remove_1(HERE);
    }
    let _ = mark.class_list().add_1(HERE);
}

fn marks() -> Vec<HtmlElement> {
    let Ok(found) = document().query_selector_all(MARKS) else {
        return Vec::new();
    };
    (0..found.length())
        .filter_map(|index| found.item(index)?.dyn_into().ok())
        .collect()
}

fn element(selector: &str) -> Option<HtmlElement> {
    document().query_selector(selector).ok()??.dyn_into().ok()
}

fn focus(element: &HtmlElement) {
    let options = FocusOptions::new();
    options.set_prevent_scroll(true);
    // What refuses the focus can still be seen.
    let _ = element.focus_with_options(&options);
}

fn into_view(element: &Element, position: ScrollLogicalPosition) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(position);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}
