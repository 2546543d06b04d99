//! The frame around the pages: header, navigation, and the page that the address names.

use leptos::ev::popstate;
use leptos::prelude::*;
use opentelemetry_browser::Guard;
use shared::PageConfig;

use crate::address::{self, Address};
use crate::components::link::Link;
use crate::pages::{books, search};
use crate::session::Session;

/// The application.
pub(crate) fn app(config: PageConfig, tracer: Guard) -> impl IntoView {
    let session = Session::new(config, tracer);
    provide_context(session);
    window_event_listener(popstate, move |_| session.address.set(address::current()));
    Effect::new(move || {
        let address = session.address.get();
        document().set_title(&title(&address));
        session.follow(&address);
    });
    let on_books = Memo::new(move |_| session.address.get() == Address::Books);
    let search_address = move || Address::Search(session.asked());
    view! {
        <header class="top">
            <Link class="mark" to=move || Address::Search(None) current=|| false>
                <svg viewBox="0 0 24 24" aria-hidden="true">
                    <path d="M3 5h8M3 10h13M8 15h13M14 20h7" />
                </svg>
                "Gutenberg Explorer"
            </Link>
            <nav aria-label="Main">
                <Link to=search_address current=move || !on_books.get()>
                    "Search"
                </Link>
                <Link to=move || Address::Books current=move || on_books.get()>
                    "Books"
                </Link>
            </nav>
        </header>
        <main>
            {move || {
                if on_books.get() { books::Books().into_any() } else { search::Search().into_any() }
            }}
        </main>
    }
}

fn title(address: &Address) -> String {
    const NAME: &str = "Gutenberg Explorer";
    match address {
        Address::Books => format!("Books — {NAME}"),
        Address::Search(None) => NAME.into(),
        Address::Search(Some(question)) => format!("{} — {NAME}", question.query.trim()),
    }
}
