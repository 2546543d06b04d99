//! The W3C trace context headers of an outgoing request, and to whom they may be sent.

use opentelemetry::trace::{SpanContext, TraceState};
use opentelemetry::{SpanId, TraceFlags, TraceId};

use crate::ids::{span_bytes, trace_bytes};
use crate::span::trace_state_header;

/// The header that carries trace, span and sampling decision.
pub(crate) const TRACEPARENT: &str = "traceparent";

/// The header that carries what vendors add.
pub(crate) const TRACESTATE: &str = "tracestate";

/// The values of the two headers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Headers {
    pub(crate) traceparent: String,
    /// None rather than empty: an empty `tracestate` makes some servers start a new trace.
    pub(crate) tracestate: Option<String>,
}

impl Headers {
    /// The headers that continue `context`; none for a context that is no trace.
    pub(crate) fn of(context: &SpanContext) -> Option<Self> {
        if !context.is_valid() {
            return None;
        }
        let trace_id = trace_bytes(context.trace_id());
        let span_id = span_bytes(context.span_id());
        let flags = [context.trace_flags().to_u8()];
        let mut traceparent = String::from("00");
        for field in [&trace_id[..], &span_id, &flags] {
            traceparent.push('-');
            push_hex(&mut traceparent, field);
        }
        Some(Self {
            traceparent,
            tracestate: Some(trace_state_header(context)).filter(|state| !state.is_empty()),
        })
    }

    /// Each on a line of its own, which is empty for none.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn lines(&self) -> String {
        let tracestate = self.tracestate.as_deref().unwrap_or_default();
        let mut lines = String::new();
        for part in ["\n", &self.traceparent, "\n", tracestate] {
            lines.push_str(part);
        }
        lines
    }
}

/// The span that a `traceparent` names, as W3C Trace Context defines it; none when the text is no valid one.
#[cfg_attr(
    not(any(feature = "document_load", feature = "server_timing")),
    allow(dead_code)
)]
pub(crate) fn remote_context(traceparent: &str) -> Option<SpanContext> {
    let mut rest = traceparent.as_bytes();
    let version = hex(&mut rest, 2)?;
    dash(&mut rest)?;
    let (high, low) = (hex(&mut rest, 16)?, hex(&mut rest, 16)?);
    dash(&mut rest)?;
    let span_id = hex(&mut rest, 16)?;
    dash(&mut rest)?;
    let flags = hex(&mut rest, 2)?;
    // Later versions may have more fields; the first has these, and `ff` is none.
    let has_more = !rest.is_empty();
    if version == 0xff || (has_more && (version == 0 || dash(&mut rest).is_none())) {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from(u128::from(high) << 64 | u128::from(low)),
        SpanId::from(span_id),
        TraceFlags::new(flags as u8),
        true,
        TraceState::NONE,
    );
    context.is_valid().then_some(context)
}

/// Takes a dash off.
#[inline(never)]
fn dash(text: &mut &[u8]) -> Option<()> {
    (*text.split_off_first()? == b'-').then_some(())
}

/// Takes a number off that is written in so many hexadecimal digits, in lower case.
fn hex(text: &mut &[u8], digits: usize) -> Option<u64> {
    let mut number = 0;
    for digit in text.split_off(..digits)? {
        let nibble = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        number = number << 4 | u64::from(nibble);
    }
    Some(number)
}

/// Writes bytes as hexadecimal digits in lower case.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0f] {
            let first = if nibble < 10 { b'0' } else { b'a' - 10 };
            text.push(char::from(first + nibble));
        }
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::TraceState;
    use opentelemetry::{SpanId, TraceFlags, TraceId};

    use super::*;

    fn context(flags: u8, state: &[(&str, &str)]) -> SpanContext {
        SpanContext::new(
            TraceId::from_hex("0af7651916cd43dd8448eb211c80319c").unwrap(),
            SpanId::from_hex("00f067aa0ba902b7").unwrap(),
            TraceFlags::new(flags),
            false,
            TraceState::from_key_value(state.iter().copied()).unwrap(),
        )
    }

    #[test]
    fn writes_the_headers() {
        let headers = Headers::of(&context(1, &[("rojo", "1"), ("congo", "2")])).unwrap();
        assert_eq!(
            headers.traceparent,
            "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
        );
        assert_eq!(headers.tracestate.as_deref(), Some("rojo=1,congo=2"));
    }

    #[test]
    fn a_trace_that_is_not_sampled_says_so() {
        assert!(
            Headers::of(&context(0, &[]))
                .unwrap()
                .traceparent
                .ends_with("-00")
        );
    }

    #[test]
    fn there_is_no_empty_tracestate() {
        assert_eq!(Headers::of(&context(1, &[])).unwrap().tracestate, None);
        let emptied = TraceState::from_key_value([("a", "b")])
            .unwrap()
            .delete("a")
            .unwrap();
        let context = SpanContext::new(
            TraceId::from_bytes([1; 16]),
            SpanId::from_bytes([1; 8]),
            TraceFlags::SAMPLED,
            true,
            emptied,
        );
        assert_eq!(Headers::of(&context).unwrap().tracestate, None);
    }

    #[test]
    fn no_trace_no_headers() {
        assert_eq!(Headers::of(&SpanContext::NONE), None);
    }

    #[test]
    fn reads_what_it_writes() {
        let written = Headers::of(&context(1, &[])).unwrap().traceparent;
        let read = remote_context(&written).unwrap();
        assert_eq!(Headers::of(&read).unwrap().traceparent, written);
        assert!(read.is_remote());
        assert!(remote_context(&written.replacen("00", "01", 1)).is_some());
        assert!(remote_context(&format!("{}-more", written.replacen("00", "01", 1))).is_some());
    }

    #[test]
    fn what_is_no_traceparent_is_no_parent() {
        for text in [
            "",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7",
            "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
            "00-0AF7651916CD43DD8448EB211C80319C-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-0",
            "00-0af7651916cd43dd8448eb211c80319ü-00f067aa0ba902b7-01",
        ] {
            assert_eq!(remote_context(text), None, "{text}");
        }
    }
}
