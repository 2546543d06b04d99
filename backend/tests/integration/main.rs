//! Tests of the backend through its boundaries; the files mirror the source. With `CORPUS_DIR`, those that need the real
//! books run on them.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on should say where"
)]

mod config;
mod corpus;
mod fetch;
mod http;
mod process;
mod search;
mod startup;
mod support;
