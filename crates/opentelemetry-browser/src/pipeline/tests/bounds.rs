//! Whatever is said about a span, within whatever bounds: nothing panics, and what arrives is what fits, with the rest
//! counted.

use opentelemetry::{Array, StringValue, Value};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What a page may say about a span.
#[derive(Clone, Debug)]
enum Saying {
    Attribute(String, Value),
    Event(String, Vec<(String, Value)>),
    Link(bool, Vec<(String, Value)>),
    Name(String),
    Failed(String),
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,8}",
        any::<Vec<char>>().prop_map(|chars| chars.into_iter().collect()),
        (0..40_usize).prop_map(|length| "愛é\u{1f600}x".chars().cycle().take(length).collect()),
        Just("x".repeat(100_000)),
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => any_text().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => vec(any_text(), 0..4).prop_map(|texts| {
            Value::Array(Array::String(texts.into_iter().map(StringValue::from).collect()))
        }),
        1 => vec(any::<f64>(), 0..4).prop_map(|numbers| Value::Array(Array::F64(numbers))),
        1 => vec(any::<i64>(), 0..4).prop_map(|numbers| Value::Array(Array::I64(numbers))),
        1 => vec(any::<bool>(), 0..4).prop_map(|truths| Value::Array(Array::Bool(truths))),
    ]
}

fn any_attribute() -> impl Strategy<Value = (String, Value)> {
    (prop_oneof!["[a-d]", any_text()], any_value())
}

fn saying() -> impl Strategy<Value = Saying> {
    let attributes = || vec(any_attribute(), 0..6);
    prop_oneof![
        4 => any_attribute().prop_map(|(key, value)| Saying::Attribute(key, value)),
        1 => (any_text(), attributes()).prop_map(|(name, attributes)| Saying::Event(name, attributes)),
        1 => (any::<bool>(), attributes()).prop_map(|(valid, attributes)| Saying::Link(valid, attributes)),
        1 => any_text().prop_map(Saying::Name),
        1 => any_text().prop_map(Saying::Failed),
    ]
}

fn bounds() -> impl Strategy<Value = Limits> {
    let few = || prop_oneof![0..4_usize, Just(128), Just(usize::MAX)];
    (few(), few(), few(), 0..30_usize, 0..3_usize).prop_map(
        |(attributes, events, links, text_length, batch_records)| Limits {
            attributes,
            events,
            links,
            text_length,
            batch_records,
            ..Limits::DEFAULT
        },
    )
}

/// The keys that are kept of these, one that is set again as the last, and how many attributes are not.
fn kept<'a>(keys: impl IntoIterator<Item = &'a str>, most: usize) -> (Vec<&'a str>, u32) {
    let mut kept = Vec::new();
    let mut dropped = 0;
    for key in keys {
        let known = kept.iter().position(|known| *known == key);
        if known.is_some() || kept.len() < most {
            known.map(|position| kept.remove(position));
            kept.push(key);
        } else {
            dropped += 1;
        }
    }
    (kept, dropped)
}

fn key_values(attributes: &[(String, Value)]) -> Vec<KeyValue> {
    let attributes = attributes.iter().cloned();
    attributes
        .map(|(key, value)| KeyValue::new(key, value))
        .collect()
}

fn keys(attributes: &[(String, Value)]) -> impl Iterator<Item = &str> {
    attributes.iter().map(|(key, _)| key.as_str())
}

fn longest(value: &any_value::Value) -> usize {
    match value {
        any_value::Value::StringValue(text) => text.chars().count(),
        any_value::Value::ArrayValue(array) => {
            let items = array.values.iter().filter_map(|item| item.value.as_ref());
            items.map(longest).max().unwrap_or(0)
        }
        _ => 0,
    }
}

fn say(cx: &Context, saying: &Saying) {
    let span = cx.span();
    match saying {
        Saying::Attribute(key, value) => {
            span.set_attribute(KeyValue::new(key.clone(), value.clone()));
        }
        Saying::Event(name, attributes) => event(cx, name.clone(), key_values(attributes)),
        Saying::Link(true, attributes) => {
            span.add_link(span.span_context().clone(), key_values(attributes));
        }
        Saying::Link(false, attributes) => {
            span.add_link(SpanContext::NONE, key_values(attributes));
        }
        Saying::Name(name) => span.update_name(name.clone()),
        Saying::Failed(message) => span.set_status(Status::error(message.clone())),
    }
}

fn check(span: &Span, limits: &Limits, sayings: &[Saying]) {
    let said = sayings.iter().filter_map(|saying| match saying {
        Saying::Attribute(key, _) => Some(key.as_str()),
        _ => None,
    });
    let (expected, dropped) = kept(said, limits.attributes);
    let found: Vec<&str> = span.attributes.iter().map(|entry| &*entry.key).collect();
    assert_eq!((found, span.dropped_attributes_count), (expected, dropped));

    let events = sayings.iter().filter_map(|saying| match saying {
        Saying::Event(name, attributes) => Some((name, attributes)),
        _ => None,
    });
    let surplus = events.clone().count().saturating_sub(limits.events);
    assert_eq!(span.dropped_events_count as usize, surplus);
    for (found, (name, attributes)) in span.events.iter().zip(events) {
        let (expected, dropped) = kept(keys(attributes), limits.attributes);
        assert_eq!(&found.name, name);
        assert_eq!(found.attributes.len(), expected.len());
        assert_eq!(found.dropped_attributes_count, dropped);
    }

    let links = sayings.iter().filter_map(|saying| match saying {
        Saying::Link(true, attributes) => Some(attributes),
        _ => None,
    });
    let surplus = links.clone().count().saturating_sub(limits.links);
    assert_eq!(span.dropped_links_count as usize, surplus);
    for (found, attributes) in span.links.iter().zip(links) {
        let (expected, dropped) = kept(keys(attributes), limits.attributes);
        assert_eq!(found.attributes.len(), expected.len());
        assert_eq!(found.dropped_attributes_count, dropped);
    }

    let event_attributes = span.events.iter().flat_map(|event| &event.attributes);
    let link_attributes = span.links.iter().flat_map(|link| &link.attributes);
    for attribute in span
        .attributes
        .iter()
        .chain(event_attributes)
        .chain(link_attributes)
    {
        let value = attribute.value.as_ref().and_then(|any| any.value.as_ref());
        assert!(longest(value.unwrap()) <= limits.text_length);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn what_fits_arrives_and_the_rest_is_counted(limits in bounds(), sayings in vec(saying(), 0..24)) {
        in_page_within(1.0, limits, move |bench| {
            in_span("said", |cx| sayings.iter().for_each(|saying| say(cx, saying)));
            let span = bench.exported_one();
            check(&span, &limits, &sayings);
            let name = sayings.iter().rev().find_map(|saying| match saying {
                Saying::Name(name) => Some(name.as_str()),
                _ => None,
            });
            assert_eq!(span.name, name.unwrap_or("said"));
            let in_events = span.events.iter().map(|event| event.dropped_attributes_count);
            let in_links = span.links.iter().map(|link| link.dropped_attributes_count);
            let dropped = span.dropped_attributes_count
                + span.dropped_events_count
                + span.dropped_links_count
                + in_events.chain(in_links).sum::<u32>();
            assert_eq!(pipeline().stats().dropped_items, u64::from(dropped));
        });
    }
}
