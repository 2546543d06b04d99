//! The page that comes back: whatever the pipeline calls of it calls the pipeline.

use super::*;

/// All that a page may do, without a look at what becomes of it.
fn everything() {
    in_span("from within", |cx| {
        cx.span().set_attribute(KeyValue::new("k", "v"));
        event(cx, "event", vec![KeyValue::new("k", "v")]);
        cx.span()
            .add_link(cx.span().span_context().clone(), Vec::new());
        #[cfg(feature = "logs")]
        crate::emit("event", crate::Severity::Info, Vec::new());
        drop(ClientCall::start(
            pipeline(),
            "GET",
            own("http://own/within"),
        ));
    });
    pipeline().mark_all("mark");
    pipeline().on_timer();
    pipeline().on_timing("http://own/within", Timing::default());
    let _ = pipeline().stats();
    pipeline().flush();
}

#[test]
fn no_cell_is_borrowed_while_the_page_is_called() {
    in_page(1.0, |bench| {
        bench.observes_fetches.set(true);
        bench.comes_back.set(Some(everything));
        let call = now(in_new_trace("outer", async |cx| {
            event(&cx, "outer event", vec![KeyValue::new("outer", 1)]);
            let call = ClientCall::start(pipeline(), "GET", own("http://own/outer")).unwrap();
            cx.span().set_attribute(KeyValue::new("outer", true));
            call
        }));
        call.answered(200, "http://own/outer");
        pipeline().on_outcome(0, Outcome::NetworkError);
        pipeline().end_all(PAGE_UNLOADED);
        bench.comes_back.set(None);

        let spans = bench.exported();
        let [outer] = spans
            .iter()
            .filter(|span| span.name == "outer")
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        assert!(is_marked(outer, "outer"));
        assert!(outer.events.iter().any(|event| event.name == "outer event"));
        let within = spans.iter().filter(|span| span.name == "from within");
        let mut count = 0;
        for span in within {
            assert!(attribute(span, "k").is_some(), "an attribute was lost");
            assert_eq!((span.events.len(), span.links.len()), (1, 1));
            count += 1;
        }
        assert!(count > 10, "the page was called only {count} times");
        let stats = pipeline().stats().spans;
        assert_eq!(stats.open, 0);
        assert_eq!(stats.created, stats.in_flight, "{stats:?}");
        // One request went out twice: the one that was told to have failed.
        let repeated = bench
            .sent
            .borrow()
            .iter()
            .filter(|export| export.id == 0)
            .count();
        assert_eq!(repeated, 2);
    });
}
