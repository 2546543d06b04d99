//! Waiting: for the next frame, for the moment a change is painted, for some time to pass.

use js_sys::{Function, Promise};
use leptos::prelude::window;
use wasm_bindgen_futures::JsFuture;

/// A hidden tab draws no frames; after this time nobody waits for one any more.
const FALLBACK_MS: i32 = 100;

/// Resolves when the browser is about to draw the next frame, or after a tenth of a second in a hidden tab.
pub(crate) async fn next() {
    settled(|resolve| {
        // Resolving twice is allowed and does nothing, so the slower of the two needs no cancelling.
        let _ = window().request_animation_frame(resolve);
        resolve_after(resolve, FALLBACK_MS);
    })
    .await;
}

/// Resolves when everything changed until now is on the screen: callbacks of a frame run before it is painted, so
/// the callback of the frame after it is the first moment that surely comes later.
pub(crate) async fn painted() {
    next().await;
    next().await;
}

/// Resolves after `duration_ms`.
pub(crate) async fn pause(duration_ms: i32) {
    settled(|resolve| resolve_after(resolve, duration_ms)).await;
}

async fn settled(start: impl Fn(&Function)) {
    let promise = Promise::new(&mut |resolve: Function, _reject| start(&resolve));
    // The promise is never rejected.
    let _ = JsFuture::from(promise).await;
}

fn resolve_after(resolve: &Function, duration_ms: i32) {
    // A window without timers could not have loaded the page.
    let _ = window().set_timeout_with_callback_and_timeout_and_arguments_0(resolve, duration_ms);
}
