//! Runs the built `xtask` as a person does. One file for each command that can be tested without building the project.

#![allow(
    clippy::unwrap_used,
    reason = "the whole crate is a test; clippy knows only of functions that are marked as one"
)]

mod demo;
