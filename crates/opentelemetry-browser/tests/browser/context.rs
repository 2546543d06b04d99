//! The current span over awaits, in tasks that overlap, and in futures that are dropped.

use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, Tracer};
use opentelemetry_browser::{event, in_new_trace, in_span, in_span_async, spawn};
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{let_tasks_run, span, start};

fn is_current(cx: &Context) -> bool {
    Context::current().span().span_context() == cx.span().span_context()
}

#[wasm_bindgen_test]
async fn a_span_stays_current_over_awaits() {
    start();
    in_new_trace("awaiting root", async |root| {
        assert!(is_current(&root));
        in_span_async("awaiting child", async |child| {
            let_tasks_run().await;
            assert!(is_current(&child));
            in_span("sync grandchild", |grandchild| {
                assert!(is_current(grandchild))
            });
            let_tasks_run().await;
            assert!(is_current(&child));
        })
        .await;
        assert!(is_current(&root));
    })
    .await;
    let (root, child) = (span("awaiting root").await, span("awaiting child").await);
    assert!(root.parent_span_id.is_empty());
    assert_eq!(child.parent_span_id, root.span_id);
    assert_eq!(span("sync grandchild").await.parent_span_id, child.span_id);
    assert!(root.start_ns <= child.start_ns && child.end_ns <= root.end_ns);
}

#[wasm_bindgen_test]
async fn tasks_that_overlap_do_not_see_each_other() {
    start();
    for (root, child) in [("left root", "left child"), ("right root", "right child")] {
        spawn(async move {
            in_new_trace(root, async |cx| {
                for _ in 0..3 {
                    let_tasks_run().await;
                    assert!(is_current(&cx));
                }
                in_span_async(child, async |_| let_tasks_run().await).await;
            })
            .await;
        });
    }
    for _ in 0..8 {
        let_tasks_run().await;
        assert!(
            !Context::current().span().span_context().is_valid(),
            "leaked into another task"
        );
    }
    let (left, right) = (span("left root").await, span("right root").await);
    assert_ne!(left.trace_id, right.trace_id);
    assert_eq!(span("left child").await.parent_span_id, left.span_id);
    assert_eq!(span("right child").await.parent_span_id, right.span_id);
    assert!(
        left.start_ns < right.end_ns && right.start_ns < left.end_ns,
        "they did not overlap"
    );
}

#[wasm_bindgen_test]
async fn a_spawned_task_continues_the_trace() {
    start();
    in_new_trace("spawning root", async |_| {
        spawn(async {
            let_tasks_run().await;
            in_span("spawned child", |_| {});
        });
    })
    .await;
    let_tasks_run().await;
    let_tasks_run().await;
    let (root, child) = (span("spawning root").await, span("spawned child").await);
    assert_eq!(child.parent_span_id, root.span_id);
    assert!(
        root.end_ns <= child.start_ns,
        "the root waited for its task"
    );
}

#[wasm_bindgen_test]
async fn a_dropped_future_ends_its_spans_once() {
    start();
    let mut work = Box::pin(in_new_trace("dropped root", async |_| {
        in_span_async("dropped child", async |_| {
            std::future::pending::<()>().await
        })
        .await;
    }));
    let mut is_pending = false;
    std::future::poll_fn(|task| {
        is_pending = work.as_mut().poll(task).is_pending();
        std::task::Poll::Ready(())
    })
    .await;
    assert!(is_pending);
    drop(work);
    let (root, child) = (span("dropped root").await, span("dropped child").await);
    for span in [&root, &child] {
        assert_eq!(
            span.attribute("cancelled").as_deref(),
            Some("true"),
            "{}",
            span.name
        );
        assert_eq!(span.error(), None);
    }
    assert!(child.end_ns <= root.end_ns);
}

#[wasm_bindgen_test]
async fn joined_futures_do_not_see_each_other() {
    start();
    let side = async |name: &'static str| {
        in_span_async(name, async |cx| {
            for _ in 0..3 {
                let_tasks_run().await;
                assert!(is_current(&cx), "{name}");
            }
        })
        .await;
    };
    in_new_trace("joining", async |root| {
        futures_util::future::join(side("joined left"), side("joined right")).await;
        assert!(is_current(&root));
    })
    .await;
    let root = span("joining").await;
    for name in ["joined left", "joined right"] {
        let side = span(name).await;
        assert_eq!(side.parent_span_id, root.span_id);
        assert_eq!(side.attribute("cancelled"), None);
    }
}

#[wasm_bindgen_test]
async fn the_loser_of_a_select_is_cancelled_once() {
    let guard = start();
    let created = guard.stats().spans.created;
    in_new_trace("selecting", async |root| {
        let winner = in_span_async("winner", async |_| let_tasks_run().await);
        let loser = in_span_async("loser", async |cx| {
            let_tasks_run().await;
            assert!(is_current(&cx));
            std::future::pending::<()>().await;
        });
        let selected = futures_util::future::select(Box::pin(winner), Box::pin(loser)).await;
        drop(selected);
        assert!(is_current(&root));
    })
    .await;
    let (root, winner, loser) = (
        span("selecting").await,
        span("winner").await,
        span("loser").await,
    );
    assert_eq!(
        (&winner.parent_span_id, &loser.parent_span_id),
        (&root.span_id, &root.span_id)
    );
    assert_eq!(winner.attribute("cancelled"), None);
    assert_eq!(loser.attribute("cancelled").as_deref(), Some("true"));
    assert!(loser.end_ns <= root.end_ns);
    assert_eq!(guard.stats().spans.created - created, 3);
}

#[wasm_bindgen_test]
async fn times_are_finer_than_a_millisecond() {
    start();
    let before_ms = js_sys::Date::now();
    in_new_trace("clocked", async |cx| {
        event(&cx, "ours", Vec::new());
        // The API's own way, which stamps whole milliseconds.
        cx.span().add_event("theirs", Vec::new());
        let tracer = opentelemetry::global::tracer("another library");
        tracer.in_span("opened by the API", |cx| cx.span().end());
    })
    .await;
    let after_ms = js_sys::Date::now();
    let root = span("clocked").await;
    let others = span("opened by the API").await;
    let times = [
        root.start_ns,
        root.events[0].time_ns,
        root.events[1].time_ns,
        others.start_ns,
        others.end_ns,
        root.end_ns,
    ];
    assert!(times.is_sorted(), "{times:?}");
    // All of them on a whole millisecond by chance: one in 10^6 at the 0.1 ms of a page that is not isolated.
    assert!(
        times.iter().any(|time_ns| time_ns % 1_000_000 != 0),
        "{times:?}"
    );
    assert!(
        root.start_ns as f64 >= before_ms * 1e6 - 1e6
            && root.end_ns as f64 <= (after_ms + 2.0) * 1e6
    );
    assert_eq!(others.parent_span_id, root.span_id);
}
