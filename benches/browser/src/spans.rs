//! Makes spans, for `cargo xtask bench browser-span`: the same as `peers/entries/spans.js` with opentelemetry-js.

#[cfg(target_arch = "wasm32")]
mod spans {
    use opentelemetry::trace::{Span, TraceContextExt, Tracer, TracerProvider};
    use opentelemetry::{Context, KeyValue};
    use opentelemetry_browser::{BrowserTracer, BrowserTracerProvider, Config, Guard, init};
    use wasm_bindgen::prelude::*;

    /// The tracing of the page, and the span that all others are children of.
    #[wasm_bindgen]
    pub struct Bench {
        guard: Guard,
        tracer: BrowserTracer,
        parent: Context,
    }

    #[wasm_bindgen]
    impl Bench {
        /// Starts tracing; `ratio` is the share of traces that are recorded.
        #[wasm_bindgen(constructor)]
        pub fn new(ratio: f64) -> Bench {
            let guard = init(
                Config::new("page")
                    .service_version("1.0.0")
                    .sampling_ratio(ratio),
            );
            let tracer = BrowserTracerProvider::default().tracer("bench");
            let parent =
                Context::new().with_span(tracer.start_with_context("parent", &Context::new()));
            Bench {
                guard,
                tracer,
                parent,
            }
        }

        /// Makes `count` spans.
        pub fn record(&self, count: u32) {
            for _ in 0..count {
                let mut span = self.tracer.start_with_context("GET /search", &self.parent);
                span.set_attribute(KeyValue::new("http.request.method", "GET"));
                span.set_attribute(KeyValue::new("http.response.status_code", 200));
                span.set_attribute(KeyValue::new("http.route", "/search"));
                span.add_event("response", Vec::new());
                span.end();
            }
        }

        /// Encodes what has ended, and sends it.
        pub fn flush(&self) {
            self.guard.flush();
        }
    }
}

/// The page calls what is exported.
fn main() {}
