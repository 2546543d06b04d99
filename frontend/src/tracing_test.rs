//! Small pieces of work to try the tracer with, each a trace of its own. The functions carry the names of their spans.

use futures_util::future::join;
use leptos::prelude::window;
use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};
use opentelemetry_browser::{fail, in_new_trace, in_span, in_span_async};
use shared::semconv::{attribute, span};
use web_sys::AbortController;

use crate::api;
use crate::experiment::Experiment;
use crate::frame;

/// How many spans [`measured_spans`] opens.
const MEASURED: u32 = 500;

/// Runs one; `begun` is called with the root of its trace as soon as there is one.
pub(crate) async fn run(experiment: Experiment, begun: impl Fn(&Context)) {
    match experiment {
        Experiment::SimpleSpan => simple_span(begun).await,
        Experiment::ErrorSpan => error_span(begun).await,
        Experiment::ThreeAwaits => three_awaits(begun).await,
        Experiment::OverlappingTasks => overlapping_tasks(begun).await,
        Experiment::AbortedFetch => aborted_fetch(begun).await,
        Experiment::ForeignFetch => foreign_fetch(begun).await,
        Experiment::PanickingSpan => panicking_span(begun).await,
        Experiment::UnfinishedSpan => unfinished_span(begun).await,
    }
}

async fn simple_span(begun: impl Fn(&Context)) {
    in_new_trace(span::SIMPLE_SPAN, async |cx: Context| {
        begun(&cx);
        frame::next().await;
    })
    .await;
}

async fn error_span(begun: impl Fn(&Context)) {
    in_new_trace(span::ERROR_SPAN, async |cx: Context| {
        begun(&cx);
        fail(&cx, "on_purpose", "an error on purpose");
    })
    .await;
}

async fn three_awaits(begun: impl Fn(&Context)) {
    in_new_trace(span::THREE_AWAITS, async |cx: Context| {
        begun(&cx);
        for _ in 0..3 {
            in_span_async(span::ONE_AWAIT, async |_cx: Context| {
                frame::next().await;
            })
            .await;
        }
    })
    .await;
}

async fn overlapping_tasks(begun: impl Fn(&Context)) {
    in_new_trace(span::OVERLAPPING_TASKS, async |cx: Context| {
        begun(&cx);
        join(overlapping_task("first"), overlapping_task("second")).await;
    })
    .await;
}

async fn overlapping_task(task: &'static str) {
    in_span_async(span::OVERLAPPING_TASK, async |cx: Context| {
        cx.span()
            .set_attribute(KeyValue::new(attribute::TEST_TASK, task));
        frame::next().await;
        api::touch("/api/trace-context", None).await;
    })
    .await;
}

async fn aborted_fetch(begun: impl Fn(&Context)) {
    in_new_trace(span::ABORTED_FETCH, async |cx: Context| {
        begun(&cx);
        // An abort controller is part of every browser that runs WebAssembly.
        let Ok(controller) = AbortController::new() else {
            return;
        };
        let signal = controller.signal();
        let request = api::touch("/api/trace-context", Some(&signal));
        join(request, async { controller.abort() }).await;
    })
    .await;
}

/// The page's own policy refuses the request, after the tracer has seen it.
async fn foreign_fetch(begun: impl Fn(&Context)) {
    in_new_trace(span::FOREIGN_FETCH, async |cx: Context| {
        begun(&cx);
        api::touch("https://foreign.invalid/", None).await;
    })
    .await;
}

async fn panicking_span(begun: impl Fn(&Context)) {
    in_new_trace(span::PANICKING_SPAN, async |cx: Context| {
        begun(&cx);
        frame::next().await;
        panic!("a panic on purpose");
    })
    .await;
}

/// The page goes away in the middle of it.
async fn unfinished_span(begun: impl Fn(&Context)) {
    in_new_trace(span::UNFINISHED_SPAN, async |cx: Context| {
        begun(&cx);
        frame::painted().await;
        // Where reloading is forbidden, the span stays open until the tab is closed.
        let _ = window().location().reload();
        std::future::pending::<()>().await;
    })
    .await;
}

/// What a span costs here: nanoseconds to begin and end one, as the mean of many.
pub(crate) async fn measured_spans(begun: impl Fn(&Context)) -> f64 {
    in_new_trace(span::MEASURED_SPANS, async |cx: Context| {
        begun(&cx);
        let started_ms = now_ms();
        for _ in 0..MEASURED {
            in_span(span::MEASURED_SPAN, |_cx| ());
        }
        (now_ms() - started_ms) * 1e6 / f64::from(MEASURED)
    })
    .await
}

fn now_ms() -> f64 {
    window().performance().map_or(0.0, |clock| clock.now())
}
