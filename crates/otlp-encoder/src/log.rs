//! One log record, or one event, which is a log record with a name: what every record has comes as a [`LogHead`], what
//! some have is written by the caller's closure.

use crate::attributes::{Attributes, Values};
use crate::wire;

/// What every log record has.
#[derive(Clone, Copy, Debug)]
pub struct LogHead<'a> {
    /// When it happened, in nanoseconds since the Unix epoch; zero when unknown.
    pub time_ns: u64,
    /// When it was noticed, in nanoseconds since the Unix epoch.
    pub observed_ns: u64,
    /// How bad it is, from 1 (trace) to 24 (the worst fatal); zero when not said.
    pub severity_number: u32,
    /// The severity in the words of its source; empty when there are none.
    pub severity_text: &'a str,
    /// What kind of event it is; empty for a record that is no event.
    pub event_name: &'a str,
    /// Trace and span it happened in; none outside of all spans.
    pub span: Option<([u8; 16], [u8; 8])>,
    /// W3C trace flags of that span.
    pub trace_flags: u8,
}

/// Appends one log record message to `buffer`, without the key and the length that it has inside a request:
/// [`Records::encoded`](crate::Records::encoded) adds them. `fill` writes what only some records have.
pub fn log(buffer: &mut Vec<u8>, head: &LogHead<'_>, fill: impl FnOnce(&mut LogWriter<'_>)) {
    wire::time(buffer, 1, head.time_ns);
    wire::count(buffer, 2, head.severity_number);
    wire::text(buffer, 3, head.severity_text);
    fill(&mut LogWriter { buffer });
    if let Some((trace_id, span_id)) = &head.span {
        wire::flags(buffer, 8, u32::from(head.trace_flags));
        wire::bytes(buffer, 9, trace_id);
        wire::bytes(buffer, 10, span_id);
    }
    wire::time(buffer, 11, head.observed_ns);
    wire::text(buffer, 12, head.event_name);
}

/// Writes what only some log records have. Calls in the order of the methods below give the canonical order of fields;
/// any other order decodes to the same record.
pub struct LogWriter<'b> {
    buffer: &'b mut Vec<u8>,
}

impl LogWriter<'_> {
    /// The record's body: `fill` writes one value. Of several the last one counts.
    pub fn body(&mut self, fill: impl FnOnce(&mut Values<'_>)) {
        fill(&mut Values::new(self.buffer, 5));
    }

    /// The record's attributes.
    pub fn attributes(&mut self) -> Attributes<'_> {
        Attributes::new(self.buffer, 6)
    }

    /// How many attributes were dropped because there were too many.
    pub fn dropped_attributes(&mut self, count: u32) {
        wire::count(self.buffer, 7, count);
    }
}
