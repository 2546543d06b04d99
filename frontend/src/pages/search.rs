//! The search page: question, answer, and where the time went.

use leptos::prelude::*;
use shared::semconv::service;
use trace_model::Value;
use trace_view::Drawing;

use crate::address::{Address, TracePlace};
use crate::components::link::Link;
use crate::components::notice::failed;
use crate::components::passages::Passages;
use crate::components::search_form::SearchForm;
use crate::components::sentence::sentence;
use crate::components::trace_panel::TracePanel;
use crate::session::Session;
use crate::state::{Answer, Question, Shown};
use crate::wording;

/// Questions to begin with, each with hits in most libraries of old books.
const EXAMPLES: [&str; 5] = [
    "white whale",
    "mad hatter",
    "love",
    "garden of eden",
    "ghost",
];

/// Attribute of a request span: how it was answered.
const STATUS_CODE: &str = "http.response.status_code";

/// The search page.
#[component]
pub(crate) fn Search() -> impl IntoView {
    let session = expect_context::<Session>();
    let busy = Memo::new(move |_| session.state.with(|state| state.busy));
    let shown = Memo::new(move |_| session.state.with(|state| state.shown.clone()));
    let status = Memo::new(move |last: Option<&Vec<String>>| {
        let sentence = session.state.with(wording::search::status);
        sentence.or_else(|| last.cloned()).unwrap_or_default()
    });
    let blank = move || shown.with(|shown| *shown == Shown::Nothing);
    view! {
        <h1 class="unseen">"Search the books"</h1>
        <SearchForm />
        <div class="sums">
            <p class="sum" role="status">
                {move || stressed(status.get())}
            </p>
            {move || busy.get().then(|| view! { <span class="searching">"Searching …"</span> })}
            {move || {
                shown
                    .with(|shown| matches!(shown, Shown::Answer(_)))
                    .then(|| {
                        view! {
                            <span class="further">
                                <button type="button" class="plain" on:click=move |_| session.run_again()>
                                    "Run again and compare"
                                </button>
                                <Link to=move || Address::compare(session.asked())>"Compare methods"</Link>
                            </span>
                        }
                    })
            }}
        </div>
        <div class="cols" class:blank=blank>
            <section class="results" aria-label="Results" aria-busy=move || busy.get().to_string()>
                {move || match shown.get() {
                    Shown::Nothing if busy.get() => pending().into_any(),
                    Shown::Nothing => welcome().into_any(),
                    Shown::Answer(answer) if answer.passages.is_empty() => empty(&answer).into_any(),
                    Shown::Answer(answer) => answered(answer).into_any(),
                    Shown::Failure(failure) => {
                        let again = move || session.search(session.asked_untracked());
                        view! {
                            {failed("The search failed", failure, again)}
                            {move || session.panel.drawing.get().and_then(|drawing| start_up(&drawing))}
                        }
                        .into_any()
                    }
                }}
            </section>
            <TracePanel panel=session.panel />
        </div>
    }
}

/// The way to the trace of the backend's start, where it refused because it still starts: its request spans link there.
fn start_up(drawing: &Drawing) -> Option<impl IntoView + use<>> {
    let not_ready = Value::Int(503);
    let mut spans = drawing.tree.spans().iter();
    let refused = spans.find(|span| {
        span.service == service::BACKEND && span.attribute(STATUS_CODE) == Some(&not_ready)
    })?;
    let place = StoredValue::new(TracePlace {
        id: refused.links.first()?.trace_id.to_string(),
        ..TracePlace::default()
    });
    Some(view! {
        <p class="note">
            <Link to=move || Address::Trace(place.get_value())>"Watch the backend start"</Link>
        </p>
    })
}

/// A sentence whose odd pieces are what matters.
fn stressed(pieces: Vec<String>) -> impl IntoView {
    pieces
        .into_iter()
        .enumerate()
        .map(|(index, piece)| match index % 2 {
            0 => view! { <b>{piece}</b> }.into_any(),
            _ => piece.into_any(),
        })
        .collect_view()
}

fn welcome() -> impl IntoView {
    view! {
        <div class="welcome">
            <h2>"Ask the library, and watch the question travel."</h2>
            <p>
                "Every search is one trace: from your key press through the network and the proxy into the index and back, until the answer is painted. It is drawn beside the results."
            </p>
            <p class="try">"Try " {examples()}</p>
        </div>
    }
}

/// Shows itself only when a search takes longer than one would notice; the style sheet waits.
fn pending() -> impl IntoView {
    view! {
        <ol class="hits pending" aria-label="Searching">
            <li></li>
            <li></li>
            <li></li>
        </ol>
    }
}

fn answered(answer: Answer) -> impl IntoView {
    let notes = wording::search::notes(&answer);
    view! {
        <h2 class="unseen">"Results"</h2>
        {notes.into_iter().map(|note| view! { <p class="note">{sentence(note)}</p> }).collect_view()}
        <Passages question=answer.question passages=answer.passages />
    }
}

fn empty(answer: &Answer) -> impl IntoView {
    let reasons = wording::search::nothing_found(answer);
    view! {
        <div class="notice">
            <h2>"Nothing found"</h2>
            {reasons.into_iter().map(|reason| view! { <p>{sentence(reason)}</p> }).collect_view()}
            <p>
                {wording::method::advice(answer.question.method)}
                {examples()}
            </p>
        </div>
    }
}

/// The examples as links.
fn examples() -> impl IntoView {
    EXAMPLES
        .iter()
        .map(|&query| {
            let to = move || {
                Address::Search(Question {
                    query: query.into(),
                    ..Question::default()
                })
            };
            view! {
                <Link class="example" to=to>
                    {query}
                </Link>
                " "
            }
        })
        .collect_view()
}
