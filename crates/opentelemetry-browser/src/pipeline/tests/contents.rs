//! What is said about a span, and how it arrives.

use opentelemetry::trace::Link;
use opentelemetry::{Array, StringValue, Value};

use super::*;
use crate::clock::system_time;

#[test]
fn every_type_of_attribute_arrives() {
    in_page(1.0, |bench| {
        let strings = vec![StringValue::from("愛"), StringValue::from("")];
        let values = [
            Value::from("text"),
            Value::from(i64::MIN),
            Value::from(-0.5),
            Value::from(false),
            Value::Array(Array::String(strings)),
            Value::Array(Array::I64(vec![1, -1])),
            Value::Array(Array::F64(vec![])),
            Value::Array(Array::Bool(vec![true])),
        ];
        in_span("typed", |cx| {
            for (index, value) in values.iter().enumerate() {
                cx.span()
                    .set_attribute(KeyValue::new(index.to_string(), value.clone()));
            }
        });
        let span = bench.exported_one();
        let decoded: Vec<String> = (0..values.len())
            .map(|index| text(attribute(&span, &index.to_string())))
            .collect();
        assert_eq!(
            decoded,
            [
                "text",
                "-9223372036854775808",
                "-0.5",
                "false",
                "[愛, ]",
                "[1, -1]",
                "[]",
                "[true]"
            ]
        );
    });
}

#[test]
fn what_exceeds_the_limits_is_counted() {
    in_page(1.0, |bench| {
        in_span("much", |cx| {
            let target = cx.span().span_context().clone();
            let many = || {
                (0..130)
                    .map(|number| KeyValue::new(number.to_string(), number))
                    .collect::<Vec<_>>()
            };
            cx.span().set_attributes(many());
            for _ in 0..131 {
                cx.span().add_event("event", many());
            }
            for _ in 0..132 {
                cx.span().add_link(target.clone(), many());
            }
            cx.span().add_link(SpanContext::NONE, Vec::new());
            // A key that is there is changed even when there is no room for another.
            cx.span().set_attribute(KeyValue::new("0", "changed"));
        });
        let span = bench.exported_one();
        assert_eq!(
            (span.attributes.len(), span.dropped_attributes_count),
            (128, 2)
        );
        assert_eq!((span.events.len(), span.dropped_events_count), (128, 3));
        assert_eq!(
            (
                span.events[0].attributes.len(),
                span.events[0].dropped_attributes_count
            ),
            (128, 2)
        );
        assert_eq!((span.links.len(), span.dropped_links_count), (128, 4));
        assert_eq!(
            (
                span.links[0].attributes.len(),
                span.links[0].dropped_attributes_count
            ),
            (128, 2)
        );
        assert_eq!(
            attribute(&span, "0"),
            Some(any_value::Value::StringValue("changed".to_owned()))
        );
    });
}

#[test]
fn the_builder_is_heard() {
    in_page(1.0, |bench| {
        let tracer = BrowserTracerProvider::default().tracer("tests");
        let target = SpanContext::new(
            TraceId::from_bytes([9; 16]),
            SpanId::from_bytes([8; 8]),
            TraceFlags::SAMPLED,
            true,
            TraceState::NONE,
        );
        let builder = tracer
            .span_builder("built")
            .with_kind(SpanKind::Producer)
            .with_start_time(system_time(1_700_000_000_000_000_123))
            .with_attributes([KeyValue::new("k", 1), KeyValue::new("k", 2)])
            .with_links(vec![Link::with_context(target)]);
        let mut span = tracer.build(builder);
        span.update_name("renamed");
        drop(span);
        let span = bench.exported_one();
        assert_eq!(
            (span.name.as_str(), span.kind, span.start_time_unix_nano),
            ("renamed", 4, 1_700_000_000_000_000_123)
        );
        assert_eq!(attribute(&span, "k"), Some(any_value::Value::IntValue(2)));
        assert_eq!(
            (span.links[0].trace_id.as_slice(), span.links[0].flags),
            ([9; 16].as_slice(), 0x301)
        );
    });
}

#[test]
fn failures_show_and_an_ok_is_final() {
    in_page(1.0, |bench| {
        in_span("failed", |cx| {
            fail(cx, "first", "one");
            fail(cx, "second", "two");
            cx.span().set_status(Status::Unset);
        });
        in_span("fine after all", |cx| {
            cx.span().set_status(Status::Ok);
            cx.span().set_status(Status::error("no"));
        });
        let [failed, fine] = bench.exported().try_into().unwrap();
        let status = failed.status.as_ref().unwrap();
        assert_eq!((status.code, status.message.as_str()), (2, "two"));
        assert_eq!(
            attribute(&failed, "error.type"),
            Some(any_value::Value::StringValue("second".to_owned()))
        );
        assert_eq!(fine.status.unwrap().code, 1);
    });
}
