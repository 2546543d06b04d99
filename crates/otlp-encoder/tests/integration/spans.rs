//! Single spans.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::{Span, SpanFlags};
use otlp_encoder::{Kind, ParentLocation, SpanHead, context_flags, span};
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
        span.event("event", 3, 0, |_| {});
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
