//! Tests of the collector through its sockets; a file for each module, `process` for the program.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod abuse;
mod api_v3;
mod cli;
mod durability;
mod grpc;
mod host;
mod interop;
mod live;
mod otlp;
mod otlp_document;
mod otlp_json;
mod otlp_limits;
mod otlp_signals;
mod process;
mod query;
mod sample;
mod server;
mod store;
mod summaries;
mod tee;
mod tee_log;
mod view;
mod wal;
