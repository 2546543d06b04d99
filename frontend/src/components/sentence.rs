//! Sentences with links in them.

use boxed_view::{CollectView, IntoView, StoredValue, View, view};

use crate::address::Address;
use crate::components::link::Link;
use crate::wording::search::{Sentence, Words};

/// A sentence; a click on one of its links asks the question of that link.
pub(crate) fn sentence(sentence: Sentence) -> View {
    sentence
        .into_iter()
        .map(|words| match words {
            Words::Plain(text) => text.into_view(),
            Words::Asking(text, question) => {
                let question = StoredValue::new(question);
                view! {
                    <Link to=move || Address::Search(question.get_value())>{text}</Link>
                }
            }
        })
        .collect_view()
}
