//! The page under test: tracing is started once, over a stub of the network.

use std::cell::OnceCell;

use js_sys::{Array, Function, Promise, Reflect, Uint8Array};
use opentelemetry::KeyValue;
use opentelemetry_browser::{Config, Guard, Stats, init};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::otlp::{self, LogRecord, Span};

#[wasm_bindgen(module = "/tests/browser/stub.js")]
extern "C" {
    #[wasm_bindgen(js_name = install)]
    fn install_stub();
    #[wasm_bindgen(js_name = callsTo)]
    fn calls_to(part: &str) -> Array;
    fn exported(path: &str) -> Array;
    #[wasm_bindgen(js_name = lastExportIsKeptAlive)]
    pub(crate) fn last_export_is_kept_alive() -> bool;
    #[wasm_bindgen(js_name = refusalsLeft)]
    pub(crate) fn refusals_left() -> u32;
    #[wasm_bindgen(js_name = refuseExports)]
    pub(crate) fn refuse_exports(status_codes: Vec<u16>);
    #[wasm_bindgen(js_name = answerExport)]
    pub(crate) fn answer_export(body: Vec<u8>);
    #[wasm_bindgen(js_name = lastExportIsCompressed)]
    pub(crate) fn last_export_is_compressed() -> bool;
    #[wasm_bindgen(js_name = spillCount)]
    pub(crate) fn spill_count() -> u32;
    #[wasm_bindgen(js_name = comeOnline)]
    pub(crate) fn come_online();
    #[wasm_bindgen(js_name = hasEmptyExport)]
    pub(crate) fn has_empty_export() -> bool;
    #[wasm_bindgen(js_name = silenceExport)]
    pub(crate) fn silence_export();
    pub(crate) fn patience() -> f64;
    fn turn() -> Promise;
    #[wasm_bindgen(js_name = fetchAs)]
    fn fetch_as_promise(form: &str, path: &str) -> Promise;
    #[wasm_bindgen(js_name = comeBack)]
    fn come_back_promise(
        callback: &Closure<dyn Fn() -> bool>,
        work: &Closure<dyn Fn() -> Promise>,
    ) -> Promise;
    pub(crate) fn traps(work: &Closure<dyn Fn()>) -> bool;
    #[wasm_bindgen(js_name = reportTrap)]
    pub(crate) fn report_trap();
    #[wasm_bindgen(js_name = storedSession)]
    pub(crate) fn stored_session() -> Option<String>;
    #[wasm_bindgen(js_name = hidePage)]
    pub(crate) fn hide_page();
    #[wasm_bindgen(js_name = unloadPage)]
    pub(crate) fn unload_page();
    #[wasm_bindgen(js_name = reportsUnhandled)]
    fn reports_unhandled_promise(path: &str) -> Promise;
    #[wasm_bindgen(js_name = observeBlindly)]
    fn observe_blindly_by(observe: &Closure<dyn Fn(Function) -> bool>) -> Array;
    #[wasm_bindgen(js_name = fetchWithBrokenTracing)]
    fn fetch_with_broken_tracing_promise(
        patch: &Closure<dyn Fn(Function, Function)>,
        path: &str,
    ) -> Promise;
}

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    #[wasm_bindgen(js_name = patchFetch)]
    fn patch_fetch(begin: &Function, tell: &Function);
    #[wasm_bindgen(js_name = observeFetches)]
    fn observe_fetches(over: &Function) -> bool;
}

thread_local! {
    static GUARD: OnceCell<Guard> = const { OnceCell::new() };
}

/// An origin that the page under test may propagate to, besides its own.
pub(crate) const FRIEND: &str = "http://friend.test:81";

/// Starts tracing, if it is not started.
pub(crate) fn start() -> Guard {
    let new = || {
        install_stub();
        init(
            Config::new("page-under-test")
                .service_version("1.2.3")
                .propagate_to(FRIEND)
                .ignore("/ignored/")
                .redact_query_key("q")
                .patch_fetch(true)
                .gzip(true)
                .offline_spill(100_000)
                .console_errors(true)
                .resource(KeyValue::new("deployment.environment.name", "test")),
        )
    };
    GUARD.with(|guard| guard.get_or_init(new).clone())
}

/// A request as it reached the browser's own fetch.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    raw: JsValue,
}

impl Call {
    fn get(&self, key: &str) -> JsValue {
        Reflect::get(&self.raw, &key.into()).expect("an object")
    }

    pub(crate) fn method(&self) -> String {
        self.get("method").as_string().expect("a method")
    }

    pub(crate) fn body(&self) -> String {
        self.get("body").as_string().expect("a body")
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        Reflect::get(&self.get("headers"), &name.into())
            .expect("headers")
            .as_string()
    }

    /// Whether the arguments came through as the page gave them.
    pub(crate) fn is_untouched(&self) -> bool {
        self.get("isUntouched").is_truthy()
    }
}

/// The only request to a URL that contains `part`.
pub(crate) fn call_to(part: &str) -> Call {
    let calls = calls_to(part);
    assert_eq!(calls.length(), 1, "requests to {part}");
    Call { raw: calls.get(0) }
}

/// Lets everything that is ready run.
pub(crate) async fn let_tasks_run() {
    JsFuture::from(turn()).await.expect("a timer");
}

/// Calls `window.fetch` in one of the ways of `stub.js`; what the page sees of the answer.
pub(crate) async fn fetch_as(form: &str, path: &str) -> String {
    JsFuture::from(fetch_as_promise(form, path))
        .await
        .expect("no rejection")
        .as_string()
        .expect("text")
}

/// Whether a failed request that nobody handles is reported.
pub(crate) async fn reports_unhandled(path: &str) -> bool {
    JsFuture::from(reports_unhandled_promise(path))
        .await
        .expect("no rejection")
        .is_truthy()
}

/// What the page sees of its requests when the tracer traps, wherever it is called.
pub(crate) async fn fetch_with_broken_tracing(path: &str) -> Vec<String> {
    let patch = Closure::new(|wants: Function, start: Function| patch_fetch(&wants, &start));
    let seen = JsFuture::from(fetch_with_broken_tracing_promise(&patch, path)).await;
    let texts = Array::from(&seen.expect("no rejection"));
    texts.iter().filter_map(|text| text.as_string()).collect()
}

/// Whether fetches are observed in browsers that cannot tell of them.
pub(crate) fn observe_blindly() -> Vec<bool> {
    let observe = Closure::new(|over: Function| observe_fetches(&over));
    let answers = observe_blindly_by(&observe);
    answers.iter().map(|answer| answer.is_truthy()).collect()
}

/// Calls `callback` whenever the tracer calls the page while `work` runs; how often it was traced, as it says.
pub(crate) async fn come_back(callback: fn() -> bool, work: fn() -> Promise) -> f64 {
    let callback = Closure::new(callback);
    let work = Closure::new(work);
    let calls = JsFuture::from(come_back_promise(&callback, &work)).await;
    calls.expect("no rejection").as_f64().expect("a number")
}

/// The bodies of all requests with spans so far.
pub(crate) fn export_bodies() -> Vec<Vec<u8>> {
    bodies("/otlp/v1/traces")
}

fn bodies(path: &str) -> Vec<Vec<u8>> {
    exported(path)
        .iter()
        .map(|body| Uint8Array::new(&body).to_vec())
        .collect()
}

/// All spans that have been exported so far.
pub(crate) fn exported_spans() -> Vec<Span> {
    otlp::spans(&export_bodies())
}

/// The exported events of this name.
pub(crate) async fn events(name: &str) -> Vec<LogRecord> {
    export_all().await;
    let mut records = otlp::log_records(&bodies("/otlp/v1/logs"));
    records.retain(|record| record.event_name == name);
    records
}

/// The exported span of this name, alone of that name.
pub(crate) async fn span(name: &str) -> Span {
    export_all().await;
    let mut spans = otlp::spans(&export_bodies());
    spans.retain(|span| span.name == name);
    assert_eq!(spans.len(), 1, "spans called {name}");
    spans.remove(0)
}

/// The exported CLIENT span of the request to a URL that contains `part`.
pub(crate) async fn client_span(part: &str) -> Span {
    export_all().await;
    let mut spans = exported_client_spans(part);
    assert_eq!(spans.len(), 1, "spans of requests to {part}");
    spans.remove(0)
}

/// Like [`client_span`], for a request whose body may still be under way.
pub(crate) async fn complete_client_span(part: &str) -> Span {
    for _ in 0..1000 {
        if client_span_count(part).await > 0 {
            break;
        }
        let_tasks_run().await;
    }
    client_span(part).await
}

/// The CLIENT spans of requests to a URL that contains `part`, as far as they have been exported.
pub(crate) fn exported_client_spans(part: &str) -> Vec<Span> {
    let mut spans = otlp::spans(&export_bodies());
    spans.retain(|span| {
        span.attribute("url.full")
            .is_some_and(|url| url.contains(part))
    });
    spans
}

/// How many exported spans are about a URL that contains `part`, once everything has been exported.
pub(crate) async fn client_span_count(part: &str) -> usize {
    export_all().await;
    exported_client_spans(part).len()
}

/// Lets what is under way arrive, without sending more.
pub(crate) async fn let_exports_arrive() {
    let guard = start();
    for _ in 0..1000 {
        let Stats { spans, logs, .. } = guard.stats();
        if spans.in_flight + logs.in_flight == 0 {
            return;
        }
        let_tasks_run().await;
    }
    panic!("still under way: {:?}", guard.stats());
}

/// Exports everything that has ended.
pub(crate) async fn export_all() {
    let guard = start();
    for _ in 0..1000 {
        // Again and again, so that what was refused is not waited for.
        guard.flush();
        let Stats { spans, logs, .. } = guard.stats();
        if spans.queued + spans.in_flight + logs.queued + logs.in_flight == 0 {
            return;
        }
        let_tasks_run().await;
    }
    panic!("still not exported: {:?}", guard.stats());
}
