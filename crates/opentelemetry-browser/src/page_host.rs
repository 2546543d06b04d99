//! The page as the pipeline's [`Host`]: its clocks, its timers, its requests and what it keeps.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use crate::batch::Signal;
use crate::config::Config;
use crate::export::{Answer, Export, Outcome};
use crate::page::untraced;
use crate::pipeline::timing::Timing;
use crate::pipeline::{self, Host};
use crate::scoped;
#[cfg(feature = "spill")]
use crate::spill::Spill;

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    fn send(url: &str, body: Uint8Array, keepalive: bool, timeout_ms: u32) -> Promise;
    #[wasm_bindgen(js_name = startTimer)]
    fn start_timer(callback: &Closure<dyn Fn()>, delay_ms: u32);
    #[wasm_bindgen(js_name = observeFetches)]
    fn observe_fetches(over: &Closure<dyn Fn(String, Vec<f64>)>) -> bool;
    #[wasm_bindgen(js_name = takeFetches)]
    fn take_fetches();
}

#[cfg(feature = "gzip")]
#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    #[wasm_bindgen(js_name = sendCompressed)]
    fn send_compressed(url: &str, body: Uint8Array, keepalive: bool, timeout_ms: u32) -> Promise;
}

#[cfg(feature = "session")]
#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    #[wasm_bindgen(js_name = loadSession)]
    fn load_session() -> Option<String>;
    #[wasm_bindgen(js_name = storeSession)]
    fn store_session(session: &str);
}

/// A page in a browser.
pub(crate) struct PageHost {
    performance: web_sys::Performance,
    traces_endpoint: Rc<str>,
    logs_endpoint: Rc<str>,
    export_timeout_ms: u32,
    #[cfg(feature = "gzip")]
    is_compressing: bool,
    #[cfg(feature = "spill")]
    spill: Spill,
    on_timer: Closure<dyn Fn()>,
    /// Whether the browser tells of fetches; none before it was asked.
    observes_fetches: Cell<Option<bool>>,
}

impl PageHost {
    /// The host of a page that exports spans to the first and log records to the second endpoint.
    pub(crate) fn new(
        performance: web_sys::Performance,
        [traces_endpoint, logs_endpoint]: [String; 2],
        config: &Config,
    ) -> Self {
        let on_timer = Closure::new(|| {
            // A trap that the page has caught is noticed here.
            scoped::leave_what_trapped();
            if let Some(pipeline) = pipeline::current() {
                pipeline.on_timer();
            }
        });
        #[cfg(feature = "spill")]
        let spill = {
            let spill = Spill::new(config.spill_bytes);
            let endpoints = [traces_endpoint.as_str(), &logs_endpoint];
            spill.drain_when_online(endpoints, config.limits.export_timeout_ms);
            spill
        };
        Self {
            performance,
            traces_endpoint: traces_endpoint.into(),
            logs_endpoint: logs_endpoint.into(),
            export_timeout_ms: config.limits.export_timeout_ms,
            #[cfg(feature = "gzip")]
            is_compressing: config.compresses,
            #[cfg(feature = "spill")]
            spill,
            on_timer,
            observes_fetches: Cell::new(None),
        }
    }
}

impl Host for PageHost {
    fn performance_ms(&self) -> f64 {
        self.performance.now()
    }

    fn date_ms(&self) -> f64 {
        js_sys::Date::now()
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
        let over = Closure::new(|url: String, numbers: Vec<f64>| {
            if let Some(pipeline) = pipeline::current()
                && let Some(timing) = Timing::from_numbers(&numbers)
            {
                pipeline.on_timing(&url, timing);
            }
        });
        let answer = observe_fetches(&over);
        self.observes_fetches.set(Some(answer));
        // It is needed for as long as the page lives.
        over.forget();
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

    fn send(&self, export: &Export) {
        let id = export.id;
        let url = match export.signal {
            Signal::Spans => &self.traces_endpoint,
            Signal::Logs => &self.logs_endpoint,
        };
        let body = Uint8Array::from(&*export.body);
        // Begun here and not in the task: when a page goes away, no task runs any more.
        let answer = untraced(|| self.begin(url, body, export.keepalive));
        #[cfg(feature = "spill")]
        let spill = self.spill.clone();
        spawn_local(async move {
            let outcome = outcome(JsFuture::from(answer).await);
            #[cfg(feature = "spill")]
            spill.over(id, &outcome);
            if let Some(pipeline) = pipeline::current() {
                pipeline.on_outcome(id, outcome);
            }
        });
    }
}

impl PageHost {
    fn begin(&self, url: &str, body: Uint8Array, keepalive: bool) -> Promise {
        #[cfg(feature = "gzip")]
        if self.is_compressing {
            return send_compressed(url, body, keepalive, self.export_timeout_ms);
        }
        send(url, body, keepalive, self.export_timeout_ms)
    }
}

fn outcome(answer: Result<JsValue, JsValue>) -> Outcome {
    match answer {
        Ok(answer) => {
            let answer = Array::from(&answer);
            let number = |index| {
                answer
                    .get(index)
                    .as_f64()
                    .filter(|number| number.is_finite())
            };
            let response = answer.get(3).dyn_into::<Uint8Array>();
            Outcome::Answered(Answer {
                status: number(0).unwrap_or_default() as u16,
                retry_after_ms: number(1),
                sent_bytes: number(2).unwrap_or_default() as u64,
                rejected: response.map_or(0, |body| otlp_encoder::rejected(&body.to_vec())),
            })
        }
        Err(error) => {
            let is_timeout = error
                .dyn_ref::<js_sys::Error>()
                .is_some_and(|error| error.name() == "TimeoutError");
            if is_timeout {
                Outcome::TimedOut
            } else {
                Outcome::NetworkError
            }
        }
    }
}
