//! The tracing test page: pieces of work to try the tracer with, their traces, and what telemetry has done so far.

use boxed_view::{CollectView, RwSignal, View, spawn, view};
use leptos::prelude::*;
use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use trace_model::TraceId;

use crate::components::telemetry::Telemetry;
use crate::components::trace_panel::{Panel, TracePanel};
use crate::experiment::{self, Experiment, Tried};
use crate::frontend_search::{TracedSearch, traced_search};
use crate::session::Session;
use crate::trace_watch::Subject;
use crate::tracing_test;

/// Where the browser keeps the list while the page is loaded anew.
const KEPT: &str = "tracing-test";

/// The page with its list.
#[derive(Clone, Copy)]
struct Bench {
    session: Session,
    traced: RwSignal<Option<TracedSearch>>,
    tried: RwSignal<Vec<Tried>>,
}

/// The tracing test page. Shows the load of the page until something else is tried.
#[component]
pub(crate) fn TracingTest() -> View {
    let session = expect_context::<Session>();
    let load = opentelemetry_browser::page_load().map(|context| TracedSearch {
        trace_id: TraceId(context.trace_id().to_bytes()),
        sampled: context.is_sampled(),
    });
    let panel = Panel::new(Subject::OwnWork);
    panel.traced.set(load);
    let bench = Bench {
        session,
        traced: panel.traced,
        tried: RwSignal::new(kept()),
    };
    let cost_ns = RwSignal::new(None);
    let measure = Callback::new(move |()| {
        spawn(async move {
            let measured = tracing_test::measured_spans(|_| ()).await;
            cost_ns.try_set(Some(measured));
        });
    });
    view! {
        <h1 class="page">"Tracing test"</h1>
        <p class="sum">"Each of these is a trace of its own. At first the load of this page is shown."</p>
        <div class="cols">
            <div>
                <ul class="tests" aria-label="Tests">
                    {Experiment::ALL.map(|experiment| offer(bench, experiment)).collect_view()}
                </ul>
                {move || list(bench, load)}
                <Telemetry cost_ns=cost_ns measure=measure />
            </div>
            <TracePanel panel=panel />
        </div>
    }
}

fn offer(bench: Bench, experiment: Experiment) -> View {
    view! {
        <li>
            <button type="button" on:click=move |_| bench.run(experiment)>
                {experiment.label()}
            </button>
            <span>{experiment.expectation()}</span>
        </li>
    }
}

/// The traces so far, newest first, and the load of the page behind them.
fn list(bench: Bench, load: Option<TracedSearch>) -> View {
    let tried = bench.tried.get();
    let tried = tried.into_iter().map(|tried| {
        let traced = TracedSearch {
            trace_id: tried.trace_id,
            sampled: tried.sampled,
        };
        (tried.experiment.label(), traced)
    });
    let load = load.map(|load| ("Load of this page", load));
    view! {
        <ol class="ids" aria-label="Traces">
            {tried.chain(load).map(|(label, traced)| entry(bench, label, traced)).collect_view()}
        </ol>
    }
}

fn entry(bench: Bench, label: &'static str, traced: TracedSearch) -> View {
    let shown = move || (bench.traced.get() == Some(traced)).to_string();
    view! {
        <li>
            <button
                type="button"
                class="plain"
                aria-pressed=shown
                on:click=move |_| bench.traced.set(Some(traced))
            >
                {label}
            </button>
            <code>{traced.trace_id.to_string()}</code>
        </li>
    }
}

impl Bench {
    fn run(self, experiment: Experiment) {
        spawn(async move {
            tracing_test::run(experiment, |cx| self.begun(experiment, cx)).await;
            self.session.flush();
        });
    }

    /// Lists the trace of `cx` and turns to it.
    fn begun(self, experiment: Experiment, cx: &Context) {
        if !cx.span().span_context().is_valid() {
            return;
        }
        let traced = traced_search(cx);
        let tried = Tried {
            experiment,
            trace_id: traced.trace_id,
            sampled: traced.sampled,
        };
        self.tried.try_update(|list| {
            experiment::add(list, tried);
            keep(list);
        });
        self.traced.try_set(Some(traced));
    }
}

/// The list as the browser kept it; empty where it keeps nothing.
fn kept() -> Vec<Tried> {
    let storage = window().session_storage().ok().flatten();
    let text = storage.and_then(|storage| storage.get_item(KEPT).ok().flatten());
    text.map(|text| experiment::read(&text)).unwrap_or_default()
}

fn keep(list: &[Tried]) {
    if let Ok(Some(storage)) = window().session_storage() {
        // A browser that keeps nothing forgets the list, which is no harm.
        let _ = storage.set_item(KEPT, &experiment::write(list));
    }
}
