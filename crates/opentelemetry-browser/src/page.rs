//! The browser's side: starts the pipeline in a page and tells it of the page's life.

use js_sys::Array;
use opentelemetry::Context;
use opentelemetry::trace::FutureExt;
use otlp_encoder::Attributes;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use crate::attribute;
use crate::callback::{Arguments, callback};
use crate::config::Config;
use crate::ids::SEED_WORDS;
use crate::page_host::PageHost;
use crate::pipeline::{self, Parts};
use crate::scoped;
use crate::span::replace_attribute;
use crate::stats::Stats;

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    /// Calls `hidden` when the page may not be seen again, `unloading` when it goes away or is about to stand still, and `trapped`
    /// when WebAssembly has ended abnormally and nobody has caught it.
    #[wasm_bindgen(js_name = watchPage)]
    fn watch_page(hidden: JsValue, unloading: JsValue, trapped: JsValue);
    /// The page and its browser: [time origin, seed, facts]; nothing outside of a window. The seed is eight random words of 32 bits,
    /// less random without `crypto`, which only very old browsers lack. Each fact is [attribute of the resource, value]: a text, a
    /// list of texts, or a boolean as a number.
    fn page() -> Array;
    /// Sets to where is exported and how URLs are judged: a setting a line, its first letter `e` for the endpoint of the next
    /// signal, `i` for URLs that are ignored, `p` for an origin that the trace is propagated to, `s` for a query key whose value
    /// is a secret.
    fn configure(settings: &str);
}

/// Access to the tracing of this page. Dropping it stops nothing: spans are sent for as long as the page lives, and once
/// more when it ends.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Guard;

impl Guard {
    /// Starts to send all spans that have ended, instead of waiting up to two seconds for more. The span of a request
    /// whose body is still under way has not.
    pub fn flush(&self) {
        if let Some(pipeline) = pipeline::current() {
            pipeline.flush();
        }
    }

    /// Records this share of the traces that begin from now on, instead of [`Config::sampling_ratio`]: for a ratio that the
    /// page learns later.
    pub fn set_sampling_ratio(&self, ratio: f64) {
        if let Some(pipeline) = pipeline::current() {
            pipeline.set_sampling_ratio(ratio);
        }
    }

    /// The id of the session.
    #[cfg(feature = "session")]
    pub fn session_id(&self) -> Option<String> {
        pipeline::current().map(|pipeline| pipeline.session_id().to_string())
    }

    /// How far the server's clock is from the page's; none before an answer has told.
    #[cfg(feature = "server_timing")]
    pub fn clock_offset(&self) -> Option<crate::ClockOffset> {
        pipeline::current()?.clock_offset()
    }

    /// What has become of the spans so far.
    pub fn stats(&self) -> Stats {
        pipeline::current()
            .map(|pipeline| pipeline.stats())
            .unwrap_or_default()
    }
}

/// Starts tracing in this page; with the feature `global`, also for libraries that ask `opentelemetry::global` for a tracer.
/// Later calls change nothing. Outside a window, as in a worker, nothing is traced.
pub fn init(config: Config) -> Guard {
    let page = Arguments::of(page());
    if page.len() > 0 {
        let instruments = config.instruments;
        if pipeline::current().is_none() {
            pipeline::install(parts(&page, config));
            #[cfg(feature = "global")]
            opentelemetry::global::set_tracer_provider(crate::BrowserTracerProvider::default());
            // Before what sends everything: some tell what they know when the page is hidden.
            instruments.install();
            listen_to_the_page();
        }
    }
    Guard
}

/// Runs `future` as a task of its own, in the context that is current now.
pub fn spawn(future: impl Future<Output = ()> + 'static) {
    spawn_local(future.with_current_context());
}

fn parts(page: &Arguments, config: Config) -> Parts {
    configure(&url_settings(&config));
    let resource = resource(page, &config);
    let host = PageHost::new(&config);
    let words = page.list(1);
    let mut seed = [0; SEED_WORDS];
    for (word, index) in seed.iter_mut().zip(0..) {
        let half = |index| words.number(index) as u64;
        *word = half(2 * index) << 32 | half(2 * index + 1);
    }
    Parts {
        time_origin_ms: page.number(0),
        seed,
        sampling_ratio: config.sampling_ratio,
        #[cfg(feature = "session")]
        samples_sessions: config.samples_sessions,
        #[cfg(feature = "logs")]
        records_events: config.records_events,
        limits: config.limits,
        resource,
        host,
    }
}

/// What `configure` reads.
fn url_settings(config: &Config) -> String {
    let endpoints = [
        config.endpoint.clone(),
        #[cfg(feature = "logs")]
        config.effective_logs_endpoint(),
    ];
    let lists = [
        ("\ne", &endpoints[..]),
        ("\ni", &config.ignored),
        ("\np", &config.propagate_to),
        ("\ns", &config.redacted_query_keys),
    ];
    let mut settings = String::new();
    for (kind, values) in lists {
        for value in values {
            settings.push_str(kind);
            settings.push_str(value);
        }
    }
    settings
}

/// Who records, in OTLP: what the page says of itself, and what the browser does; it may be silent on anything.
fn resource(page: &Arguments, config: &Config) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    let mut writer = Attributes::of_resource(&mut bytes);
    writer.string("service.name", &config.service_name);
    writer.string("telemetry.sdk.name", env!("CARGO_PKG_NAME"));
    writer.string("telemetry.sdk.language", "rust");
    writer.string("telemetry.sdk.version", env!("CARGO_PKG_VERSION"));
    if !config.service_version.is_empty() {
        writer.string("service.version", &config.service_version);
    }
    let facts = page.list(2);
    for index in 0..facts.len() {
        let fact = facts.list(index);
        let key = fact.text(0);
        if let Some(text) = fact.maybe_text(1) {
            writer.string(&key, &text);
        } else if fact.value(1).as_f64().is_some() {
            writer.bool(&key, fact.flag(1));
        } else {
            let texts = fact.list(1);
            writer.array(&key, |values| {
                for index in 0..texts.len() {
                    values.string(&texts.text(index));
                }
            });
        }
    }
    for attribute in &config.resource {
        replace_attribute(&mut writer, attribute);
    }
    bytes
}

/// Sends what there is when the page is hidden, for it may never be seen again; when it goes away or is frozen, ends what
/// is open. After a trap, leaves what was under way.
fn listen_to_the_page() {
    let hidden = callback(|_| {
        if let Some(pipeline) = pipeline::current() {
            pipeline.mark_all(attribute::PAGE_HIDDEN);
            pipeline.flush_before_the_end();
        }
        JsValue::UNDEFINED
    });
    let unloading = callback(|_| {
        if let Some(pipeline) = pipeline::current() {
            pipeline.end_all(attribute::PAGE_UNLOADED);
        }
        JsValue::UNDEFINED
    });
    let trapped = callback(|_| {
        scoped::leave_what_trapped();
        JsValue::UNDEFINED
    });
    watch_page(hidden, unloading, trapped);
}

/// Runs `f` such that requests it starts are not traced, by this crate or by others that honour the API's suppression.
pub(crate) fn untraced<T>(f: impl FnOnce() -> T) -> T {
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    f()
}
