//! What is read from answers.

use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceResponse,
};
use otlp_encoder::rejected;
use proptest::prelude::*;
use prost::Message;

use crate::model::text;

proptest! {
    #[test]
    fn the_rejected_are_read(rejected_count in any::<i64>(), error_message in text()) {
        let traces = ExportTraceServiceResponse {
            partial_success: Some(ExportTracePartialSuccess {
                rejected_spans: rejected_count,
                error_message: error_message.clone(),
            }),
        };
        let logs = ExportLogsServiceResponse {
            partial_success: Some(ExportLogsPartialSuccess {
                rejected_log_records: rejected_count,
                error_message,
            }),
        };
        // Fewer than none are none.
        let expected = u64::try_from(rejected_count).unwrap_or(0);
        prop_assert_eq!(rejected(&traces.encode_to_vec()), expected);
        prop_assert_eq!(rejected(&logs.encode_to_vec()), expected);
    }

    #[test]
    fn nonsense_is_read_as_nothing_or_a_number(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = rejected(&bytes);
    }
}

#[test]
fn other_fields_are_passed_over() {
    // A varint, eight bytes, four bytes and text before it, in the answer and in the message inside.
    let other = [
        0x50, 0x96, 0x01, 0x59, 1, 2, 3, 4, 5, 6, 7, 8, 0x65, 1, 2, 3, 4, 0x6a, 2, b'o', b'k',
    ];
    let mut inner = Vec::from(other);
    inner.extend([0x08, 0x07]);
    let mut answer = Vec::from(other);
    answer.extend([0x0a, inner.len() as u8]);
    answer.extend(&inner);
    assert_eq!(rejected(&answer), 7);
    answer.pop();
    assert_eq!(rejected(&answer), 0, "cut off");
    assert_eq!(rejected(&[0x0b]), 0, "a group, which nobody uses any more");
    assert_eq!(rejected(b"{\"partialSuccess\":{}}"), 0, "not protobuf");
}
