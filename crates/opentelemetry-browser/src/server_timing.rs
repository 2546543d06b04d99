//! What an answer says about the server that made it: `traceresponse` and the `trace` of `Server-Timing` name its span,
//! `clock` of `Server-Timing`, or `Date`, its time.

use opentelemetry::trace::SpanContext;

use crate::decimal::fractional;
use crate::propagation::remote_context;
use crate::url::split;

/// The headers of an answer that are looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    pub(crate) traceresponse: Option<String>,
    pub(crate) server_timing: Option<String>,
    /// `Date`, in milliseconds since the Unix epoch.
    pub(crate) date_ms: Option<f64>,
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// [traceresponse, Server-Timing, Date in milliseconds] of some `Headers`, each undefined when the header is not there or not to
    /// be seen.
    #[wasm_bindgen(js_name = said)]
    fn said_by(headers: &wasm_bindgen::JsValue) -> js_sys::Array;
}

/// Reads the headers of an answer.
#[cfg(target_arch = "wasm32")]
pub(crate) fn said(headers: &wasm_bindgen::JsValue) -> Said {
    let said = crate::callback::Arguments::of(said_by(headers));
    Said {
        traceresponse: said.maybe_text(0),
        server_timing: said.maybe_text(1),
        date_ms: said.value(2).as_f64(),
    }
}

impl Said {
    /// The span that answered.
    pub(crate) fn span(&self) -> Option<SpanContext> {
        let response = self.traceresponse.as_deref().and_then(remote_context);
        response.or_else(|| {
            let timing = self.server_timing.as_deref()?;
            let trace = description(timing, "trace").or_else(|| description(timing, "traceparent"));
            remote_context(trace?)
        })
    }

    /// Between which times the server answered, by its own clock: exactly, when it says so by
    /// `clock;desc="<milliseconds since the Unix epoch>"`, else within the second of its `Date`.
    pub(crate) fn time_ms(&self) -> Option<(f64, f64)> {
        let timing = self.server_timing.as_deref();
        let clock = timing.and_then(|timing| fractional(description(timing, "clock")?));
        clock
            .map(|time_ms| (time_ms, time_ms))
            .or_else(|| self.date_ms.map(|date_ms| (date_ms, date_ms + 1000.0)))
    }
}

/// The description of the first metric of this name in a `Server-Timing` header; empty when it has none.
fn description<'a>(mut header: &'a str, name: &str) -> Option<&'a str> {
    while !header.is_empty() {
        let (metric, more) = cut(header, b',');
        let (found, mut parameters) = cut(metric, b';');
        if found.trim_ascii().eq_ignore_ascii_case(name) {
            while !parameters.is_empty() {
                let (parameter, more) = cut(parameters, b';');
                let (key, value) = split(parameter, b"=");
                if key.trim_ascii() == "desc" && !value.is_empty() {
                    return value.get(1..).map(unquoted);
                }
                parameters = more;
            }
            return Some("");
        }
        header = more;
    }
    None
}

fn unquoted(text: &str) -> &str {
    let text = text.trim_ascii();
    let inner = text.strip_prefix('"');
    inner
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(text)
}

/// What is before and after the first separator that is not within quotes.
fn cut(text: &str, separator: u8) -> (&str, &str) {
    let mut is_quoted = false;
    let end = text.bytes().position(|byte| {
        is_quoted ^= byte == b'"';
        byte == separator && !is_quoted
    });
    let parts = end.and_then(|end| Some((text.get(..end)?, text.get(end + 1..)?)));
    parts.unwrap_or((text, ""))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SERVED: &str = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

    #[test]
    fn reads_metrics_of_every_form() {
        let header = r#"cache;desc="a, b; dur=1" , db ;dur=53.2; desc=plain,miss, Trace;desc="x""#;
        let read = |name| description(header, name);
        assert_eq!(read("cache"), Some("a, b; dur=1"));
        assert_eq!(read("db"), Some("plain"));
        assert_eq!(read("miss"), Some(""));
        assert_eq!(read("trace"), Some("x"));
        assert_eq!(read("b"), None);
    }

    #[test]
    fn the_span_of_the_answer() {
        let timing = |name: &str| Said {
            server_timing: Some(format!("db;dur=1, {name};desc=\"{SERVED}\"")),
            ..Said::default()
        };
        let response = Said {
            traceresponse: Some(SERVED.to_owned()),
            ..timing("other")
        };
        for said in [timing("trace"), timing("traceparent"), response] {
            let span = said.span().unwrap();
            assert_eq!(span.span_id().to_string(), "00f067aa0ba902b7");
        }
        assert_eq!(timing("other").span(), None);
    }

    #[test]
    fn the_time_of_the_answer() {
        let said = |server_timing: Option<&str>, date_ms| Said {
            server_timing: server_timing.map(str::to_owned),
            date_ms,
            ..Said::default()
        };
        let exact = Some((1_700_000_000_123.4, 1_700_000_000_123.4));
        let clock = Some("clock;desc=\"1700000000123.4\"");
        assert_eq!(said(clock, Some(5000.0)).time_ms(), exact);
        assert_eq!(
            said(Some("clock"), Some(5000.0)).time_ms(),
            Some((5000.0, 6000.0))
        );
        assert_eq!(said(None, None).time_ms(), None);
    }

    proptest! {
        #[test]
        fn nothing_panics(header in ".{0,80}", name in "[a-z]{0,3}") {
            let _ = description(&header, &name);
            let said = Said { traceresponse: Some(header.clone()), server_timing: Some(header), date_ms: None };
            let _ = (said.span(), said.time_ms());
        }
    }
}
