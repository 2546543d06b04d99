//! Tests of the trace model through its public functions; a file for each module.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod budget;
mod clock_skew;
mod clocks;
mod completeness;
mod critical_path;
mod diff;
mod doctor;
mod group;
mod logs;
mod otlp_json;
mod otlp_json_write;
mod render;
mod spans;
mod split;
mod summary;
mod terminal;
mod tree;
