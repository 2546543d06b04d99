#![doc = include_str!("../README.md")]
// Natively there is no page: what only a page calls is compiled and tested all the same.
#![cfg_attr(not(target_arch = "wasm32"), allow(dead_code))]

mod attribute;
mod batch;
#[cfg(target_arch = "wasm32")]
mod callback;
mod clock;
mod config;
mod decimal;
mod export;
mod http;
mod ids;
mod instruments;
mod limits;
#[cfg(feature = "logs")]
mod logs;
mod pipeline;
mod propagation;
mod sampler;
mod scoped;
#[cfg(feature = "sdk")]
mod sdk;
#[cfg(feature = "server_timing")]
mod server_clock;
#[cfg(feature = "server_timing")]
mod server_timing;
#[cfg(feature = "session")]
mod session;
mod span;
#[cfg(all(target_arch = "wasm32", feature = "spill"))]
mod spill;
mod stats;
mod tracer;
mod transport;

#[cfg(target_arch = "wasm32")]
mod client;
#[cfg(all(target_arch = "wasm32", feature = "document_load"))]
mod document_load;
#[cfg(all(target_arch = "wasm32", feature = "errors"))]
mod errors;
#[cfg(target_arch = "wasm32")]
mod fetch_patch;
#[cfg(all(target_arch = "wasm32", feature = "interaction"))]
mod interaction;
#[cfg(all(target_arch = "wasm32", feature = "leptos"))]
pub mod leptos;
#[cfg(all(target_arch = "wasm32", feature = "navigation"))]
mod navigation;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod page_host;
#[cfg(all(target_arch = "wasm32", feature = "wasm_boot"))]
mod wasm_boot;
#[cfg(all(target_arch = "wasm32", feature = "web_vitals"))]
mod web_vitals;

pub use attribute::{CANCELLED, PAGE_HIDDEN, PAGE_UNLOADED};
#[cfg(feature = "server_timing")]
pub use attribute::{CLOCK_OFFSET_MS, CLOCK_OFFSET_UNCERTAINTY_MS};
pub use config::Config;
pub use limits::Limits;
#[cfg(feature = "logs")]
pub use logs::{Severity, emit};
pub use scoped::{event, fail, in_new_trace, in_span, in_span_async};
#[cfg(feature = "sdk")]
pub use sdk::BrowserSpanProcessor;
#[cfg(feature = "server_timing")]
pub use server_clock::ClockOffset;
pub use stats::{SignalStats, Stats};
pub use tracer::{BrowserSpan, BrowserTracer, BrowserTracerProvider};

#[cfg(target_arch = "wasm32")]
pub use client::SendTraced;
#[cfg(all(target_arch = "wasm32", feature = "document_load"))]
pub use document_load::page_load;
#[cfg(target_arch = "wasm32")]
pub use page::{Guard, init, spawn};
#[cfg(all(target_arch = "wasm32", feature = "wasm_boot"))]
pub use wasm_boot::app_mount;
