//! The real OpenTelemetry Collector with the files of `collector/otelcol`, between senders that speak to it over sockets and
//! our own collector or Jaeger behind it.
//!
//! `OTELCOL` names the Collector, `E2E_BIN_DIR` the folder of our collector, and `JAEGER`, for the tests that are ignored
//! otherwise, Jaeger. `cargo xtask verify-deploy --only otelcol-behaviour` sets all three.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod datadog;
mod debug;
mod logs;
mod memory;
mod metrics;
mod old_clients;
mod otelcol;
mod ours;
mod outage;
mod redaction;
mod resource;
mod sampling;
mod send;
mod spans;
mod whole;
