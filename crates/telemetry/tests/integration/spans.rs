//! `in_span`, `in_span_async` and `fail`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;

use insta::assert_snapshot;
use telemetry::testing::record;
use telemetry::{Context, KeyValue, TraceContextExt, fail, in_span, in_span_async, trace_id};

#[test]
fn nested_work_is_a_tree_and_siblings_stay_siblings() {
    let recorder = record();
    let trace = in_span("root", |cx| {
        in_span("first", |cx| {
            cx.span().set_attribute(KeyValue::new("number", 1))
        });
        in_span("second", |_| in_span("inner", |_| ()));
        assert_eq!(trace_id(cx).len(), 32);
        cx.span().span_context().trace_id()
    });
    assert_snapshot!(recorder.render(trace), @r"
    root INTERNAL
      first INTERNAL {number=1}
      second INTERNAL
        inner INTERNAL
    ");
    assert_eq!(trace_id(&Context::current()), "", "nothing stays current");
}

#[test]
fn a_failure_says_what_kind_and_a_long_message_is_cut() {
    let recorder = record();
    let trace = in_span("root", |cx| {
        fail(cx, "timeout", "no answer in time");
        in_span("hostile", |cx| fail(cx, "garbage", "é".repeat(10_000)));
        cx.span().span_context().trace_id()
    });
    let rendered = recorder.render(trace);
    let (first, second) = rendered.split_once('\n').unwrap();
    assert_eq!(
        first,
        "root INTERNAL {error.type=timeout} [error: no answer in time]"
    );
    assert_eq!(second.matches('é').count(), 512);
}

#[test]
fn a_panic_fails_its_span_and_goes_on() {
    let recorder = record();
    let mut trace = None;
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        in_span("root", |cx| {
            trace = Some(cx.span().span_context().trace_id());
            in_span("inner", |_| panic!("as the test wants"));
        })
    }));
    assert!(outcome.is_err());
    assert_snapshot!(recorder.render(trace.unwrap()), @r"
    root INTERNAL {error.type=panic} [error: panicked]
      inner INTERNAL {error.type=panic} [error: panicked]
    ");
}

#[tokio::test]
async fn a_span_is_current_at_every_poll_and_never_in_between() {
    let recorder = record();
    let trace = in_span_async("root", async |cx| {
        // Both wait for each other, so their polls interleave on this one thread.
        let both = tokio::sync::Barrier::new(2);
        tokio::join!(
            in_span_async("left", async |_| {
                both.wait().await;
                in_span("left inner", |_| ());
            }),
            in_span_async("right", async |_| {
                both.wait().await;
                in_span("right inner", |_| ());
            }),
        );
        cx.span().span_context().trace_id()
    })
    .await;
    assert_snapshot!(recorder.render(trace), @r"
    root INTERNAL
      left INTERNAL
        left inner INTERNAL
      right INTERNAL
        right inner INTERNAL
    ");
}

#[tokio::test]
async fn a_dropped_future_ends_its_spans_once_as_cancelled() {
    let recorder = record();
    let (sender, receiver) = mpsc::channel();
    let work = in_span_async("root", async |cx| {
        sender.send(cx.span().span_context().trace_id()).unwrap();
        in_span_async("waiting", async |_| std::future::pending::<()>().await).await;
    });
    tokio::select! {
        biased;
        () = work => unreachable!("the work never ends"),
        () = std::future::ready(()) => (),
    }
    let trace = receiver.recv().unwrap();
    assert_snapshot!(recorder.render(trace), @r"
    root INTERNAL {cancelled=true}
      waiting INTERNAL {cancelled=true}
    ");
}

#[test]
fn a_future_with_spans_can_move_between_threads() {
    fn movable<T: Send>(value: T) -> T {
        value
    }
    record();
    drop(movable(in_span_async("root", async |_| {
        tokio::task::yield_now().await;
        in_span_async("inner", async |cx| {
            cx.span().set_attribute(KeyValue::new("a", 1))
        })
        .await;
    })));
}
