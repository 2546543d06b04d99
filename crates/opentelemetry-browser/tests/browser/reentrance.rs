//! JavaScript that calls back while the tracer calls it, and WebAssembly that traps.

use opentelemetry::trace::TraceContextExt;
use opentelemetry::{Context, KeyValue};
use opentelemetry_browser::{SendTraced, event, in_new_trace, in_span};
use wasm_bindgen::closure::Closure;
use wasm_bindgen_futures::future_to_promise;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    come_back, export_all, exported_spans, let_tasks_run, report_trap, span, start, traps,
};

/// What a page may do in the middle of a call of the tracer; whether that is traced, which it is not while an export is
/// being sent.
fn everything() -> bool {
    in_span("from within the page", |cx| {
        cx.span().set_attribute(KeyValue::new("kept", true));
        event(cx, "kept", Vec::new());
        #[cfg(feature = "logs")]
        opentelemetry_browser::emit("kept", opentelemetry_browser::Severity::Info, Vec::new());
    });
    start().flush();
    let _ = start().stats();
    !Context::is_current_telemetry_suppressed()
}

#[wasm_bindgen_test]
async fn the_page_may_call_back_whenever_it_is_called() {
    start();
    export_all().await;
    let before = start().stats().spans;
    let calls = come_back(everything, || {
        future_to_promise(async {
            in_new_trace("called back", async |cx| {
                event(&cx, "outer", Vec::new());
                let request = gloo_net::http::Request::get("/status/200?called-back");
                let answer = request.send_traced().await.unwrap();
                answer.text().await.unwrap();
            })
            .await;
            start().flush();
            let_tasks_run().await;
            Ok(true.into())
        })
    })
    .await;
    assert!(calls > 8.0, "{calls}");
    let outer = span("called back").await;
    assert!(outer.events.iter().any(|event| event.name == "outer"));
    let spans = exported_spans();
    let within: Vec<_> = spans
        .iter()
        .filter(|span| span.name == "from within the page")
        .collect();
    assert_eq!(within.len() as f64, calls);
    for span in within {
        assert_eq!(span.attribute("kept").as_deref(), Some("true"));
        assert_eq!(span.events.len(), 1);
    }
    let after = start().stats().spans;
    // Those of the page, and the two of the trace.
    assert_eq!((after.created - before.created) as f64, calls + 2.0);
    assert_eq!(after.open, before.open);
    assert_eq!(after.dropped(), before.dropped());
}

fn trap_in(name: &'static str) {
    let work = Closure::new(move || in_span(name, |_| std::process::abort()));
    assert!(traps(&work));
}

#[wasm_bindgen_test]
async fn what_comes_after_a_trap_is_not_part_of_it() {
    start();
    trap_in("trapped");
    assert!(
        Context::current().has_active_span(),
        "else there is nothing to show"
    );
    report_trap();
    assert!(!Context::current().has_active_span());
    in_new_trace("after the trap", async |_| {
        let_tasks_run().await;
        in_span("below", |_| {});
    })
    .await;
    in_span("beside", |_| {});
    let (after, below) = (span("after the trap").await, span("below").await);
    assert_eq!(below.parent_span_id, after.span_id);
    assert!(span("beside").await.parent_span_id.is_empty());
    assert!(!Context::current().has_active_span());
}

#[wasm_bindgen_test]
async fn a_trap_that_the_page_caught_is_left_with_the_next_timer() {
    start();
    trap_in("trapped and caught");
    assert!(Context::current().has_active_span());
    // Has to wait for the timer of the export.
    in_new_trace("waited for", async |_| {}).await;
    for _ in 0..100_000 {
        let_tasks_run().await;
        if !Context::current().has_active_span() {
            return;
        }
    }
    panic!("the context of what trapped is still current");
}
