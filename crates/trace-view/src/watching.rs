//! Hears of everything that moves an element on the screen: scrolling, of the window or of any element around it, and a
//! new size of the window.

use leptos::prelude::*;
use web_sys::wasm_bindgen::JsCast;
use web_sys::wasm_bindgen::closure::Closure;

/// Calls `moved` whenever something has scrolled, until the owner goes away.
pub(crate) fn on_scroll(moved: impl Fn() + Copy + 'static) {
    let resized = window_event_listener(leptos::ev::resize, move |_| moved());
    // Elements that scroll do not tell the window; on the way down to them it hears of it all the same.
    let heard = StoredValue::new_local(Closure::<dyn Fn()>::new(moved));
    heard.with_value(|heard| {
        // A window always takes listeners.
        let _ = window().add_event_listener_with_callback_and_bool(
            "scroll",
            heard.as_ref().unchecked_ref(),
            true,
        );
    });
    on_cleanup(move || {
        resized.remove();
        heard.with_value(|heard| {
            let _ = window().remove_event_listener_with_callback_and_bool(
                "scroll",
                heard.as_ref().unchecked_ref(),
                true,
            );
        });
    });
}
