//! The hits of a search: where a passage comes from, how well it fits, its text with the matched words marked, and what
//! leads on from it.

use boxed_view::{CollectView, IntoView, StoredValue, View, view};
use leptos::prelude::*;

use crate::address::Address;
use crate::components::explanation::{Asked, Explaining};
use crate::components::link::Link;
use crate::passage::Piece;
use crate::state::{Passage, Question};

/// The hits of `question`, best first.
#[component]
pub(crate) fn Passages(question: Question, passages: Vec<Passage>) -> View {
    let mut hits = Vec::with_capacity(passages.len());
    for (index, passage) in passages.iter().enumerate() {
        let is_same = |other: &&Passage| other.place.id == passage.place.id;
        let nth = passages[..index].iter().filter(is_same).count();
        hits.push(hit(question.clone(), passage.clone(), nth));
    }
    view! { <ol class="hits">{hits}</ol> }
}

/// `nth` counts the hits in one book.
fn hit(question: Question, passage: Passage, nth: usize) -> View {
    let asked = Asked {
        question,
        place: passage.place.clone(),
        nth,
    };
    let place = StoredValue::new(passage.place);
    let there = move || Address::Reader(place.get_value());
    let read_on = match &passage.chapter {
        Some(chapter) => format!("Read on in {chapter}"),
        None => "Read on".to_owned(),
    };
    view! {
        <li>
            <h3>
                <Link to=there>{passage.title}</Link>
            </h3>
            <p class="by">{passage.by} {score(passage.score, passage.relative_score)}</p>
            <blockquote>{marked(passage.pieces)}</blockquote>
            <div class="more">
                <Link to=there>{read_on}</Link>
                <Explaining asked=asked />
            </div>
        </li>
    }
}

/// A score as a bar, its value on focus.
pub(crate) fn score(score: f64, share: f64) -> View {
    let value = format!("Score {score:.4}");
    let width = format!("{:.1}%", share * 100.0);
    view! {
        <span class="score" role="img" tabindex="0" aria-label=value.clone() data-value=value>
            <i style:width=width></i>
        </span>
    }
}

/// Text nodes only: whatever a book or a query holds, it is never parsed as markup.
pub(crate) fn marked(pieces: Vec<Piece>) -> View {
    pieces
        .into_iter()
        .map(|piece| match piece {
            Piece::Plain(text) => text.into_view(),
            Piece::Marked(text) => view! { <mark>{text}</mark> },
        })
        .collect_view()
}
