//! The page as the pipeline's [`Host`]: its clocks, its timers, its requests and what it keeps.

use std::cell::Cell;

use wasm_bindgen::prelude::*;

use crate::callback::{Arguments, callback};
use crate::config::Config;
use crate::export::{Answer, Export, Outcome};
use crate::page::untraced;
use crate::pipeline::{self, Host};
use crate::scoped;
#[cfg(feature = "spill")]
use crate::spill::Spill;

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    /// `performance.now()`. The object is kept: asking the window for it takes longer than asking it for the time.
    #[wasm_bindgen(js_name = performanceNow)]
    fn performance_now() -> f64;
    /// Sends the records of a signal, by its number. Then calls `over([id, status, milliseconds to wait before a retry, bytes sent, ...bytes])` with the
    /// bytes of the answer if it is OTLP; `over([id, 0, whether it took too long, as a number])` when there was none. The wait is
    /// null, NaN or anything for a receiver that does not name one. The body is copied, for the program's memory may move while
    /// someone else's wrapper of fetch waits for something. That of the answer is read to its end, for an unread one would keep the
    /// connection and the keepalive allowance.
    fn send(signal: u32, body: &[u8], keepalive: bool, timeout_ms: u32, id: f64, over: &JsValue);
    #[wasm_bindgen(js_name = startTimer)]
    fn start_timer(callback: &JsValue, delay_ms: f64);
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
    /// Like `send`, with a compressed body when there is the time: a page that goes away has none, and what is being compressed
    /// then goes as it is. Bodies below `LEAST_BYTES` gain nothing. The body is copied first, for the program goes on meanwhile.
    #[wasm_bindgen(js_name = sendCompressed)]
    fn send_compressed(
        signal: u32,
        body: &[u8],
        keepalive: bool,
        timeout_ms: u32,
        id: f64,
        over: &JsValue,
    );
}

#[cfg(feature = "session")]
#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// [id, when it was active] of the session in the tab's session storage; nothing when there is none, or something else, or
    /// the page is denied its storage: the session is that of this page then.
    #[wasm_bindgen(js_name = loadSession)]
    fn load_session() -> js_sys::Array;
    /// Stores it, if possible.
    #[wasm_bindgen(js_name = storeSession)]
    fn store_session(id: &str, active_ms: f64);
}

/// A page in a browser.
pub(crate) struct PageHost {
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
    /// The host of a page of these settings, which JavaScript knows already.
    pub(crate) fn new(config: &Config) -> Self {
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
            spill.drain_when_online(config.limits.export_timeout_ms);
            spill
        };
        Self {
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

    fn begin(&self, export: &Export) {
        #[cfg(feature = "gzip")]
        let send = match self.is_compressing {
            true => send_compressed,
            false => send,
        };
        // The numbers of requests are far below where doubles have gaps.
        send(
            export.signal as u32,
            &export.body,
            export.keepalive,
            self.export_timeout_ms,
            export.id as f64,
            &self.on_outcome,
        );
    }
}

impl Host for PageHost {
    fn performance_ms(&self) -> f64 {
        performance_now()
    }

    fn date_ms(&self) -> f64 {
        js_sys::Date::now()
    }

    fn start_timer(&self, delay_ms: u32) {
        start_timer(&self.on_timer, delay_ms.into());
    }

    fn observes_fetches(&self) -> bool {
        if let Some(answer) = self.observes_fetches.get() {
            return answer;
        }
        // Asked once, even by a request that the answer itself would make.
        self.observes_fetches.set(Some(false));
        let over = callback(|entry| {
            if let Some(pipeline) = pipeline::current() {
                pipeline.on_timing(&entry.text(0), entry.timing(1));
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
    fn load_session(&self) -> Option<(String, f64)> {
        let stored = Arguments::of(load_session());
        Some((stored.maybe_text(0)?, stored.number(1)))
    }

    #[cfg(feature = "session")]
    fn store_session(&self, id: &str, active_ms: f64) {
        store_session(id, active_ms);
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
        // Begun here and not in a task: when a page goes away, no task runs any more.
        untraced(|| self.begin(export));
    }
}

fn on_outcome(values: &Arguments) -> JsValue {
    if let Some(pipeline) = pipeline::current() {
        pipeline.on_outcome(values.number(0) as u64, outcome(values));
    }
    JsValue::UNDEFINED
}

/// What `send` tells.
fn outcome(values: &Arguments) -> Outcome {
    let status = values.number(1) as u16;
    if status == 0 {
        return match values.flag(2) {
            true => Outcome::TimedOut,
            false => Outcome::NetworkError,
        };
    }
    let response: Vec<u8> = (4..values.len())
        .map(|index| values.number(index) as u8)
        .collect();
    Outcome::Answered(Answer {
        status,
        retry_after_ms: Some(values.number(2)).filter(|wait_ms| wait_ms.is_finite()),
        sent_bytes: values.number(3) as u64,
        rejected: otlp_encoder::rejected(&response),
    })
}
