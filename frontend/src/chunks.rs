//! The parts of the page that are downloaded when they are first wanted. `frontend/splitter` cuts the program at the
//! functions that are marked with `wasm_split`: what only they need is no part of a first visit.

use boxed_view::{IntoView, RwSignal, View, spawn, view};
use futures_util::FutureExt;
use leptos::prelude::*;
use trace_view::Detail;
use wasm_split_helpers::{SplitLoaderError, wasm_split};

use crate::address::{self, Address};
use crate::app::Page;
use crate::components::explanation::{Asked, explanation};
use crate::components::notice::failed;
use crate::loading::load_chunk;
use crate::pages::{books, compare, reader, trace, trace_diff, traces, tracing_test};
use crate::session::Session;
use crate::state::Failure;

/// What a marked function gives: its view, once its chunk is there.
type Marked = Result<View, SplitLoaderError>;

/// A part of the page that is loaded as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The books, the reader, the comparison of methods.
    Books,
    /// The lists of traces, one of them, two of them, the tracing test.
    Traces,
    /// What the search page shows of a hit or of a span when it is asked to.
    Details,
}

/// The parts and how far each is; cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Chunks {
    states: [RwSignal<State>; 3],
}

#[derive(Clone, PartialEq)]
enum State {
    Absent,
    Loading,
    /// The reader was told, and may have asked again.
    Failed(Failure),
    Ready,
}

impl Part {
    /// What the page at an address is a part of; nothing for that of the search, which is always there.
    pub(crate) fn of(address: &Address) -> Option<Part> {
        match address {
            Address::Search(_) => None,
            Address::Books | Address::Reader(_) | Address::Compare(_) => Some(Part::Books),
            Address::Traces(_)
            | Address::Trace(_)
            | Address::Diff { .. }
            | Address::TracingTest => Some(Part::Traces),
        }
    }

    /// Its name in the trace of its load and in the name of its file.
    fn name(self) -> &'static str {
        match self {
            Part::Books => "books",
            Part::Traces => "traces",
            Part::Details => "details",
        }
    }

    async fn load(self) -> Result<(), SplitLoaderError> {
        match self {
            Part::Books => load_books().await,
            Part::Traces => load_traces().await,
            Part::Details => load_details().await,
        }
    }
}

impl Chunks {
    /// Nothing is loaded yet.
    pub(crate) fn new() -> Chunks {
        Chunks {
            states: [(); 3].map(|()| RwSignal::new(State::Absent)),
        }
    }

    /// Loads a part unless it is there or on its way; what failed is tried again only when `again`.
    pub(crate) fn want(self, part: Part, again: bool) {
        let state = self.states[part as usize];
        match state.get_untracked() {
            State::Absent => state.set(State::Loading),
            State::Failed(_) if again => {}
            _ => return,
        }
        spawn(async move {
            state.set(match load_chunk(part.name(), part.load()).await {
                Ok(()) => State::Ready,
                Err(failure) => State::Failed(failure),
            });
        });
    }
}

/// How the addresses of all chunks begin: they lie beside the script of the program.
pub(crate) fn addresses() -> Vec<String> {
    let program = document()
        .query_selector("meta[name=program]")
        .ok()
        .flatten();
    let script = program.and_then(|program| program.get_attribute("data-js"));
    let folder = script.as_deref().and_then(|script| script.rsplit_once('/'));
    folder.map_or_else(Vec::new, |(folder, _)| {
        vec![format!("{folder}/split_"), format!("{folder}/chunk_")]
    })
}

/// The page that an address names, other than that of the search.
pub(crate) fn page(session: Session, page: Page) -> View {
    match &page {
        Page::Traces | Page::Trace(_) | Page::Diff(..) | Page::TracingTest => {
            shown(session, Part::Traces, move || {
                traces_page(page.clone()).now_or_never()
            })
        }
        Page::Search | Page::Books | Page::Reader(_) | Page::Compare(_) => {
            shown(session, Part::Books, move || {
                books_page(page.clone()).now_or_never()
            })
        }
    }
}

/// The details of a span.
pub(crate) fn of_span(detail: Detail) -> View {
    let session = expect_context::<Session>();
    shown(session, Part::Details, move || {
        details_of(Closer::Span(detail.clone())).now_or_never()
    })
}

/// How a hit came about.
pub(crate) fn of_hit(session: Session, asked: Asked) -> View {
    shown(session, Part::Details, move || {
        details_of(Closer::Hit(asked.clone())).now_or_never()
    })
}

/// What somebody wants to see more of.
enum Closer {
    Span(Detail),
    Hit(Asked),
}

/// What `show` gives once its part is there. A marked function answers at once when it was loaded; each knows that of itself,
/// so that there is one for a part.
fn shown(session: Session, part: Part, show: impl Fn() -> Option<Marked> + 'static) -> View {
    boxed_shown(session.chunks, part, Box::new(show))
}

#[inline(never)]
fn boxed_shown(chunks: Chunks, part: Part, show: Box<dyn Fn() -> Option<Marked>>) -> View {
    chunks.want(part, false);
    let state = chunks.states[part as usize];
    (move || match state.get() {
        State::Ready => show().and_then(Result::ok).into_view(),
        State::Absent | State::Loading => view! {
            <p class="note" role="status">
                "Loading this part of the page …"
            </p>
        },
        State::Failed(failure) => {
            let again = move || chunks.want(part, true);
            view! {
                <div role="alert">
                    {failed("This part of the page cannot be loaded", failure, again)}
                </div>
            }
        }
    })
    .into_view()
}

#[wasm_split(books, fallible, preload(load_books))]
fn books_page(page: Page) -> Marked {
    Ok(match page {
        Page::Books => books::Books(),
        Page::Reader(place) => view! { <reader::Reader place=place /> },
        Page::Compare(question) => view! { <compare::Compare question=question /> },
        _ => ().into_view(),
    })
}

#[wasm_split(traces, fallible, preload(load_traces))]
fn traces_page(page: Page) -> Marked {
    Ok(match page {
        Page::Traces => traces::Traces(),
        Page::Trace(id) => view! { <trace::Trace id=id /> },
        Page::Diff(first, second) => {
            view! { <trace_diff::TraceDiff first=first second=second /> }
        }
        Page::TracingTest => tracing_test::TracingTest(),
        _ => ().into_view(),
    })
}

#[wasm_split(details, fallible, preload(load_details))]
fn details_of(closer: Closer) -> Marked {
    Ok(match closer {
        Closer::Span(detail) => detail.view(address::of_span),
        Closer::Hit(asked) => explanation(asked),
    })
}
