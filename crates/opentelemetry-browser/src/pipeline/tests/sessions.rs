//! The session of traces and events.

use super::*;

fn session_of(span: &Span) -> Option<String> {
    attribute(span, "session.id").map(|id| text(Some(id)))
}

#[test]
fn the_first_span_of_the_page_in_a_trace_names_the_session() {
    in_page(1.0, |bench| {
        let remote = SpanContext::new(
            TraceId::from_bytes([1; 16]),
            SpanId::from_bytes([2; 8]),
            TraceFlags::SAMPLED,
            true,
            TraceState::NONE,
        );
        in_span("root", |_| in_span("child", |_| {}));
        let served = Context::new().with_remote_span_context(remote);
        let tracer = BrowserTracerProvider::default().tracer("tests");
        drop(tracer.start_with_context("served", &served));
        let [child, root, served] = bench.exported_with_session().try_into().unwrap();
        let id = session_of(&root).unwrap();
        assert_eq!(id.len(), 36);
        assert_eq!(
            (session_of(&child), session_of(&served)),
            (None, Some(id.clone()))
        );
        let stored = bench.session.borrow().clone().unwrap();
        assert_eq!(stored, (id.clone(), TIME_ORIGIN_MS));

        bench.pass_ms(31.0 * 60_000.0);
        in_span("after a long pause", |_| {});
        let spans = bench.exported_with_session();
        assert_ne!(session_of(spans.last().unwrap()), Some(id));
    });
}

#[test]
fn all_traces_of_a_session_are_sampled_alike() {
    in_page(0.5, |bench| {
        pipeline().samples_sessions.set(true);
        let mut decisions = Vec::new();
        for _ in 0..64 {
            let of_one_session: Vec<bool> = (0..8)
                .map(|_| in_span("root", |cx| cx.span().is_recording()))
                .collect();
            assert!(
                of_one_session.windows(2).all(|pair| pair[0] == pair[1]),
                "{of_one_session:?}"
            );
            decisions.push(of_one_session[0]);
            bench.pass_ms(31.0 * 60_000.0);
        }
        let sampled = decisions.iter().filter(|decision| **decision).count();
        assert!((16..48).contains(&sampled), "{sampled} of 64 sessions");
    });
}

#[cfg(feature = "logs")]
#[test]
fn sessions_begin_and_end_as_events() {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;

    in_page(1.0, |bench| {
        in_span("first", |_| {});
        bench.pass_ms(60_000.0);
        in_span("in the same session", |_| {});
        bench.pass_ms(31.0 * 60_000.0);
        in_span("after a long pause", |_| {});
        let spans = bench.exported_with_session();
        let [before, _, after] = [0, 1, 2].map(|index| session_of(&spans[index]).unwrap());
        let requests = bench.sent.borrow();
        let told: Vec<(String, Vec<(String, String)>)> = requests
            .iter()
            .filter(|export| export.signal == Signal::Logs)
            .map(|export| ExportLogsServiceRequest::decode(export.body.as_slice()).unwrap())
            .flat_map(|request| request.resource_logs)
            .flat_map(|resource| resource.scope_logs)
            .flat_map(|scope| scope.log_records)
            .map(|record| {
                let attributes = record.attributes.into_iter();
                let texts = attributes.map(|entry| (entry.key, text(entry.value.unwrap().value)));
                (record.event_name, texts.collect())
            })
            .collect();
        let attribute = |key: &str, id: &str| (key.to_owned(), id.to_owned());
        let id = |id: &str| attribute("session.id", id);
        let previous = attribute("session.previous_id", &before);
        assert_eq!(
            told,
            [
                ("session.start".to_owned(), vec![id(&before)]),
                ("session.end".to_owned(), vec![id(&before)]),
                ("session.start".to_owned(), vec![id(&after), previous]),
            ]
        );
    });
}
