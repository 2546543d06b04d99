//! The `traceparent` header of W3C trace context level 2: `00-<trace id>-<parent id>-<flags>`.

use std::fmt;

use opentelemetry::trace::{SpanId, TraceId};

/// Bit of the flags: the caller recorded this trace.
const SAMPLED: u8 = 0b01;
/// Bit of the flags, new in level 2: at least the last seven bytes of the trace id are random.
const RANDOM: u8 = 0b10;
/// Length of a version 00 header in bytes.
const LENGTH: usize = 55;

/// A valid `traceparent`: neither id is all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traceparent {
    /// The trace.
    pub trace_id: TraceId,
    /// The span that made the request.
    pub span_id: SpanId,
    /// Whether the caller recorded the trace.
    pub sampled: bool,
    /// Whether the trace id was made at random.
    pub random: bool,
}

impl Traceparent {
    /// Reads one header line; `None` for whatever the specification calls invalid.
    ///
    /// Version `ff` is invalid. A later version than 00 is read as far as version 00 goes, may go on after a `-`, and
    /// says no more about its flags than the sampled bit.
    pub fn parse(line: &[u8]) -> Option<Self> {
        let line = trim_blanks(line);
        let (head, rest) = line.split_at_checked(LENGTH)?;
        let version = hex::<2>(&head[..2])? as u8;
        let well_ended = match version {
            0xff => false,
            0 => rest.is_empty(),
            _ => rest.first().is_none_or(|&byte| byte == b'-'),
        };
        if !well_ended || [head[2], head[35], head[52]] != *b"---" {
            return None;
        }
        let trace_id = TraceId::from(hex::<32>(&head[3..35])?);
        let span_id = SpanId::from(hex::<16>(&head[36..52])? as u64);
        let flags = hex::<2>(&head[53..])? as u8;
        if trace_id == TraceId::INVALID || span_id == SpanId::INVALID {
            return None;
        }
        Some(Self {
            trace_id,
            span_id,
            sampled: flags & SAMPLED != 0,
            random: version == 0 && flags & RANDOM != 0,
        })
    }

    /// The flags byte with the two bits that level 2 defines.
    pub fn flags(self) -> u8 {
        (u8::from(self.sampled) * SAMPLED) | (u8::from(self.random) * RANDOM)
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "00-{}-{}-{:02x}",
            self.trace_id,
            self.span_id,
            self.flags()
        )
    }
}

/// Removes the optional white space that may surround a header value.
pub(super) fn trim_blanks(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

/// Exactly `N` lower-case hexadecimal digits as a number; upper case is invalid in these headers.
fn hex<const N: usize>(digits: &[u8]) -> Option<u128> {
    let digits: &[u8; N] = digits.try_into().ok()?;
    digits.iter().try_fold(0, |number, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u128::from(value))
    })
}
