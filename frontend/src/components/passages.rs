//! The hits of a search: where a passage comes from, how well it fits, and its text with the matched words marked.

use leptos::prelude::*;

use crate::passage::Piece;
use crate::state::Passage;

/// The hits, best first.
#[component]
pub(crate) fn Passages(passages: Vec<Passage>) -> impl IntoView {
    view! { <ol class="hits">{passages.into_iter().map(hit).collect_view()}</ol> }
}

fn hit(passage: Passage) -> impl IntoView {
    let score = format!("Score {:.4}", passage.score);
    let width = format!("{:.1}%", passage.relative_score * 100.0);
    view! {
        <li>
            <h3>{passage.title}</h3>
            <p class="by">
                {passage.by} <span class="score" role="img" tabindex="0" aria-label=score.clone() data-value=score>
                    <i style:width=width></i>
                </span>
            </p>
            <blockquote>{passage.pieces.into_iter().map(piece).collect_view()}</blockquote>
            {passage.chapter.map(|chapter| view! { <p class="where">{chapter}</p> })}
        </li>
    }
}

/// Text nodes only: whatever a book or a query holds, it is never parsed as markup.
fn piece(piece: Piece) -> AnyView {
    match piece {
        Piece::Plain(text) => text.into_any(),
        Piece::Marked(text) => view! { <mark>{text}</mark> }.into_any(),
    }
}
