//! What lives as long as the page: the state of the search, the address, the latest trace, and the one search that
//! may be under way.

use leptos::prelude::*;
use opentelemetry_browser::Guard;
use shared::{PageConfig, QueryCapture};
use web_sys::AbortController;

use crate::address::{self, Address};
use crate::frontend_search::{Search, TracedSearch, frontend_search};
use crate::state::{Question, SearchState};

/// Handle to the page's life; cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct Session {
    /// What the search page shows.
    pub state: RwSignal<SearchState>,
    /// What the browser's address bar shows.
    pub address: RwSignal<Address>,
    /// The trace of the latest search that ended.
    pub traced: RwSignal<Option<TracedSearch>>,
    /// What the server told the page at its start.
    pub config: StoredValue<PageConfig>,
    asked: RwSignal<Option<Question>>,
    searches: StoredValue<u64>,
    running: StoredValue<Option<AbortController>, LocalStorage>,
    tracer: StoredValue<Guard, LocalStorage>,
}

impl Session {
    /// The session of a page that was just opened.
    pub(crate) fn new(config: PageConfig, tracer: Guard) -> Self {
        Session {
            state: RwSignal::default(),
            address: RwSignal::new(address::current()),
            traced: RwSignal::new(None),
            config: StoredValue::new(config),
            asked: RwSignal::new(None),
            searches: StoredValue::new(0),
            running: StoredValue::new_local(None),
            tracer: StoredValue::new_local(tracer),
        }
    }

    /// The question that was asked last.
    pub(crate) fn asked(self) -> Option<Question> {
        self.asked.get()
    }

    /// The question that was asked last, without following its changes.
    pub(crate) fn asked_untracked(self) -> Option<Question> {
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
        self.asked.set(Some(question));
        leptos::task::spawn_local(async move { frontend_search(&search, self).await });
    }

    /// Follows the address: asks its question unless that is the one asked last; an address without a question clears
    /// the search page, and leaving for the books gives up on a search that is under way.
    pub(crate) fn follow(self, address: &Address) {
        match address {
            Address::Search(Some(question)) => {
                if self.asked.get_untracked().as_ref() != Some(question) {
                    self.search(question.clone());
                }
            }
            Address::Search(None) => self.clear(),
            Address::Books if self.state.with_untracked(|state| state.busy) => self.clear(),
            Address::Books => {}
        }
    }

    /// Shows another page or another question.
    pub(crate) fn go(self, address: Address) {
        address::push(&address);
        self.address.set(address);
    }

    /// A search has ended: sends the spans of its trace on their way and, unless a newer one took its place, shows it.
    pub(crate) fn show_trace(self, search: &Search, traced: TracedSearch) {
        self.tracer.with_value(Guard::flush);
        if !search.signal.aborted() {
            self.traced.set(Some(traced));
        }
    }

    fn clear(self) {
        self.abort();
        self.asked.set(None);
        self.traced.set(None);
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
