//! The question: a field, a button, and one pill for each method.

use leptos::ev::{KeyboardEvent, SubmitEvent, keydown};
use leptos::html::Input;
use leptos::prelude::*;
use shared::Method;
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement};

use crate::address::Address;
use crate::session::Session;
use crate::state::Question;

/// The search form. `/` anywhere on the page focuses its field, Escape clears it.
#[component]
pub(crate) fn SearchForm() -> impl IntoView {
    let session = expect_context::<Session>();
    let field = NodeRef::<Input>::new();
    let query = RwSignal::new(String::new());
    let method = RwSignal::new(Method::default());
    Effect::new(move || {
        let asked = session.asked().unwrap_or_default();
        query.set(asked.query);
        method.set(asked.method);
    });
    Effect::new(move || focus(field));
    let slash = window_event_listener(keydown, move |event| {
        if event.key() == "/" && !has_modifier(&event) && !types_into_field(&event) {
            event.prevent_default();
            focus(field);
        }
    });
    on_cleanup(move || slash.remove());
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let question = Question {
            query: query.get_untracked(),
            method: method.get_untracked(),
        };
        if question.query.trim().is_empty() {
            session.go(Address::Search(None));
        } else {
            session.search(question);
        }
    };
    view! {
        <form class="search" role="search" on:submit=submit>
            <div class="field">
                <svg viewBox="0 0 24 24" aria-hidden="true">
                    <circle cx="10.5" cy="10.5" r="6.5" />
                    <path d="m15.5 15.5 5 5" />
                </svg>
                <input
                    node_ref=field
                    type="search"
                    name="q"
                    placeholder="Search the books"
                    aria-label="Search the books"
                    aria-keyshortcuts="/"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    prop:value=move || query.get()
                    on:input=move |event| query.set(event_target_value(&event))
                    on:keydown=move |event| {
                        if event.key() == "Escape" {
                            event.prevent_default();
                            query.set(String::new());
                        }
                    }
                />
                <kbd aria-hidden="true">"/"</kbd>
                <button type="submit">"Search"</button>
            </div>
            <fieldset>
                <legend class="unseen">"Method"</legend>
                {Method::ALL.map(|offered| pill(offered, method)).into_iter().collect_view()}
            </fieldset>
        </form>
    }
}

fn pill(offered: Method, chosen: RwSignal<Method>) -> impl IntoView {
    view! {
        <label>
            <input
                type="radio"
                name="method"
                value=offered.as_str()
                prop:checked=move || chosen.get() == offered
                on:change=move |_| chosen.set(offered)
            />
            <span title=explained(offered)>{label(offered)}</span>
        </label>
    }
}

fn label(method: Method) -> &'static str {
    match method {
        Method::Tfidf => "TF-IDF",
        Method::Bm25 => "BM25",
        Method::Hybrid => "Best passage",
        Method::Phrase => "Phrase",
        Method::Fuzzy => "Fuzzy",
        Method::SlowTfidf => "Slow, for practice",
    }
}

fn explained(method: Method) -> &'static str {
    match method {
        Method::Tfidf => "Books in which your words weigh most, rare words more than common ones",
        Method::Bm25 => {
            "Books with the passage in which most of your words stand, in whatever order"
        }
        Method::Hybrid => {
            "Books with the passage that comes closest to your words as you typed them"
        }
        Method::Phrase => "Books with a passage in which your words stand in a row",
        Method::Fuzzy => "Like BM25, with words that no book holds taken for similar ones",
        Method::SlowTfidf => {
            "TF-IDF done badly on purpose, to practise finding out from a trace what is slow"
        }
    }
}

fn focus(field: NodeRef<Input>) {
    if let Some(field) = field.get() {
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        // A field that refuses the focus can still be clicked.
        let _ = field.focus_with_options(&options);
    }
}

fn has_modifier(event: &KeyboardEvent) -> bool {
    event.ctrl_key() || event.meta_key() || event.alt_key()
}

fn types_into_field(event: &KeyboardEvent) -> bool {
    event
        .target()
        .and_then(|target| target.dyn_into::<HtmlElement>().ok())
        .is_some_and(|element| {
            matches!(element.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
                && element.get_attribute("type").as_deref() != Some("radio")
        })
}
