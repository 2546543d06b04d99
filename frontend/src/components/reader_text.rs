//! The text of a book as far as it is loaded: prose, verse and headings, with the passage and the matched words marked.

use std::sync::Arc;

use boxed_view::{CollectView, Signal, View, view};
use leptos::prelude::*;

use crate::components::passages::marked;
use crate::reading::blocks::{Block, Kind};
use crate::reading::{Part, Range};

/// The parts in order. A part that is there is not drawn again when another one arrives.
#[component]
pub(crate) fn ReaderText(parts: Signal<Vec<Arc<Part>>>, passage: Range) -> View {
    view! {
        <For each=move || parts.get() key=|part| part.range.from let:part>
            {part.blocks.iter().map(|shown| block(shown.clone(), passage)).collect_view()}
        </For>
    }
}

fn block(block: Block, passage: Range) -> View {
    let is_passage = block.range.overlaps(passage);
    let class = match (block.kind, is_passage) {
        (Kind::Verse, true) => "verse passage",
        (Kind::Verse, false) => "verse",
        (_, true) => "passage",
        (_, false) => "",
    };
    let goes_on = block.goes_on;
    let text = marked(block.pieces);
    match block.kind {
        Kind::Heading => view! { <h2 class=class>{text}</h2> },
        Kind::Prose | Kind::Verse => {
            view! { <p class=class class:goes-on=goes_on>{text}</p> }
        }
    }
}
