//! One finished span: what every span has comes as a [`SpanHead`], what some have is written by the caller's closure.

use crate::attributes::Attributes;
use crate::wire;

/// What every span has.
#[derive(Clone, Copy, Debug)]
pub struct SpanHead<'a> {
    /// Trace the span belongs to.
    pub trace_id: [u8; 16],
    /// The span itself.
    pub span_id: [u8; 8],
    /// Span that caused this one; none for the root of a trace.
    pub parent_span_id: Option<[u8; 8]>,
    /// The W3C `tracestate` header as received; empty when there is none.
    pub trace_state: &'a str,
    /// W3C trace flags and where the parent lives; see [`context_flags`].
    pub flags: u32,
    /// Name of the operation.
    pub name: &'a str,
    /// Role of the span in its trace.
    pub kind: Kind,
    /// Start in nanoseconds since the Unix epoch.
    pub start_ns: u64,
    /// End in nanoseconds since the Unix epoch.
    pub end_ns: u64,
}

/// What a link points to.
#[derive(Clone, Copy, Debug)]
pub struct LinkHead<'a> {
    /// Trace of the linked span.
    pub trace_id: [u8; 16],
    /// The linked span.
    pub span_id: [u8; 8],
    /// The linked span's `tracestate`; empty when there is none.
    pub trace_state: &'a str,
    /// Flags of the linked span; see [`context_flags`].
    pub flags: u32,
}

/// Role of a span in its trace, with the numbers of OTLP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Not said.
    Unspecified = 0,
    /// Work inside one process.
    Internal = 1,
    /// Answers a request of another process.
    Server = 2,
    /// Asks another process and waits.
    Client = 3,
    /// Hands a message over without waiting.
    Producer = 4,
    /// Handles such a message.
    Consumer = 5,
}

/// How the operation ended, with the numbers of OTLP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Status<'a> {
    /// Nothing was said about it.
    Unset,
    /// Declared a success.
    Ok,
    /// Failed, with a message for people; the message may be empty.
    Error(&'a str),
}

/// Where the parent of a span, or the target of a link, lives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ParentLocation {
    /// In the same process.
    Local,
    /// In another process.
    Remote,
}

/// The `flags` field of spans and links: the W3C trace flags in the lowest byte, above them the two bits that tell
/// whether the context came from another process.
pub fn context_flags(trace_flags: u8, parent: ParentLocation) -> u32 {
    const HAS_IS_REMOTE: u32 = 0x100;
    const IS_REMOTE: u32 = 0x200;
    let location = match parent {
        ParentLocation::Local => HAS_IS_REMOTE,
        ParentLocation::Remote => HAS_IS_REMOTE | IS_REMOTE,
    };
    u32::from(trace_flags) | location
}

/// Appends one span message to `buffer`, without the key and the length that it has inside a request:
/// [`Records::encoded`](crate::Records::encoded) adds them. `fill` writes what only some spans have.
pub fn span(buffer: &mut Vec<u8>, head: &SpanHead<'_>, fill: impl FnOnce(&mut SpanWriter<'_>)) {
    wire::bytes(buffer, 1, &head.trace_id);
    wire::bytes(buffer, 2, &head.span_id);
    wire::text(buffer, 3, head.trace_state);
    if let Some(parent) = &head.parent_span_id {
        wire::bytes(buffer, 4, parent);
    }
    wire::text(buffer, 5, head.name);
    wire::count(buffer, 6, head.kind as u32);
    wire::time(buffer, 7, head.start_ns);
    wire::time(buffer, 8, head.end_ns);
    let start = buffer.len();
    fill(&mut SpanWriter { buffer, start });
    wire::flags(buffer, 16, head.flags);
}

/// Writes what only some spans have. Calls in the order of the methods below give the canonical order of fields; any
/// other order decodes to the same span.
pub struct SpanWriter<'b> {
    buffer: &'b mut Vec<u8>,
    start: usize,
}

impl<'b> SpanWriter<'b> {
    /// Writes what is known of a span before its head is, into a buffer that holds nothing else; [`span`] completes the message
    /// there.
    pub fn ahead(buffer: &'b mut Vec<u8>) -> Self {
        Self { buffer, start: 0 }
    }

    /// The span's attributes, with those that were written before.
    pub fn attributes(&mut self) -> Attributes<'_> {
        Attributes::since(self.buffer, 9, self.start)
    }

    /// How many attributes were dropped because there were too many.
    pub fn dropped_attributes(&mut self, count: u32) {
        wire::count(self.buffer, 10, count);
    }

    /// One event at `time_ns` (nanoseconds since the Unix epoch); `fill` writes its attributes and returns how many were dropped.
    pub fn event(
        &mut self,
        name: &str,
        time_ns: u64,
        fill: impl FnOnce(&mut Attributes<'_>) -> u32,
    ) {
        let event = wire::open(self.buffer, 11);
        wire::time(self.buffer, 1, time_ns);
        wire::text(self.buffer, 2, name);
        let dropped = fill(&mut Attributes::new(self.buffer, 3));
        wire::count(self.buffer, 4, dropped);
        wire::close(self.buffer, event);
    }

    /// How many events were dropped because there were too many.
    pub fn dropped_events(&mut self, count: u32) {
        wire::count(self.buffer, 12, count);
    }

    /// One link; `fill` writes its attributes and returns how many were dropped.
    pub fn link(&mut self, head: &LinkHead<'_>, fill: impl FnOnce(&mut Attributes<'_>) -> u32) {
        let link = wire::open(self.buffer, 13);
        wire::bytes(self.buffer, 1, &head.trace_id);
        wire::bytes(self.buffer, 2, &head.span_id);
        wire::text(self.buffer, 3, head.trace_state);
        let dropped = fill(&mut Attributes::new(self.buffer, 4));
        wire::count(self.buffer, 5, dropped);
        wire::flags(self.buffer, 6, head.flags);
        wire::close(self.buffer, link);
    }

    /// How many links were dropped because there were too many.
    pub fn dropped_links(&mut self, count: u32) {
        wire::count(self.buffer, 14, count);
    }

    /// How the operation ended; an unset status needs no bytes.
    pub fn status(&mut self, status: Status<'_>) {
        let (message, code) = match status {
            Status::Unset => return,
            Status::Ok => ("", 1),
            Status::Error(message) => (message, 2),
        };
        let status = wire::open(self.buffer, 15);
        wire::text(self.buffer, 2, message);
        wire::count(self.buffer, 3, code);
        wire::close(self.buffer, status);
    }
}
