//! Whole requests.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use otlp_encoder::{Attributes, Scope, encoded_resource_records, resource_records, scope_head};
use proptest::prelude::*;
use prost::Message;

use crate::model;

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn any_request_decodes_to_itself(request in model::request()) {
        let bytes = model::encode_request(&request);
        prop_assert_eq!(&ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap(), &request);
        prop_assert!(bytes == request.encode_to_vec(), "not the canonical bytes");
    }

    #[test]
    fn spans_encoded_before_are_the_same_in_the_request(spans in proptest::collection::vec(model::span(), 0..4)) {
        let mut bytes = Vec::new();
        let scope = Scope { name: "tests", version: "", schema_url: "" };
        resource_records(&mut bytes, |_| {}, |scopes| {
            scopes.scope(&scope, |_| {}, |writer| {
                for span in &spans {
                    writer.encoded(&model::encode_span(span));
                }
            });
        });
        let request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
        let decoded: &[Span] = &request.resource_spans[0].scope_spans[0].spans;
        prop_assert_eq!(decoded, spans.as_slice());
    }
}

#[test]
fn what_is_around_the_records_may_be_written_before() {
    let scope = Scope {
        name: "tests",
        version: "1",
        schema_url: "https://schema",
    };
    let mut at_once = Vec::new();
    resource_records(
        &mut at_once,
        |resource| resource.int("k", 1),
        |scopes| scopes.scope(&scope, |attributes| attributes.int("s", 2), |_| {}),
    );
    let (mut resource, mut head, mut before) = (Vec::new(), Vec::new(), Vec::new());
    Attributes::of_resource(&mut resource).int("k", 1);
    scope_head(&mut head, &scope, |attributes| attributes.int("s", 2));
    encoded_resource_records(&mut before, &resource, |scopes| {
        scopes.encoded(&head, |_| {})
    });
    assert_eq!(before, at_once);
}

#[test]
fn nothing_is_an_empty_request() {
    assert_eq!(
        ExportTraceServiceRequest::decode([].as_slice()).unwrap(),
        ExportTraceServiceRequest::default()
    );
}
