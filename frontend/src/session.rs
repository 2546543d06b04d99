//! What lives as long as the page: the state of the search, the address, the latest trace, the list of books, and the one
//! search that may be under way.

use std::sync::Arc;

use boxed_view::{RwSignal, StoredValue, spawn};
use leptos::prelude::*;
use opentelemetry_browser::{ClockOffset, Guard, Stats};
use shared::{Books, PageConfig, QueryCapture};
use trace_model::{Span, TraceId};
use web_sys::AbortController;

use crate::address::{self, Address};
use crate::chunks::Chunks;
use crate::components::trace_panel::Panel;
use crate::frontend_search::{Search, TracedSearch, frontend_search};
use crate::loading;
use crate::otlp_file::Imported;
use crate::start_up::StartUp;
use crate::state::{Failure, Question, SearchState};
use crate::trace_watch::Subject;

/// Handle to the page's life; cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    /// What the search page shows.
    pub state: RwSignal<SearchState>,
    /// What the browser's address bar shows.
    pub address: RwSignal<Address>,
    /// The trace of the latest search that ended, as far as it has arrived.
    pub panel: Panel,
    /// The start of the backend, where it was seen.
    pub start_up: StartUp,
    /// The list of books, once it was needed.
    pub books: RwSignal<Option<Result<Books, Failure>>>,
    /// The parts of the page that are loaded when they are wanted.
    pub chunks: Chunks,
    /// Traces out of files.
    pub imported: RwSignal<Vec<Imported>>,
    /// What the server told the page at its start.
    pub config: StoredValue<PageConfig>,
    asked: RwSignal<Question>,
    /// The trace that the one of the running search is to be compared with.
    compared_with: StoredValue<Option<TraceId>>,
    searches: StoredValue<u64>,
    running: leptos::prelude::StoredValue<Option<AbortController>, LocalStorage>,
    tracer: leptos::prelude::StoredValue<Guard, LocalStorage>,
}

impl Session {
    /// The session of a page that was just opened.
    pub(crate) fn new(config: PageConfig, tracer: Guard) -> Self {
        Session {
            state: RwSignal::default(),
            address: RwSignal::new(address::current()),
            panel: Panel::new(Subject::OwnWork),
            start_up: StartUp::new(),
            books: RwSignal::new(None),
            chunks: Chunks::new(),
            imported: RwSignal::default(),
            config: StoredValue::new(config),
            asked: RwSignal::default(),
            compared_with: StoredValue::new(None),
            searches: StoredValue::new(0),
            running: leptos::prelude::StoredValue::new_local(None),
            tracer: leptos::prelude::StoredValue::new_local(tracer),
        }
    }

    /// The question that was asked last; blank while none was.
    pub(crate) fn asked(self) -> Question {
        self.asked.get()
    }

    /// The question that was asked last, without following its changes.
    pub(crate) fn asked_untracked(self) -> Question {
        self.asked.get_untracked()
    }

    /// How much of a query the spans may hold.
    pub(crate) fn capture(self) -> QueryCapture {
        self.config.with_value(|config| config.capture_query)
    }

    /// Starts a search and aborts the one before.
    pub(crate) fn search(self, question: Question) {
        self.abort();
        // An abort controller is part of every browser that runs WebAssembly.
        let controller = AbortController::new().expect("the browser has AbortController");
        let search = Search {
            question: question.clone(),
            number: self.searches.with_value(|count| count + 1),
            signal: controller.signal(),
        };
        self.searches.set_value(search.number);
        self.running.set_value(Some(controller));
        self.asked.set(question);
        spawn(async move { frontend_search(&search, self).await });
    }

    /// Follows the address: asks its question unless that is the one asked last; a blank one clears the search page, and
    /// leaving for another page gives up on a search that is under way.
    pub(crate) fn follow(self, address: &Address) {
        match address {
            Address::Search(question) if question.is_blank() => self.clear(question.clone()),
            Address::Search(question) if self.asked.get_untracked() == *question => {}
            Address::Search(question) => self.search(question.clone()),
            _ if self.state.with_untracked(|state| state.busy) => self.clear(Question::default()),
            _ => {}
        }
    }

    /// Shows another page or another question; another page from its top.
    pub(crate) fn go(self, address: Address) {
        address::push(&address);
        let page = |address: &Address| std::mem::discriminant(address);
        if self.address.with_untracked(page) != page(&address) {
            window().scroll_to_with_x_and_y(0.0, 0.0);
        }
        self.address.set(address);
    }

    /// Sends the spans that have ended on their way.
    pub(crate) fn flush(self) {
        self.tracer.with_value(Guard::flush);
    }

    /// What has become of the spans and events of this page.
    pub(crate) fn telemetry(self) -> Stats {
        self.tracer.with_value(Guard::stats)
    }

    /// How far the server's clock is from the page's, once an answer has told.
    pub(crate) fn clock_offset(self) -> Option<ClockOffset> {
        self.tracer.with_value(Guard::clock_offset)
    }

    /// Reads the list of books unless it is there.
    pub(crate) fn want_books(self) {
        let is_there = |books: &Option<Result<Books, Failure>>| matches!(books, Some(Ok(_)));
        if !self.books.with_untracked(is_there) {
            spawn(async move {
                self.books.set(Some(loading::load_books().await));
            });
        }
    }

    /// The spans of a trace out of a file.
    pub(crate) fn imported_trace(self, id: TraceId) -> Option<Arc<Vec<Span>>> {
        self.imported.with_untracked(|imported| {
            let mut traces = imported.iter();
            let found = traces.find(|trace| trace.summary.trace_id == id)?;
            Some(found.spans.clone())
        })
    }

    /// Asks the question of before once more; the two traces are then compared.
    pub(crate) fn run_again(self) {
        let first = self.panel.traced.get_untracked();
        self.compared_with
            .set_value(first.map(|traced| traced.trace_id));
        self.search(self.asked_untracked());
    }

    /// Title of a book as far as the list of books is there, else its id.
    pub(crate) fn title_of(self, id: &str) -> String {
        self.books.with(|books| {
            let listed = books.iter().flatten().flat_map(|books| &books.books);
            let mut named = listed.filter(|book| book.id == id);
            named
                .next()
                .map_or_else(|| id.to_owned(), |book| book.title.clone())
        })
    }

    /// A search has ended: sends the spans of its trace on their way and, unless a newer one took its place, shows it.
    pub(crate) fn show_trace(self, search: &Search, traced: TracedSearch) {
        self.flush();
        if search.signal.aborted() {
            return;
        }
        if self.start_up.phase.with_untracked(Option::is_none) {
            self.start_up.panel.traced.set(None);
            self.panel.traced.set(Some(traced));
        }
        if let Some(first) = self.compared_with.try_update_value(Option::take).flatten() {
            self.go(Address::Diff {
                first: first.to_string(),
                second: traced.trace_id.to_string(),
            });
        }
    }

    /// Back to a page that shows nothing but a form with `question`.
    fn clear(self, question: Question) {
        self.abort();
        self.compared_with.set_value(None);
        self.asked.set(question);
        self.panel.traced.set(None);
        self.state.update(SearchState::clear);
    }

    fn abort(self) {
        self.running.update_value(|running| {
            if let Some(controller) = running.take() {
                controller.abort();
            }
        });
    }
}
