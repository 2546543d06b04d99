//! Whatever is encoded decodes to exactly the same, judged by `prost` and the generated OTLP types.
#![cfg(not(target_arch = "wasm32"))]
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share count as tests"
)]

mod logs;
mod model;
mod python;
mod requests;
mod responses;
mod spans;
