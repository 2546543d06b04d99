//! The question: a field, a button, and one pill for each method.

use boxed_view::{CollectView, RwSignal, Signal, View, effect, view};
use leptos::ev::{KeyboardEvent, SubmitEvent, keydown};
use leptos::html::Input;
use leptos::prelude::*;
use shared::Method;
use wasm_bindgen::JsCast;
use web_sys::{FocusOptions, HtmlElement};

use crate::address::Address;
use crate::components::book_filter::BookFilter;
use crate::components::syntax_help::SyntaxHelp;
use crate::session::Session;
use crate::state::{DEFAULT_METHOD, Question};
use crate::wording;

/// The search form. `/` anywhere on the page focuses its field, Escape clears it.
#[component]
pub(crate) fn SearchForm() -> View {
    let session = expect_context::<Session>();
    let field = NodeRef::<Input>::new();
    let query = RwSignal::new(String::new());
    let method = RwSignal::new(DEFAULT_METHOD);
    effect(move || {
        let asked = session.asked();
        query.set(asked.query);
        method.set(asked.method);
    });
    let question = Signal::derive(move || Question {
        query: query.get(),
        method: method.get(),
        book: session.asked().book,
    });
    effect(move || focus(field));
    focus_on_slash(field);
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let question = question.get_untracked();
        if question.is_blank() {
            session.go(Address::Search(question));
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
            <BookFilter question=question />
            <div class="ways">
                <fieldset>
                    <legend class="unseen">"Method"</legend>
                    {Method::ALL.map(|offered| pill(offered, method)).into_iter().collect_view()}
                </fieldset>
                <SyntaxHelp />
            </div>
        </form>
    }
}

fn pill(offered: Method, chosen: RwSignal<Method>) -> View {
    view! {
        <label>
            <input
                type="radio"
                name="method"
                value=offered.as_str()
                prop:checked=move || chosen.get() == offered
                on:change=move |_| chosen.set(offered)
            />
            <span title=wording::method::explained(offered)>{wording::method::label(offered)}</span>
        </label>
    }
}

/// As long as the form is there.
fn focus_on_slash(field: NodeRef<Input>) {
    let slash = window_event_listener(keydown, move |event| {
        if event.key() == "/" && !is_typed_into_field(&event) {
            event.prevent_default();
            focus(field);
        }
    });
    on_cleanup(move || slash.remove());
}

fn focus(field: NodeRef<Input>) {
    if let Some(field) = field.get() {
        let options = FocusOptions::new();
        options.set_prevent_scroll(true);
        // A field that refuses the focus can still be clicked.
        let _ = field.focus_with_options(&options);
    }
}

/// Whether a key press belongs to a field or to the browser and is no command to the page.
pub(crate) fn is_typed_into_field(event: &KeyboardEvent) -> bool {
    event.ctrl_key() || event.meta_key() || event.alt_key() || types_into_field(event)
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
