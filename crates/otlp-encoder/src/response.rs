//! The answer to a request: the one message that the sender of OTLP has to read.

use crate::wire;

/// How many spans or log records of a request the receiver has refused, though it accepted the request as a whole:
/// `rejected_spans` or `rejected_log_records` of the `partial_success` of its answer. Zero when the answer does not say,
/// or is no such message.
pub fn rejected(response: &[u8]) -> u64 {
    let rejected = || match wire::field(wire::field(response, 1)?.bytes()?, 1)? {
        wire::Field::Integer(count) => i64::try_from(count).ok()?.try_into().ok(),
        wire::Field::Bytes(_) | wire::Field::Fixed => None,
    };
    rejected().unwrap_or(0)
}
