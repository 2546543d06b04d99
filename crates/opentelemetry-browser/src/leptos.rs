//! Leptos' own ways to start work, in spans: the context is that of the moment when the work is asked for, not of the one
//! when its future happens to be polled first.

use ::leptos::prelude::{Action, IntoView, LocalResource};
use opentelemetry::Context;
use opentelemetry::trace::FutureExt;

use crate::scoped::{in_span, in_span_async};

/// An action each of whose runs is a span of this name, below the span that is current where it is dispatched.
#[track_caller]
pub fn traced_action<I, O, F>(name: &'static str, work: impl Fn(&I) -> F + 'static) -> Action<I, O>
where
    I: Send + Sync + 'static,
    O: Send + Sync + 'static,
    F: Future<Output = O> + 'static,
{
    Action::new_unsync(move |input: &I| {
        let work = work(input);
        in_span_async(name, async move |_| work.await).with_context(Context::current())
    })
}

/// A resource each of whose loads is a span of this name: the first below the span that is current where the resource is
/// made, later ones, which a signal has asked for, below the one that is current then, if any.
#[track_caller]
pub fn traced_resource<T, F>(
    name: &'static str,
    fetcher: impl Fn() -> F + 'static,
) -> LocalResource<T>
where
    T: 'static,
    F: Future<Output = T> + 'static,
{
    let made_in = std::cell::Cell::new(Some(Context::current()));
    LocalResource::new(move || {
        let cx = made_in.take().unwrap_or_else(Context::current);
        let load = fetcher();
        in_span_async(name, async move |_| load.await).with_context(cx)
    })
}

/// Makes a component in a span of this name, which is current meanwhile: what the component starts at once belongs to it.
pub fn traced_mount<V: IntoView>(name: &'static str, component: impl FnOnce() -> V) -> V {
    in_span(name, |_| component())
}

/// Runs a future as a task of Leptos' executor, in the context that is current now.
pub fn spawn_local(future: impl Future<Output = ()> + 'static) {
    ::leptos::task::spawn_local(future.with_current_context());
}
