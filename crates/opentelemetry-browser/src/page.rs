//! The browser's side: starts the pipeline in a page and tells it of the page's life.

use js_sys::Array;
use opentelemetry::trace::FutureExt;
use opentelemetry::{Context, KeyValue, StringValue, Value};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::Window;

use crate::attribute;
use crate::config::Config;
use crate::http::UrlPolicy;
use crate::ids::SEED_BYTES;
use crate::page_host::PageHost;
use crate::pipeline::{self, Parts};
use crate::propagation::AllowedOrigins;
use crate::scoped;
use crate::stats::Stats;
use crate::tracer::BrowserTracerProvider;

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    #[wasm_bindgen(js_name = onPageEnd)]
    fn on_page_end(hidden: &Closure<dyn Fn()>, unloading: &Closure<dyn Fn()>);
    #[wasm_bindgen(js_name = onTrap)]
    fn on_trap(trapped: &Closure<dyn Fn()>);
    fn browser() -> Array;
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

/// Starts tracing in this page and registers the global tracer provider. Later calls change nothing. Outside a window, as
/// in a worker, nothing is traced.
pub fn init(config: Config) -> Guard {
    if let Some(window) = web_sys::window()
        && let Some(performance) = window.performance()
    {
        let instruments = config.instruments;
        let is_first = pipeline::install(parts(&window, performance, config));
        if is_first {
            opentelemetry::global::set_tracer_provider(BrowserTracerProvider::default());
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

fn parts(window: &Window, performance: web_sys::Performance, config: Config) -> Parts {
    let base = window
        .document()
        .and_then(|document| document.base_uri().ok().flatten())
        .unwrap_or_default();
    let absolute = |url: &str| {
        web_sys::Url::new_with_base(url, &base)
            .map_or_else(|_| url.to_owned(), |resolved| resolved.href())
    };
    let endpoint = absolute(&config.endpoint);
    let logs_endpoint = absolute(&config.effective_logs_endpoint());
    let mut ignored = vec![endpoint.clone(), logs_endpoint.clone()];
    ignored.extend(config.ignored.iter().map(|prefix| absolute(prefix)));
    let own_origin = window.origin();
    let origins = config
        .propagate_to
        .iter()
        .map(String::as_str)
        .chain([own_origin.as_str()]);
    let urls = UrlPolicy {
        allowed: AllowedOrigins::new(origins),
        ignored,
        redacted_query_keys: config.redacted_query_keys.clone(),
    };
    let limits = config.limits;
    let host = PageHost::new(performance.clone(), [endpoint, logs_endpoint], &config);
    Parts {
        time_origin_ms: performance.time_origin(),
        seed: seed(window),
        sampling_ratio: config.sampling_ratio,
        #[cfg(feature = "session")]
        samples_sessions: config.samples_sessions,
        #[cfg(feature = "logs")]
        records_events: config.records_events,
        limits,
        urls,
        resource: resource(config),
        host: Box::new(host),
    }
}

/// Random bytes; without `crypto`, which only very old browsers lack, the time has to do.
fn seed(window: &Window) -> [u8; SEED_BYTES] {
    let mut seed = [0; SEED_BYTES];
    let filled = window
        .crypto()
        .and_then(|crypto| crypto.get_random_values_with_u8_array(&mut seed).map(drop));
    if filled.is_err() {
        seed[..8].copy_from_slice(&js_sys::Date::now().to_bits().to_le_bytes());
        seed[8..16].copy_from_slice(&js_sys::Math::random().to_bits().to_le_bytes());
    }
    seed
}

fn resource(config: Config) -> Vec<KeyValue> {
    let mut resource = vec![
        KeyValue::new("service.name", config.service_name),
        KeyValue::new("telemetry.sdk.name", env!("CARGO_PKG_NAME")),
        KeyValue::new("telemetry.sdk.language", "rust"),
        KeyValue::new("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ];
    if !config.service_version.is_empty() {
        resource.push(KeyValue::new("service.version", config.service_version));
    }
    let browser = browser();
    let keys = [
        "user_agent.original",
        "browser.language",
        "browser.platform",
        "browser.mobile",
        "browser.brands",
    ];
    for (key, value) in keys.into_iter().zip(browser.iter()) {
        resource.extend(attribute_value(&value).map(|value| KeyValue::new(key, value)));
    }
    resource.extend(config.resource);
    resource
}

/// Text, truth values and lists of text as attribute values; what a browser does not tell is absent.
fn attribute_value(value: &JsValue) -> Option<Value> {
    if let Some(array) = value.dyn_ref::<Array>() {
        let texts: Vec<StringValue> = array
            .iter()
            .filter_map(|item| item.as_string())
            .map(StringValue::from)
            .collect();
        return (!texts.is_empty()).then(|| Value::Array(texts.into()));
    }
    value
        .as_bool()
        .map(Value::Bool)
        .or_else(|| value.as_string().map(Value::from))
}

/// Sends what there is when the page is hidden, for it may never be seen again; when it goes away or is frozen, ends what
/// is open. After a trap, leaves what was under way.
fn listen_to_the_page() {
    let hidden = Closure::<dyn Fn()>::new(|| {
        if let Some(pipeline) = pipeline::current() {
            pipeline.mark_all(attribute::PAGE_HIDDEN);
            pipeline.flush_before_the_end();
        }
    });
    let unloading = Closure::<dyn Fn()>::new(|| {
        if let Some(pipeline) = pipeline::current() {
            pipeline.end_all(attribute::PAGE_UNLOADED);
        }
    });
    on_page_end(&hidden, &unloading);
    let trapped = Closure::new(scoped::leave_what_trapped);
    on_trap(&trapped);
    // They are needed for as long as the page lives.
    hidden.forget();
    unloading.forget();
    trapped.forget();
}

/// Runs `f` such that requests it starts are not traced, by this crate or by others that honour the API's suppression.
pub(crate) fn untraced<T>(f: impl FnOnce() -> T) -> T {
    let _suppressed = Context::enter_telemetry_suppressed_scope();
    f()
}
