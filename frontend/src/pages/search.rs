//! The search page: question, answer, and where the time went.

use boxed_view::{CollectView, IntoView, View, memo, view};
use leptos::prelude::*;

use crate::address::Address;
use crate::components::link::Link;
use crate::components::notice::failed;
use crate::components::passages::Passages;
use crate::components::search_form::SearchForm;
use crate::components::sentence::sentence;
use crate::components::trace_panel::TracePanel;
use crate::session::Session;
use crate::start_up::watch_start_up;
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

/// The search page.
#[component]
pub(crate) fn Search() -> View {
    let session = expect_context::<Session>();
    let busy = memo(move || session.state.with(|state| state.busy));
    let shown = memo(move || session.state.with(|state| state.shown.clone()));
    let status = Memo::new(move |last: Option<&Vec<String>>| {
        if let Some(phase) = session.start_up.phase.get() {
            return wording::search::starting(&phase);
        }
        let sentence = session.state.with(wording::search::status);
        sentence.or_else(|| last.cloned()).unwrap_or_default()
    });
    let is_starting = move || session.start_up.panel.traced.with(Option::is_some);
    let blank = move || shown.with(|shown| *shown == Shown::Nothing) && !is_starting();
    if session
        .state
        .with_untracked(|state| state.shown == Shown::Nothing)
    {
        watch_start_up(session);
    }
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
                    Shown::Nothing if busy.get() => pending(),
                    Shown::Nothing => welcome(),
                    Shown::Answer(answer) if answer.passages.is_empty() => empty(&answer),
                    Shown::Answer(answer) => answered(answer),
                    Shown::Failure(failure) => {
                        let again = move || session.search(session.asked_untracked());
                        failed("The search failed", failure, again).into_view()
                    }
                }}
            </section>
            <TracePanel panel=session.panel />
            <TracePanel panel=session.start_up.panel />
        </div>
    }
}

/// A sentence whose odd pieces are what matters.
fn stressed(pieces: Vec<String>) -> View {
    pieces
        .into_iter()
        .enumerate()
        .map(|(index, piece)| match index % 2 {
            0 => view! { <b>{piece}</b> },
            _ => piece.into_view(),
        })
        .collect_view()
}

fn welcome() -> View {
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
fn pending() -> View {
    view! {
        <ol class="hits pending" aria-label="Searching">
            <li></li>
            <li></li>
            <li></li>
        </ol>
    }
}

fn answered(answer: Answer) -> View {
    let notes = wording::search::notes(&answer);
    view! {
        <h2 class="unseen">"Results"</h2>
        {notes.into_iter().map(|note| view! { <p class="note">{sentence(note)}</p> }).collect_view()}
        <Passages question=answer.question passages=answer.passages />
    }
}

fn empty(answer: &Answer) -> View {
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
fn examples() -> View {
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
