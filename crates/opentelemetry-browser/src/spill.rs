//! Requests that could not be sent, kept in the browser until they can: over a reload, and for the next page of this origin.

use wasm_bindgen::prelude::*;

use crate::callback::callback;
use crate::export::{Export, Outcome};
use crate::page::untraced;
use crate::pipeline;

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// Keeps a request in the local storage of this origin, unless that makes more than `most` characters; says whether it did.
    /// An entry is one request: the signal, a space, and the body in base64. It goes when it was answered for good, so it is sent
    /// at least once. One that `isUnderWay` is kept in case the page ends before its answer, and left alone until then.
    fn keep(id: f64, signal: u32, body: &[u8], most: u32, is_under_way: bool) -> bool;
    /// A request of this page was answered for good.
    fn forget(id: f64);
    /// Whether the browser knows that nothing can be sent.
    #[wasm_bindgen(js_name = isOffline)]
    fn is_offline() -> bool;
    /// Sends what was kept now and whenever the browser is online again, one by one, in one tab at a time. Where one fails so
    /// would the next, and all wait for another time. `over([accepted])` is called for each entry that was answered for good, or
    /// that nobody could send: of a signal that this page does not export, or no request at all.
    #[wasm_bindgen(js_name = drainWhenOnline)]
    fn drain_when_online(timeout_ms: u32, over: JsValue);
}

/// The place for them.
#[derive(Clone, Debug)]
pub(crate) struct Spill {
    /// How much there is room for, in characters of base64; 0 keeps nothing.
    most_bytes: u32,
}

impl Spill {
    pub(crate) fn new(most_bytes: u32) -> Self {
        Self { most_bytes }
    }

    /// Keeps a request that was given up, or one that is under way while the page may end, if that is a risk for it. Says
    /// whether it is kept.
    pub(crate) fn keep(&self, export: &Export, is_under_way: bool) -> bool {
        let is_safe = is_under_way && export.keepalive && !export.has_failed && !is_offline();
        if self.most_bytes == 0 || is_safe {
            return false;
        }
        keep(
            export.id as f64,
            export.signal as u32,
            &export.body,
            self.most_bytes,
            is_under_way,
        )
    }

    /// A request was answered: for good, it need not be kept any longer.
    pub(crate) fn over(&self, id: u64, outcome: &Outcome) {
        if self.most_bytes > 0
            && let Outcome::Answered(answer) = outcome
            && !answer.is_retryable()
        {
            forget(id as f64);
        }
    }

    /// Sends what is kept, of this page and of those before it, to the endpoints of spans and log records.
    pub(crate) fn drain_when_online(&self, timeout_ms: u32) {
        if self.most_bytes == 0 {
            return;
        }
        let over = callback(|accepted| {
            if let Some(pipeline) = pipeline::current() {
                pipeline.count_recovered(accepted.flag(0));
            }
            JsValue::UNDEFINED
        });
        untraced(|| drain_when_online(timeout_ms, over));
    }
}
