//! The frame around the pages: header, navigation, and the page that the address names.

use boxed_view::{View, effect, memo, view};
use leptos::ev::popstate;
use leptos::prelude::*;
use opentelemetry_browser::Guard;
use shared::PageConfig;

use crate::address::{self, Address};
use crate::chunks;
use crate::components::link::Link;
use crate::pages::search;
use crate::session::Session;
use crate::state::{Place, Question};
use crate::trace_list::Filter;
use crate::wording;

/// The page that is shown. Another book or another comparison is another page; a question is asked on the one it is typed.
#[derive(Clone, PartialEq)]
pub(crate) enum Page {
    Search,
    Books,
    Reader(Place),
    Compare(Question),
    Traces,
    Trace(String),
    Diff(String, String),
    TracingTest,
}

/// The application.
pub(crate) fn app(config: PageConfig, tracer: Guard) -> View {
    let session = Session::new(config, tracer);
    provide_context(session);
    window_event_listener(popstate, move |_| session.address.set(address::current()));
    effect(move || {
        let address = session.address.get();
        document().set_title(&title(&address, session));
    });
    effect(move || session.follow(&session.address.get()));
    let page = memo(move || match session.address.get() {
        Address::Search(_) => Page::Search,
        Address::Books => Page::Books,
        Address::Reader(place) => Page::Reader(place),
        Address::Compare(question) => Page::Compare(question),
        Address::Traces(_) => Page::Traces,
        Address::Trace(place) => Page::Trace(place.id),
        Address::Diff { first, second } => Page::Diff(first, second),
        Address::TracingTest => Page::TracingTest,
    });
    let on_books = move || matches!(page.get(), Page::Books | Page::Reader(_));
    let on_traces = move || matches!(page.get(), Page::Traces | Page::Trace(_) | Page::Diff(..));
    let has_traces = session.config.with_value(|config| config.trace_panel);
    let on_test = move || page.get() == Page::TracingTest;
    let search_address = move || Address::Search(session.asked());
    view! {
        <header class="top">
            <Link class="mark" to=move || Address::Search(Question::default()) current=|| false>
                <svg viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M3 5h8M3 10h13M8 15h13M14 20h7" />
                </svg>
                "Gutenberg Explorer"
            </Link>
            <nav aria-label="Main">
                <Link to=search_address current=move || !on_books() && !on_traces() && !on_test()>
                    "Search"
                </Link>
                <Link to=move || Address::Books current=on_books>
                    "Books"
                </Link>
                {has_traces
                    .then(|| {
                        view! {
                            <Link to=move || Address::Traces(Filter::default()) current=on_traces>
                                "Traces"
                            </Link>
                        }
                    })}
            </nav>
        </header>
        <main>
            {move || match page.get() {
                Page::Search => search::Search(),
                page => chunks::page(session, page),
            }}
        </main>
        <footer class="foot">
            <Link to=move || Address::TracingTest current=on_test>
                "Tracing test"
            </Link>
        </footer>
    }
}

fn title(address: &Address, session: Session) -> String {
    const NAME: &str = "Gutenberg Explorer";
    match address {
        Address::Books => format!("Books — {NAME}"),
        Address::Traces(_) => format!("Traces — {NAME}"),
        Address::Trace(place) => format!("Trace {} — {NAME}", wording::shortened(&place.id)),
        Address::Diff { .. } => format!("Traces compared — {NAME}"),
        Address::TracingTest => format!("Tracing test — {NAME}"),
        Address::Reader(place) => format!("{} — {NAME}", session.title_of(&place.id)),
        Address::Search(question) if question.is_blank() => NAME.into(),
        Address::Search(question) => format!("{} — {NAME}", question.query.trim()),
        Address::Compare(question) => format!("{}, compared — {NAME}", question.query.trim()),
    }
}
