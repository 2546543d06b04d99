//! The page as the pipeline's [`Host`]: its clocks, its timers, its requests and what it keeps.

use std::cell::Cell;

use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

use crate::batch::Signal;
use crate::callback::{Arguments, callback};
use crate::config::Config;
use crate::export::{Answer, Export, Outcome};
use crate::page::untraced;
use crate::pipeline::timing::Timing;
use crate::pipeline::{self, Host};
use crate::scoped;
#[cfg(feature = "spill")]
use crate::spill::Spill;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;
}

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    /// `performance.now()`.
    #[wasm_bindgen(js_name = performanceNow)]
    fn performance_now() -> f64;
    /// Sends spans or log records. Resolves to [status, milliseconds to wait before a retry or NaN, bytes sent, the answer if
    /// it is OTLP]; rejects like fetch. The answer's body is read to its end, for an unread one would keep the connection and
    /// the keepalive allowance.
    fn send(url: &str, body: &[u8], keepalive: bool, timeout_ms: u32) -> JsValue;
    /// Calls `over([id, ...answer])`, or `over([id, 0, whether it took too long])` when there was none.
    #[wasm_bindgen(js_name = whenOver)]
    fn when_over(answer: JsValue, id: f64, over: &JsValue);
    #[wasm_bindgen(js_name = startTimer)]
    fn start_timer(callback: &JsValue, delay_ms: u32);
    /// Calls `over([url, ...numbers])` for each fetch whose body is complete, or will never be, from now on. Says whether the
    /// browser can.
    #[wasm_bindgen(js_name = observeFetches)]
    fn observe_fetches(over: JsValue) -> bool;
    /// Has `over` called at once for the fetches that the browser is about to tell of.
    #[wasm_bindgen(js_name = takeFetches)]
    fn take_fetches();
}

#[cfg(feature = "gzip")]
#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// Like `send`, with a compressed body when there is the time.
    #[wasm_bindgen(js_name = sendCompressed)]
    fn send_compressed(url: &str, body: &[u8], keepalive: bool, timeout_ms: u32) -> JsValue;
}

#[cfg(feature = "session")]
#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// What was stored; undefined for nothing.
    #[wasm_bindgen(js_name = loadSession)]
    fn load_session() -> Option<String>;
    /// Stores it, if possible.
    #[wasm_bindgen(js_name = storeSession)]
    fn store_session(session: &str);
}

/// A page in a browser.
pub(crate) struct PageHost {
    /// Of spans and of log records.
    endpoints: [String; 2],
    export_timeout_ms: u32,
    #[cfg(feature = "gzip")]
    is_compressing: bool,
    #[cfg(feature = "spill")]
    spill: Spill,
    on_timer: JsValue,
    on_outcome: JsValue,
    /// Whether the browser tells of fetches; none before it was asked.
    observes_fetches: Cell<Option<bool>>,
}

impl PageHost {
    /// The host of a page that exports spans to the first and log records to the second endpoint.
    pub(crate) fn new(endpoints: [String; 2], config: &Config) -> Self {
        let on_timer = callback(|_| {
            // A trap that the page has caught is noticed here.
            scoped::leave_what_trapped();
            if let Some(pipeline) = pipeline::current() {
                pipeline.on_timer();
            }
            JsValue::UNDEFINED
        });
        #[cfg(feature = "spill")]
        let spill = {
            let spill = Spill::new(config.spill_bytes);
            spill.drain_when_online(&endpoints, config.limits.export_timeout_ms);
            spill
        };
        Self {
            endpoints,
            export_timeout_ms: config.limits.export_timeout_ms,
            #[cfg(feature = "gzip")]
            is_compressing: config.compresses,
            #[cfg(feature = "spill")]
            spill,
            on_timer,
            on_outcome: callback(on_outcome),
            observes_fetches: Cell::new(None),
        }
    }

    fn begin(&self, url: &str, body: &[u8], keepalive: bool) -> JsValue {
        #[cfg(feature = "gzip")]
        if self.is_compressing {
            return send_compressed(url, body, keepalive, self.export_timeout_ms);
        }
        send(url, body, keepalive, self.export_timeout_ms)
    }
}

impl Host for PageHost {
    fn performance_ms(&self) -> f64 {
        performance_now()
    }

    fn date_ms(&self) -> f64 {
        date_now()
    }

    fn start_timer(&self, delay_ms: u32) {
        start_timer(&self.on_timer, delay_ms);
    }

    fn observes_fetches(&self) -> bool {
        if let Some(answer) = self.observes_fetches.get() {
            return answer;
        }
        // Asked once, even by a request that the answer itself would make.
        self.observes_fetches.set(Some(false));
        let over = callback(|entry| {
            if let Some(pipeline) = pipeline::current() {
                pipeline.on_timing(&entry.text(0), Timing::from_numbers(entry.numbers(1)));
            }
            JsValue::UNDEFINED
        });
        let answer = observe_fetches(over);
        self.observes_fetches.set(Some(answer));
        answer
    }

    fn take_timings(&self) {
        take_fetches();
    }

    #[cfg(feature = "session")]
    fn load_session(&self) -> Option<String> {
        load_session()
    }

    #[cfg(feature = "session")]
    fn store_session(&self, session: &str) {
        store_session(session);
    }

    #[cfg(feature = "spill")]
    fn keep(&self, export: &Export, is_at_risk: bool) -> bool {
        self.spill.keep(export, is_at_risk)
    }

    #[cfg(feature = "spill")]
    fn answered(&self, id: u64, outcome: &Outcome) {
        self.spill.over(id, outcome);
    }

    fn send(&self, export: &Export) {
        let [traces_endpoint, logs_endpoint] = &self.endpoints;
        let url = match export.signal {
            Signal::Spans => traces_endpoint,
            Signal::Logs => logs_endpoint,
        };
        // Begun here and not in a task: when a page goes away, no task runs any more.
        let answer = untraced(|| self.begin(url, &export.body, export.keepalive));
        // The numbers of requests are far below where doubles have gaps.
        when_over(answer, export.id as f64, &self.on_outcome);
    }
}

fn on_outcome(values: &Arguments) -> JsValue {
    if let Some(pipeline) = pipeline::current() {
        pipeline.on_outcome(values.number(0) as u64, outcome(values));
    }
    JsValue::UNDEFINED
}

/// What `whenOver` of `shim.js` tells.
fn outcome(values: &Arguments) -> Outcome {
    let status = values.number(1) as u16;
    if status == 0 {
        return match values.flag(2) {
            true => Outcome::TimedOut,
            false => Outcome::NetworkError,
        };
    }
    let response = values.value(4);
    let response = response
        .is_truthy()
        .then(|| Uint8Array::unchecked_from_js(response).to_vec());
    Outcome::Answered(Answer {
        status,
        retry_after_ms: Some(values.number(2)).filter(|wait_ms| wait_ms.is_finite()),
        sent_bytes: values.number(3) as u64,
        rejected: response.map_or(0, |body| otlp_encoder::rejected(&body)),
    })
}
