//! The session in the storage of the tab.

use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen(module = "/src/optional.js")]
extern "C" {
    #[wasm_bindgen(js_name = loadSession)]
    fn loaded() -> js_sys::Array;
    #[wasm_bindgen(js_name = storeSession)]
    fn store(id: &str, active_ms: f64);
}

const KEY: &str = "opentelemetry-browser.session";

#[wasm_bindgen_test]
fn what_is_no_session_is_not_restored() {
    let storage = web_sys::window().unwrap().session_storage().unwrap();
    let storage = storage.unwrap();
    let before = storage.get_item(KEY).unwrap();
    let id = "123e4567-e89b-42d3-a456-426614174000";
    let restored = || {
        let session = loaded();
        (session.get(0).as_string(), session.get(1).as_f64())
    };
    store(id, 5.5);
    assert_eq!(restored(), (Some(id.to_owned()), Some(5.5)));
    for stored in [
        "",
        " ",
        "id 5",
        id,
        "123e4567-e89b-42d3-a456-426614174000 soon",
        "愛愛愛愛愛愛愛愛愛愛愛愛 1700000000000",
    ] {
        storage.set_item(KEY, stored).unwrap();
        assert_eq!(restored(), (None, None), "{stored}");
    }
    storage.remove_item(KEY).unwrap();
    assert_eq!(restored(), (None, None), "nothing was stored");
    if let Some(before) = before {
        storage.set_item(KEY, &before).unwrap();
    }
}
