//! Leptos' effects and tasks, compiled once for all closures instead of once for each.

use std::pin::Pin;

use leptos::prelude::Effect;

/// Runs `run` soon, and again whenever a signal changes that it reads.
pub fn effect(run: impl FnMut() + 'static) {
    boxed_effect(Box::new(run));
}

/// Runs a future on the page's only thread.
pub fn spawn(work: impl Future<Output = ()> + 'static) {
    boxed_spawn(Box::pin(work));
}

#[inline(never)]
fn boxed_effect(run: Box<dyn FnMut()>) {
    Effect::new(run);
}

#[inline(never)]
fn boxed_spawn(work: Pin<Box<dyn Future<Output = ()>>>) {
    leptos::task::spawn_local(work);
}
