//! `XMLHttpRequest`, wrapped, for libraries that have not moved on to `fetch`: a CLIENT span like that of the wrapped
//! fetch. The wrapping itself is in `optional.js`, where it can fail open.

use wasm_bindgen::prelude::*;

use crate::fetch_patch::{RequestSpan, start, wants};

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    #[wasm_bindgen(js_name = patchXhr)]
    fn patch_xhr(
        wants: &Closure<dyn Fn(String) -> bool>,
        start: &Closure<dyn Fn(String, String) -> Option<RequestSpan>>,
    );
}

/// Wraps `XMLHttpRequest` for the life of the page.
pub(crate) fn install() {
    let wants = Closure::new(wants);
    let start = Closure::new(start);
    patch_xhr(&wants, &start);
    wants.forget();
    start.forget();
}
