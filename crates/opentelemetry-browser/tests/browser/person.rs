//! What a person and the browser do to the page under test, by `stub.js`.

use js_sys::Promise;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(module = "/tests/browser/stub.js")]
extern "C" {
    pub(crate) fn click(id: &str, handler: &Closure<dyn Fn()>);
    pub(crate) fn submit(id: &str, handler: &Closure<dyn Fn()>);
    #[wasm_bindgen(js_name = listenersWork)]
    pub(crate) fn listeners_work() -> String;
    #[wasm_bindgen(js_name = thrownByHandler)]
    pub(crate) fn thrown_by_handler() -> Promise;
    #[wasm_bindgen(js_name = reportError)]
    pub(crate) fn report_error(name: &str, message: &str);
    #[wasm_bindgen(js_name = reportRejection)]
    pub(crate) fn report_rejection(reason: &JsValue);
    #[wasm_bindgen(js_name = sayError)]
    pub(crate) fn say_error(text: &str);
    pub(crate) fn traps(work: &Closure<dyn Fn()>) -> bool;
    #[wasm_bindgen(js_name = trapsWithoutPanic)]
    pub(crate) fn traps_without_panic(work: &Closure<dyn Fn()>) -> bool;
    pub(crate) fn trap();
    #[wasm_bindgen(js_name = streamsRequests)]
    pub(crate) fn streams_requests() -> bool;
    pub(crate) fn observes(kind: &str) -> bool;
    pub(crate) fn wander() -> Promise;
    #[wasm_bindgen(js_name = seePage)]
    pub(crate) fn see_page() -> Promise;
    pub(crate) fn send(way: &str, path: &str) -> Promise;
}
