//! A link to another page of this application, followed without a reload.

use boxed_view::{Children, Signal, View, view};
use leptos::ev::MouseEvent;
use leptos::prelude::*;

use crate::address::Address;
use crate::chunks::Part;
use crate::session::Session;

/// A link to the address that `to` gives; `current` says whether that page is the one being shown.
#[component]
pub(crate) fn Link(
    #[prop(into)] to: Signal<Address>,
    #[prop(optional, into)] current: Signal<bool>,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> View {
    let session = expect_context::<Session>();
    let follow = move |event: MouseEvent| {
        if is_plain_click(&event) {
            event.prevent_default();
            session.go(to.get_untracked());
        }
    };
    // Who points at it will follow it in a moment.
    let prepare = move || {
        if let Some(part) = Part::of(&to.get_untracked()) {
            session.chunks.want(part, false);
        }
    };
    view! {
        <a
            class=class
            href=move || to.get().href()
            aria-current=move || current.get().then_some("page")
            on:pointerenter=move |_| prepare()
            on:focus=move |_| prepare()
            on:click=follow
        >
            {children()}
        </a>
    }
}

/// Whether a click means this tab: with another button or a modifier key the browser opens a new one.
fn is_plain_click(event: &MouseEvent) -> bool {
    event.button() == 0
        && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key())
}
