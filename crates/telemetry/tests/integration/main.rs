//! Tests of the crate through its public interface; every trace is asserted whole, as text.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod bodies;
mod client_layer;
mod sdk_facts;
mod server_layer;
mod spans;
mod support;
mod untraced;
