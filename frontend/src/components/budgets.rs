//! The budgets of the collector: which spans take longer than they may. Not there where it has none.

use boxed_view::{CollectView, IntoView, RwSignal, View, spawn, view};
use leptos::prelude::*;

use crate::address::of_span;
use crate::api;
use crate::budgets::{Line, lines};
use crate::frame;

/// Pause between two questions: measuring reads every trace that is held.
const PAUSE_MS: i32 = 10_000;

/// The budgets, measured again every ten seconds.
#[component]
pub(crate) fn Budgets() -> View {
    let measured = RwSignal::new(Vec::<Line>::new());
    spawn(async move {
        while let Ok(answer) = api::budgets().await {
            let Some(lines) = lines(&answer) else { return };
            // A collector without budgets will not have any later.
            if lines.is_empty() || !measured.try_set(lines) {
                return;
            }
            frame::pause(PAUSE_MS).await;
        }
    });
    let shown = move || {
        let lines = measured.get();
        (!lines.is_empty()).then(|| {
            view! {
                <section class="budgets" aria-label="Budgets">
                    <h2 class="lines-of">"Budgets"</h2>
                    <ul>{lines.into_iter().map(line).collect_view()}</ul>
                </section>
            }
        })
    };
    shown.into_view()
}

fn line(line: Line) -> View {
    let verdict = match (line.good, &line.too_few) {
        (true, _) => "kept",
        (false, Some(_)) => "not known",
        (false, None) => "exceeded",
    };
    let limits = line.limits.into_iter().map(|limit| {
        view! { <span class:bad=!limit.kept>{limit.words}</span> }
    });
    let slowest = line.slowest.map(|(trace_id, span_id)| {
        view! { <a href=of_span(trace_id, span_id)>"slowest"</a> }
    });
    view! {
        <li>
            <b class:ok=line.good class:bad=!line.good>{verdict}</b>
            <code>{trace_view::plain(&line.spans, 120)}</code>
            {limits.collect_view()}
            {line.too_few.map(|words| view! { <span>{words}</span> })}
            {slowest}
        </li>
    }
}
