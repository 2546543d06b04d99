//! The one book that is searched, and how to search all of them again.

use boxed_view::{IntoView, Signal, View, effect, memo, view};
use leptos::prelude::*;

use crate::address::Address;
use crate::components::link::Link;
use crate::session::Session;
use crate::state::Question;

/// "in Moby-Dick", with a link that takes the filter away; nothing where all books are searched. `question` is what the
/// form holds.
#[component]
pub(crate) fn BookFilter(question: Signal<Question>) -> View {
    let session = expect_context::<Session>();
    let book = memo(move || question.with(|question| question.book.clone()));
    effect(move || {
        if book.with(Option::is_some) {
            session.want_books();
        }
    });
    let everywhere = move || {
        Address::Search(Question {
            book: None,
            ..question.get()
        })
    };
    let shown = move || {
        book.get().map(|id| {
            view! {
                <p class="filter">
                    "in "
                    <cite>{move || session.title_of(&id)}</cite>
                    <Link class="remove" to=everywhere>
                        <span class="unseen">"Search all books instead"</span>
                        <span aria-hidden="true">"×"</span>
                    </Link>
                </p>
            }
        })
    };
    shown.into_view()
}
