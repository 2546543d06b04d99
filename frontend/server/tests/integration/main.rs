//! Tests of the frontend server through real sockets, one file per part of its interface; traces are asserted whole.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod api;
mod broken_connections;
mod ingest;
mod page;
mod process;
mod support;
mod telemetry_query;
