//! A deployment that runs already, however it was started, through a real browser: the one trace of a search is whole in
//! the page's panel and the same in the viewer.
//!
//! Two settings: `E2E_PAGE_URL`, the address of the page, and `E2E_JAEGER_URL`, that of Jaeger's query API; without the
//! latter the viewer is not asked.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod deployment;
mod panel;
mod search_trace;
