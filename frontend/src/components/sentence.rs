//! Sentences with links in them.

use leptos::prelude::*;

use crate::address::Address;
use crate::components::link::Link;
use crate::wording::search::{Sentence, Words};

/// A sentence; a click on one of its links asks the question of that link.
pub(crate) fn sentence(sentence: Sentence) -> impl IntoView {
    sentence
        .into_iter()
        .map(|words| match words {
            Words::Plain(text) => text.into_any(),
            Words::Asking(text, question) => {
                let question = StoredValue::new(question);
                view! {
                    <Link to=move || Address::Search(question.get_value())>{text}</Link>
                }
                .into_any()
            }
        })
        .collect_view()
}
