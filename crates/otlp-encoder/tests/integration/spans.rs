//! Single spans.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, SpanFlags};
use otlp_encoder::{Kind, ParentLocation, SpanHead, SpanWriter, context_flags, span};
use proptest::prelude::*;
use prost::Message;

use crate::model;

const HEAD: SpanHead<'_> = SpanHead {
    trace_id: [1; 16],
    span_id: [2; 8],
    parent_span_id: None,
    trace_state: "",
    flags: 0x101,
    name: "load",
    kind: Kind::Internal,
    start_ns: 1,
    end_ns: 2,
};

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_span_decodes_to_itself(span in model::span()) {
        let bytes = model::encode_span(&span);
        prop_assert_eq!(&Span::decode(bytes.as_slice()).unwrap(), &span);
        prop_assert!(bytes == span.encode_to_vec(), "not the canonical bytes");
    }
}

#[test]
fn every_length_gets_its_shortest_varint() {
    // Around the sizes at which the length of a message needs one byte more.
    for length in (0..400).chain(16_350..16_400).chain(2_097_100..2_097_160) {
        let text = "x".repeat(length);
        let mut bytes = Vec::new();
        span(&mut bytes, &HEAD, |span| {
            span.attributes().string("k", &text)
        });
        let decoded = Span::decode(bytes.as_slice()).unwrap();
        assert!(bytes == decoded.encode_to_vec(), "{length} bytes of text");
    }
}

#[test]
fn a_nan_keeps_its_bits() {
    let nan = f64::from_bits(0x7ff8_0000_dead_beef);
    let mut bytes = Vec::new();
    span(&mut bytes, &HEAD, |span| span.attributes().double("k", nan));
    let decoded = Span::decode(bytes.as_slice()).unwrap();
    let Some(Value::DoubleValue(number)) = decoded.attributes[0].value.as_ref().unwrap().value
    else {
        panic!("not a double: {decoded:?}");
    };
    assert_eq!(number.to_bits(), nan.to_bits());
}

#[test]
fn the_order_of_calls_does_not_change_the_span() {
    let mut bytes = Vec::new();
    span(&mut bytes, &HEAD, |span| {
        span.status(otlp_encoder::Status::Error("late"));
        span.event("event", 3, |_| 0);
        span.attributes().bool("first", true);
        span.attributes().bool("second", false);
    });
    let decoded = Span::decode(bytes.as_slice()).unwrap();
    let keys: Vec<&str> = decoded
        .attributes
        .iter()
        .map(|attribute| attribute.key.as_str())
        .collect();
    assert_eq!(keys, ["first", "second"]);
    assert_eq!(decoded.events.len(), 1);
    assert_eq!(decoded.status.unwrap().message, "late");
}

proptest! {
    #[test]
    fn what_is_set_again_replaces_what_was_set(
        sayings in proptest::collection::vec(("[a-c]{0,1}", "\\PC{0,200}"), 0..12)
    ) {
        let mut bytes = Vec::new();
        let mut writer = SpanWriter::ahead(&mut bytes);
        let mut expected: Vec<(&str, &str)> = Vec::new();
        for (key, text) in &sayings {
            let known = expected.iter().position(|(known, _)| known == key);
            prop_assert_eq!(writer.attributes().contains(key), known.is_some());
            prop_assert_eq!(writer.attributes().remove(key), known.is_some());
            known.map(|position| expected.remove(position));
            writer.attributes().string(key, text);
            expected.push((key, text));
            // Looks like an attribute from within, and is none.
            writer.event(text, 1, |attributes| {
                attributes.string(key, text);
                0
            });
        }
        span(&mut bytes, &HEAD, |_| {});
        let decoded = Span::decode(bytes.as_slice()).unwrap();
        let read: Vec<(&str, &str)> = decoded
            .attributes
            .iter()
            .map(|attribute| {
                let Some(Value::StringValue(text)) = &attribute.value.as_ref().unwrap().value else {
                    panic!("not a text: {attribute:?}");
                };
                (attribute.key.as_str(), text.as_str())
            })
            .collect();
        prop_assert_eq!(read, expected);
        prop_assert_eq!(decoded.events.len(), sayings.len());
        prop_assert_eq!(decoded.name, HEAD.name);
    }
}

#[test]
fn the_flags_tell_where_the_parent_lives() {
    let has_is_remote = SpanFlags::ContextHasIsRemoteMask as u32;
    let is_remote = SpanFlags::ContextIsRemoteMask as u32;
    assert_eq!(
        context_flags(0x01, ParentLocation::Local),
        0x01 | has_is_remote
    );
    assert_eq!(
        context_flags(0x03, ParentLocation::Remote),
        0x03 | has_is_remote | is_remote
    );
}
