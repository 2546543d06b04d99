//! One bar that divides the duration of a trace among its origins, with its key below.

use std::sync::Arc;

use boxed_view::{CollectView, RwSignal, Signal, View, memo, view};
use leptos::prelude::*;
use trace_model::duration;

use crate::drawing::{Drawing, Origin, Share};

/// The split of a trace. A click on an origin chooses it, a second click lets it go.
#[component]
pub fn SplitBar(
    /// The trace; nothing draws nothing.
    #[prop(into)]
    drawing: Signal<Option<Arc<Drawing>>>,
    /// The origin that is pointed out.
    chosen: RwSignal<Option<Origin>>,
) -> View {
    let shares = memo(move || {
        drawing.with(|drawing| drawing.as_ref().map(|drawing| drawing.shares.clone()))
    });
    let choose =
        move |origin| chosen.update(|chosen| *chosen = (*chosen != Some(origin)).then_some(origin));
    view! {
        <div class="split" class:filtered=move || chosen.get().is_some()>
            <div class="split-bar" aria-hidden="true">
                {move || {
                    shares
                        .get()
                        .unwrap_or_default()
                        .into_iter()
                        .filter(|share| share.duration_ns > 0)
                        .map(|share| {
                            let Share { origin, duration_ns } = share;
                            view! {
                                <i
                                    class=origin
                                    class:chosen=move || chosen.get() == Some(origin)
                                    style:flex-grow=duration_ns.to_string()
                                    title=in_words(share)
                                    on:click=move |_| choose(origin)
                                ></i>
                            }
                        })
                        .collect_view()
                }}
            </div>
            <div class="split-key" role="group" aria-label="Time by origin">
                {move || {
                    shares
                        .get()
                        .unwrap_or_default()
                        .into_iter()
                        .map(|share| {
                            let Share { origin, duration_ns } = share;
                            view! {
                                <button
                                    type="button"
                                    class=origin
                                    class:none=duration_ns == 0
                                    aria-pressed=move || (chosen.get() == Some(origin)).to_string()
                                    on:click=move |_| choose(origin)
                                >
                                    <span>{origin}</span>
                                    <b>{duration::format(duration_ns)}</b>
                                </button>
                            }
                        })
                        .collect_view()
                }}
            </div>
        </div>
    }
}

fn in_words(share: Share) -> String {
    format!("{} {}", share.origin, duration::format(share.duration_ns))
}
