//! What can be said in a query beside words.

use boxed_view::{CollectView, View, view};
use leptos::prelude::*;

/// What is typed, and what it means.
const SYNTAX: [(&str, &str); 4] = [
    ("\"white whale\"", "these words in a row"),
    ("-ship", "without this word"),
    ("author:melville", "only by this author"),
    ("book:emma", "only in this book"),
];

/// The query syntax behind a disclosure.
#[component]
pub(crate) fn SyntaxHelp() -> View {
    view! {
        <details class="syntax">
            <summary>"Search tips"</summary>
            <dl>
                {SYNTAX
                    .iter()
                    .map(|(typed, meaning)| {
                        view! {
                            <div>
                                <dt>
                                    <code>{*typed}</code>
                                </dt>
                                <dd>{*meaning}</dd>
                            </div>
                        }
                    })
                    .collect_view()}
            </dl>
        </details>
    }
}
