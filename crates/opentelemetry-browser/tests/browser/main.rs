//! The crate in a real browser: what needs `fetch`, the page's clocks, its events or its task queue. Run by
//! `wasm-bindgen-test-runner`; natively there is nothing to run.
#![cfg(target_arch = "wasm32")]
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share count as tests"
)]

use wasm_bindgen_test::wasm_bindgen_test_configure;

mod context;
mod document_load;
mod errors;
#[cfg(feature = "logs")]
mod events;
mod export;
mod fetch_patch;
mod interaction;
mod leptos;
mod navigation;
mod otlp;
mod page;
mod person;
mod reentrance;
#[cfg(feature = "sdk")]
mod sdk;
mod send_traced;
#[cfg(feature = "server_timing")]
mod server_timing;
mod session;
#[cfg(feature = "spill")]
mod spill;
mod timing;
mod urls;
mod web_vitals;
mod xhr;

wasm_bindgen_test_configure!(run_in_browser);
