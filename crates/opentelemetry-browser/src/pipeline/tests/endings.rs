//! How spans end: once, in order, and marked when not by their own will.

use super::*;
use crate::clock::system_time;

#[test]
fn only_the_first_end_counts_and_none_comes_before_the_start() {
    in_page(1.0, |bench| {
        bench.pass_ms(10.0);
        let tracer = BrowserTracerProvider::default().tracer("tests");
        let mut span = tracer.start("early");
        span.end_with_timestamp(system_time(1));
        span.set_attribute(KeyValue::new("late", true));
        assert!(!span.is_recording());
        span.end();
        drop(span);
        let span = bench.exported_one();
        assert_eq!(span.start_time_unix_nano, span.end_time_unix_nano);
        assert!(span.attributes.is_empty());
    });
}

#[test]
fn a_dropped_future_is_cancelled_from_the_inside_out() {
    in_page(1.0, |bench| {
        let mut work = Box::pin(in_new_trace("outer", async |_| {
            in_span_async("inner", async |_| std::future::pending::<()>().await).await;
        }));
        assert!(
            work.as_mut()
                .poll(&mut TaskContext::from_waker(Waker::noop()))
                .is_pending()
        );
        assert!(
            !Context::current().has_active_span(),
            "leaked out of the future"
        );
        drop(work);
        let [inner, outer] = bench.exported().try_into().unwrap();
        assert_eq!(
            (inner.name.as_str(), outer.name.as_str()),
            ("inner", "outer")
        );
        assert!(is_marked(&inner, CANCELLED) && is_marked(&outer, CANCELLED));
        assert!(inner.status.is_none() && outer.status.is_none());
    });
}

#[test]
fn a_future_that_is_never_polled_makes_no_span() {
    in_page(1.0, |bench| {
        drop(in_new_trace("never", async |_| {}));
        assert!(bench.exported().is_empty());
    });
}

#[cfg(feature = "spill")]
#[test]
fn what_is_under_way_when_the_page_ends_may_be_kept() {
    in_page(1.0, |bench| {
        in_span("sent", |_| {});
        pipeline().flush();
        in_span("open", |_| {
            pipeline().end_all(PAGE_UNLOADED);
            // Each time the spans, the first time the event that a session has begun as well.
            let requests = 2 + u64::from(cfg!(all(feature = "session", feature = "logs")));
            let expected: Vec<(u64, bool)> = (0..requests).map(|id| (id, true)).collect();
            assert_eq!(*bench.kept.borrow(), expected);
        });
    });
}

#[cfg(feature = "spill")]
#[test]
fn what_is_given_up_is_kept() {
    in_page(1.0, |bench| {
        in_span("never sent", |_| {});
        for _ in 0..5 {
            pipeline().flush();
            pipeline().on_outcome(0, Outcome::TimedOut);
        }
        assert_eq!(*bench.kept.borrow(), [(0, false)]);
        let spans = pipeline().stats().spans;
        assert_eq!((spans.spilled, spans.dropped()), (1, 0));
        pipeline().count_recovered(true);
        pipeline().count_recovered(false);
        let stats = pipeline().stats();
        assert_eq!(
            (stats.recovered_requests, stats.unrecovered_requests),
            (1, 1)
        );
    });
}

#[test]
fn the_end_of_the_page_ends_open_spans_once() {
    in_page(1.0, |bench| {
        in_span("outer", |_| {
            in_span("inner", |cx| {
                pipeline().end_all(PAGE_UNLOADED);
                cx.span().set_attribute(KeyValue::new("late", true));
            });
        });
        let [inner, outer] = bench.exported().try_into().unwrap();
        assert_eq!(
            (outer.name.as_str(), inner.name.as_str()),
            ("outer", "inner")
        );
        for span in [&outer, &inner] {
            assert!(
                is_marked(span, PAGE_UNLOADED)
                    && !is_marked(span, CANCELLED)
                    && !is_marked(span, "late"),
                "{span:?}"
            );
        }
        let stats = pipeline().stats().spans;
        assert_eq!((stats.created, stats.open, stats.in_flight), (2, 0, 2));
    });
}
