//! Events as log records.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::*;
use crate::logs::{Event, Severity, emit};

fn exported(bench: &Bench) -> Vec<LogRecord> {
    pipeline().flush();
    let requests = bench.sent.borrow();
    requests
        .iter()
        .filter(|export| export.signal == Signal::Logs)
        .map(|export| ExportLogsServiceRequest::decode(export.body.as_slice()).unwrap())
        .flat_map(|request| request.resource_logs)
        .flat_map(|resource| resource.scope_logs)
        .inspect(|scope| assert_eq!(scope.scope.as_ref().unwrap().name, "opentelemetry-browser"))
        .flat_map(|scope| scope.log_records)
        .filter(|record| !record.event_name.starts_with("session."))
        .map(without_session)
        .collect()
}

fn without_session(mut record: LogRecord) -> LogRecord {
    let before = record.attributes.len();
    record
        .attributes
        .retain(|attribute| attribute.key != "session.id");
    let sessions = usize::from(cfg!(feature = "session"));
    assert_eq!(before - record.attributes.len(), sessions);
    record
}

#[test]
fn without_events_only_spans_are_recorded() {
    in_page_of(
        |parts| parts.records_events = false,
        |bench| {
            in_span("clicked", |_| emit("click", Severity::Info, Vec::new()));
            assert_eq!(bench.exported_one().name, "clicked");
            assert_eq!(exported(bench), []);
            assert_eq!(pipeline().stats().logs.created, 0);
        },
    );
}

#[test]
fn an_event_belongs_to_the_current_span() {
    in_page(1.0, |bench| {
        bench.pass_ms(1.25);
        in_span("clicked", |_| {
            emit(
                "browser.user_action.click",
                Severity::Info,
                vec![KeyValue::new("page.x", 7)],
            );
        });
        emit("browser.web_vital", Severity::Warn, Vec::new());
        let span = bench.exported_one();
        let [inside, outside] = exported(bench).try_into().unwrap();
        let at_ns = 1_700_000_000_001_250_000;
        let expected = LogRecord {
            time_unix_nano: at_ns,
            observed_time_unix_nano: at_ns,
            severity_number: 9,
            attributes: inside.attributes.clone(),
            flags: 3,
            trace_id: span.trace_id,
            span_id: span.span_id,
            event_name: "browser.user_action.click".to_owned(),
            ..LogRecord::default()
        };
        assert_eq!(inside, expected);
        assert_eq!(inside.attributes[0].key, "page.x");
        assert_eq!(
            (outside.event_name.as_str(), outside.severity_number),
            ("browser.web_vital", 13)
        );
        assert!(outside.trace_id.is_empty() && outside.span_id.is_empty());
        let logs = pipeline().stats().logs;
        // The session has begun with an event as well.
        let count = 2 + u64::from(cfg!(feature = "session"));
        assert_eq!((logs.created, logs.in_flight, logs.open), (count, count, 0));
    });
}

#[test]
fn an_event_may_have_a_body_and_a_time_of_its_own() {
    in_page(1.0, |bench| {
        bench.pass_ms(10.0);
        let texts: Vec<(String, String)> = (0..130)
            .map(|number| (number.to_string(), "é".repeat(9000 >> number.min(12))))
            .collect();
        let attributes: Vec<(&str, Item<'_>)> = texts
            .iter()
            .map(|(key, text)| (key.as_str(), Item::Text(text)))
            .collect();
        let event = Event {
            body: "it went wrong",
            at_ms: Some(2.5),
            ..Event::new("exception", Severity::Error, &attributes)
        };
        event.emit(&Context::new());
        let [record] = exported(bench).try_into().unwrap();
        assert_eq!(record.time_unix_nano, 1_700_000_000_002_500_000);
        assert_eq!(record.observed_time_unix_nano, 1_700_000_000_010_000_000);
        assert_eq!(text(record.body.unwrap().value), "it went wrong");
        assert_eq!(
            (record.attributes.len(), record.dropped_attributes_count),
            (128, 2)
        );
        let first = text(record.attributes[0].value.clone().unwrap().value);
        assert!(first == "é".repeat(8192), "{} bytes", first.len());
        let stats = pipeline().stats();
        assert_eq!((stats.dropped_items, stats.shortened_texts), (2, 1));
    });
}

#[test]
fn an_event_of_a_trace_that_is_not_recorded_is_not_recorded() {
    in_page(0.0, |bench| {
        in_span("not sampled", |_| {
            emit("inside", Severity::Info, Vec::new())
        });
        {
            let _suppressed = Context::enter_telemetry_suppressed_scope();
            emit("suppressed", Severity::Info, Vec::new());
        }
        emit("outside", Severity::Info, Vec::new());
        let names: Vec<String> = exported(bench)
            .into_iter()
            .map(|record| record.event_name)
            .collect();
        assert_eq!(names, ["outside"]);
    });
}
