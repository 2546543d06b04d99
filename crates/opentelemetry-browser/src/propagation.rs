//! The W3C trace context headers of an outgoing request, and to whom they may be sent.

use opentelemetry::trace::{SpanContext, TraceState};
use opentelemetry::{SpanId, TraceFlags, TraceId};

use crate::span::trace_state_header;
use crate::url::Url;

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
        let mut traceparent = String::with_capacity(55);
        traceparent.push_str("00-");
        push_hex(&mut traceparent, &context.trace_id().to_bytes());
        traceparent.push('-');
        push_hex(&mut traceparent, &context.span_id().to_bytes());
        traceparent.push('-');
        push_hex(&mut traceparent, &[context.trace_flags().to_u8()]);
        Some(Self {
            traceparent,
            tracestate: Some(trace_state_header(context)).filter(|state| !state.is_empty()),
        })
    }
}

/// The span that a `traceparent` names, as W3C Trace Context defines it; none when the text is no valid one.
#[cfg_attr(
    not(any(feature = "document_load", feature = "server_timing")),
    allow(dead_code)
)]
pub(crate) fn remote_context(traceparent: &str) -> Option<SpanContext> {
    let fields = traceparent.trim_ascii().as_bytes();
    let (version, rest) = hex(fields)?;
    let (trace_id, rest) = hex(dash(rest)?)?;
    let (span_id, rest) = hex(dash(rest)?)?;
    let (flags, rest) = hex(dash(rest)?)?;
    // Later versions may have more fields; the first has these, and `ff` is none.
    let has_more = !rest.is_empty();
    if version == [0xff] || (has_more && (version == [0] || dash(rest).is_none())) {
        return None;
    }
    let [flags]: [u8; 1] = flags;
    let context = SpanContext::new(
        TraceId::from_bytes(trace_id),
        SpanId::from_bytes(span_id),
        TraceFlags::new(flags),
        true,
        TraceState::NONE,
    );
    context.is_valid().then_some(context)
}

/// What follows a dash.
fn dash(text: &[u8]) -> Option<&[u8]> {
    text.strip_prefix(b"-")
}

/// The bytes that a text names by hexadecimal digits in lower case, and what follows them.
fn hex<const BYTES: usize>(text: &[u8]) -> Option<([u8; BYTES], &[u8])> {
    let (digits, rest) = text.split_at_checked(2 * BYTES)?;
    let mut bytes = [0; BYTES];
    read_hex(digits, &mut bytes)?;
    Some((bytes, rest))
}

fn read_hex(digits: &[u8], bytes: &mut [u8]) -> Option<()> {
    for (byte, [high, low]) in bytes.iter_mut().zip(digits.as_chunks::<2>().0) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(())
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// Origins that may see the trace context: the page's own and those that were named.
#[derive(Debug, Default)]
pub(crate) struct AllowedOrigins {
    origins: Vec<String>,
}

impl AllowedOrigins {
    /// Allows an origin; what is no `http` or `https` URL, like the `null` of a sandboxed page, allows nothing.
    pub(crate) fn add(&mut self, origin: &str) {
        self.origins
            .extend(Url::parse(origin).map(|url| url.origin()));
    }

    /// Those of a list.
    #[cfg(test)]
    pub(crate) fn of<const COUNT: usize>(origins: [&str; COUNT]) -> Self {
        let mut allowed = Self::default();
        for origin in origins {
            allowed.add(origin);
        }
        allowed
    }

    /// Whether a request to `url` may carry the trace context.
    pub(crate) fn allows(&self, url: &Url<'_>) -> bool {
        let origin = url.origin();
        self.origins.contains(&origin)
    }
}

/// Writes bytes as hexadecimal digits in lower case.
pub(crate) fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        for nibble in [byte >> 4, byte & 0x0f] {
            let letter = nibble.saturating_sub(10) + b'a';
            text.push(char::from(if nibble < 10 { b'0' + nibble } else { letter }));
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
        assert!(remote_context(&format!(" {written} ")).is_some());
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

    #[test]
    fn allows_its_own_and_the_named_origins_only() {
        let allowed = AllowedOrigins::of(["http://localhost:3000", "HTTPS://API.Example.com:443/"]);
        let check = |url: &str| Url::parse(url).is_some_and(|url| allowed.allows(&url));
        for url in [
            "http://localhost:3000/api?q=a",
            "http://localhost:3000",
            "https://api.example.com/",
            "https://api.example.com:443/x",
        ] {
            assert!(check(url), "{url}");
        }
        for url in [
            "http://127.0.0.1:3000/",
            "http://localhost:3001/",
            "https://localhost:3000/",
            "http://localhost/",
            "http://localhost:3000@evil.example/",
            "http://evil.example/?http://localhost:3000",
            "http://localhost:3000.evil.example/",
            "https://api.example.com.evil.example/",
            "data:text/plain,http://localhost:3000",
            "null",
            "",
        ] {
            assert!(!check(url), "{url}");
        }
    }

    #[test]
    fn an_opaque_page_allows_nothing() {
        let allowed = AllowedOrigins::of(["null", ""]);
        assert!(allowed.origins.is_empty());
    }
}
