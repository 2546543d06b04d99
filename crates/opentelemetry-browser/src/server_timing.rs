//! What an answer says about the server that made it: `traceresponse` and the `trace` of `Server-Timing` name its span,
//! `clock` of `Server-Timing`, or `Date`, its time.

use opentelemetry::trace::SpanContext;

use crate::propagation::remote_context;

/// What the headers of an answer say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said {
    /// `traceresponse`.
    pub(crate) traceresponse: Option<String>,
    /// The `trace` of `Server-Timing`, or its `traceparent`.
    pub(crate) served: Option<String>,
    /// Between which times the server answered, by its own clock, in milliseconds since the Unix epoch: exactly, when it says
    /// so by `clock;desc="<milliseconds>"`, else within the second of its `Date`; NaN when it says neither.
    pub(crate) time_ms: (f64, f64),
}

#[cfg(target_arch = "wasm32")]
#[wasm_bindgen::prelude::wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// The fields of [`Said`] for some `Headers`, the times one after the other. The metrics of `Server-Timing` and their
    /// parameters are cut where a comma or semicolon stands outside of quotes.
    #[wasm_bindgen(js_name = said)]
    fn said_by(headers: &wasm_bindgen::JsValue) -> js_sys::Array;
}

/// Reads the headers of an answer.
#[cfg(target_arch = "wasm32")]
pub(crate) fn said(headers: &wasm_bindgen::JsValue) -> Said {
    let said = crate::callback::Arguments::of(said_by(headers));
    Said {
        traceresponse: said.maybe_text(0),
        served: said.maybe_text(1),
        time_ms: (said.number(2), said.number(3)),
    }
}

impl Said {
    /// The span that answered.
    pub(crate) fn span(&self) -> Option<SpanContext> {
        let named = [&self.traceresponse, &self.served];
        named
            .into_iter()
            .find_map(|name| remote_context(name.as_deref()?))
    }
}
