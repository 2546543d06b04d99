//! `window.fetch` and, with the feature `xhr`, `XMLHttpRequest`, wrapped: requests of code that knows nothing of tracing get a
//! CLIENT span, and `traceparent` where their server may see it. The wrapping itself is in JavaScript, where it can fail
//! open; this is what it asks and tells.

use wasm_bindgen::prelude::*;

use crate::callback::{Arguments, callback};
use crate::decimal;
use crate::http::ClientCall;
use crate::pipeline::{self, with};
use crate::propagation::Headers;

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    /// Wraps `window.fetch`. Requests whose URL is not traced pass untouched. The browser itself reads all forms of arguments and
    /// headers; the body is handed on, not read. The page gets the same answer, and a rejection that nobody handles is still
    /// reported as unhandled. Everything fails open: requests are sent whatever goes wrong here. `beginCall` makes of a request
    /// what its wrappers see: `headers` to send, and what may be told of it, of which one of the last three is called once;
    /// nothing if it has no span.
    #[wasm_bindgen(js_name = patchFetch)]
    fn patch_fetch(begin: JsValue, tell: JsValue);
}

#[cfg(feature = "xhr")]
#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    /// Wraps `XMLHttpRequest` for the life of the page; the arguments are those of the wrapped fetch, and it fails open like it.
    /// Methods are told as the browser sends them: the usual ones in capitals, others as they are. Of the four events that end
    /// a request one comes, and once.
    #[wasm_bindgen(js_name = patchXhr)]
    fn patch_xhr(begin: JsValue, tell: JsValue);
}

/// What `tell` tells of a request, with the numbers of `shim.js`.
const SAID: u32 = 0;
const ANSWERED: u32 = 1;
const FAILED: u32 = 2;

/// Wraps them for the life of the page.
pub(crate) fn install() {
    patch_fetch(callback(begin), callback(tell));
    #[cfg(feature = "xhr")]
    patch_xhr(callback(begin), callback(tell));
}

/// Begins the span of a request of this method and what `target` of `shim.js` says of its URL: a text with its number and the headers to send, each on a line of
/// its own; nothing at all when there is no span.
fn begin(arguments: &Arguments) -> JsValue {
    let begun = || {
        let pipeline = pipeline::current()?;
        let call = ClientCall::start(pipeline, &arguments.text(0), arguments.target(1)?)?;
        let headers = call.headers().map(Headers::lines).unwrap_or_default();
        let mut answer = String::new();
        let id = with(&pipeline.calls, |calls| calls.add(call))?;
        decimal::push(&mut answer, id.into());
        answer.push_str(&headers);
        Some(answer)
    };
    begun().into()
}

/// The number of a request, what happened to it, and more about that.
fn tell(arguments: &Arguments) -> JsValue {
    let (id, what) = (arguments.number(0) as u32, arguments.number(1) as u32);
    let is_of_use = what != SAID || cfg!(feature = "server_timing");
    // Taken out: what is done with it may call the page.
    if let Some(pipeline) = pipeline::current()
        && is_of_use
        && let Some(Some(call)) = with(&pipeline.calls, |calls| calls.take(id))
    {
        match what {
            #[cfg(feature = "server_timing")]
            SAID => {
                call.server_said(&crate::server_timing::said(&arguments.value(2)));
                with(&pipeline.calls, |calls| calls.put_back(id, call));
            }
            ANSWERED => call.answered(arguments.number(2) as u16, &arguments.text(3)),
            FAILED => call.failed(&arguments.text(2), arguments.text(3)),
            // Dropped, it is cancelled.
            _ => drop(call),
        }
    }
    JsValue::UNDEFINED
}
