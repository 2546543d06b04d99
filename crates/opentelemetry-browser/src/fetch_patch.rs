//! `window.fetch`, wrapped: requests of code that knows nothing of tracing get a CLIENT span, and `traceparent` where
//! their server may see it. The wrapping itself is in `shim.js`, where it can fail open.

use opentelemetry::Context;
use wasm_bindgen::prelude::*;

use crate::http::ClientCall;
use crate::pipeline;

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    #[wasm_bindgen(js_name = patchFetch)]
    fn patch_fetch(
        wants: &Closure<dyn Fn(String) -> bool>,
        start: &Closure<dyn Fn(String, String) -> Option<RequestSpan>>,
    );
}

/// Wraps `window.fetch` for the life of the page.
pub(crate) fn install() {
    let wants = Closure::new(wants);
    let start = Closure::new(start);
    patch_fetch(&wants, &start);
    wants.forget();
    start.forget();
}

/// Whether a request to this absolute URL gets a span.
pub(crate) fn wants(url: String) -> bool {
    let is_suppressed = Context::is_current_telemetry_suppressed();
    !is_suppressed && pipeline::current().is_some_and(|pipeline| pipeline.urls().traces(&url))
}

/// Begins the span of a request.
pub(crate) fn start(method: String, url: String) -> Option<RequestSpan> {
    let pipeline = pipeline::current()?;
    ClientCall::start(&pipeline, &method, &url).map(RequestSpan)
}

/// The span of one request, in the hands of JavaScript until the request is over.
#[wasm_bindgen(js_name = OpenTelemetryRequestSpan)]
pub struct RequestSpan(ClientCall);

#[wasm_bindgen(js_class = OpenTelemetryRequestSpan)]
impl RequestSpan {
    /// The header to send; undefined when the server may not see it.
    #[wasm_bindgen(getter)]
    pub fn traceparent(&self) -> Option<String> {
        self.0.headers().map(|headers| headers.traceparent.clone())
    }

    /// The header to send along; undefined when there is none.
    #[wasm_bindgen(getter)]
    pub fn tracestate(&self) -> Option<String> {
        self.0
            .headers()
            .and_then(|headers| headers.tracestate.clone())
    }

    /// What the answer says about its server, in three of its headers.
    #[cfg(feature = "server_timing")]
    pub fn said(
        &self,
        traceresponse: Option<String>,
        server_timing: Option<String>,
        date_ms: Option<f64>,
    ) {
        self.0.server_said(&crate::server_timing::Said {
            traceresponse,
            server_timing,
            date_ms,
        });
    }

    /// The server answered; `url` is that of the answer.
    pub fn answered(self, status: u16, url: String) {
        self.0.answered(status, &url);
    }

    /// The request failed.
    pub fn failed(self, error_type: String, message: String) {
        self.0.failed(error_type, message);
    }

    /// The page aborted the request.
    pub fn cancelled(self) {
        self.0.cancelled();
    }
}
