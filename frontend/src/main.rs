//! The page: reads its configuration, starts its tracer, shows itself.
//!
//! Everything that decides something is a plain function and is tested natively; the rest needs a browser and is
//! compiled for one only.

#![allow(
    unreachable_pub,
    reason = "the component macro of Leptos makes every component pub"
)]
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "natively there are only the tests")
)]

mod address;
mod budgets;
mod capture;
mod comparing;
mod counters;
mod experiment;
mod explaining;
mod from_json;
mod otlp_file;
mod passage;
mod percent;
mod reading;
mod reply;
mod state;
mod trace_list;
mod trace_watch;
mod wording;

#[cfg(target_arch = "wasm32")]
mod api;
#[cfg(target_arch = "wasm32")]
mod app;
#[cfg(target_arch = "wasm32")]
mod chunks;
#[cfg(target_arch = "wasm32")]
mod components;
#[cfg(target_arch = "wasm32")]
mod frame;
#[cfg(target_arch = "wasm32")]
mod frontend_search;
#[cfg(target_arch = "wasm32")]
mod live;
#[cfg(target_arch = "wasm32")]
mod loading;
#[cfg(target_arch = "wasm32")]
mod matches;
#[cfg(target_arch = "wasm32")]
mod pages;
#[cfg(target_arch = "wasm32")]
mod session;
#[cfg(target_arch = "wasm32")]
mod start_up;
#[cfg(target_arch = "wasm32")]
mod tracing_test;

use shared::semconv::service;
use shared::{PageConfig, QueryCapture};

#[cfg(target_arch = "wasm32")]
fn main() {
    console_error_panic_hook::set_once();
    wasm_bindgen_futures::spawn_local(async {
        let config = api::config().await;
        let tracer = tracer_config(&config);
        // Files are served without a trace, and `load_chunk` is the span of those that come later.
        let tracer = chunks::addresses()
            .into_iter()
            .fold(tracer, |tracer, address| tracer.ignore(address));
        let tracer = opentelemetry_browser::init(tracer);
        opentelemetry_browser::app_mount(|_| {
            let body = leptos::prelude::document()
                .body()
                .expect("the page has a body");
            // The application lives as long as the page.
            leptos::mount::mount_to_renderer(&body, move || app::app(config, tracer)).forget();
        });
    });
}

/// Outside of a browser there is nothing to show.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}

/// How many traces are recorded, and what their spans may show of a query.
fn tracer_config(config: &PageConfig) -> opentelemetry_browser::Config {
    let tracer = opentelemetry_browser::Config::new(service::FRONTEND)
        .service_version(env!("CARGO_PKG_VERSION"))
        .sampling_ratio(config.sampling_ratio)
        .events(config.events)
        .patch_fetch(true)
        .ignore("/telemetry/")
        .ignore("/api/health");
    match config.capture_query {
        QueryCapture::Raw => tracer,
        QueryCapture::Hash | QueryCapture::Off => tracer.redact_query_key("q"),
    }
}
