//! A trace as a tree: what happened under what, what the time went on, and whether the picture is whole.
//!
//! Pure functions over finished spans, for wasm and native alike: no clock, no I/O, no OpenTelemetry SDK. The viewer
//! draws what this crate computes, the tests assert what it renders.
//!
//! ```
//! use trace_model::{Completeness, Tree, completeness, duration, otlp_json, render};
//!
//! let spans = otlp_json::parse(
//!     r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},
//!         "scopeSpans":[{"spans":[
//!             {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","name":"order","kind":1,
//!              "startTimeUnixNano":"1000","endTimeUnixNano":"9000"},
//!             {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b8","name":"pay","kind":1,
//!              "parentSpanId":"00f067aa0ba902b7","startTimeUnixNano":"2000","endTimeUnixNano":"8000"}]}]}]}"#,
//! )?;
//! let tree = Tree::new(spans);
//! assert_eq!(render::tree(&tree, &render::Options::default()), "order INTERNAL shop\n  pay INTERNAL shop\n");
//! assert_eq!(tree.self_time_ns(0), 2_000);
//! assert_eq!(duration::format(tree.span(1).duration_ns()), "6.00 µs");
//! assert_eq!(completeness(&tree), Completeness::Complete);
//! # Ok::<(), otlp_json::ParseError>(())
//! ```
//!
//! | question | answer |
//! | --- | --- |
//! | what was sent | [`otlp_json::parse`] into [`Span`]s |
//! | what belongs under what | [`Tree::new`]; a row for every span, whatever its parent is |
//! | whose clock is off | [`Tree::adjust_clocks`] |
//! | what made it take so long | [`Tree::critical_path`], [`Tree::self_time_ns`] |
//! | where did the time go | [`split()`] of the root's duration, exact to the nanosecond |
//! | is anything still missing | [`completeness()`] |
//! | what can be folded | [`groups`] of similar leaves |
//! | how does it read as text | [`render::tree`], [`duration::format`] |
//!
//! Times are unsigned nanoseconds since the Unix epoch. Nothing here panics or recurses on what a sender wrote: parents
//! that are missing, circular or given twice become marked roots, ends before starts become empty spans.

mod clocks;
mod completeness;
mod critical_path;
pub mod duration;
mod group;
mod id;
pub mod otlp_json;
pub mod render;
mod span;
mod split;
mod tree;

pub use clocks::Adjustment;
pub use completeness::{Completeness, completeness};
pub use critical_path::Segment;
pub use group::{GROUP_MIN, Group, groups};
pub use id::{IdError, SpanId, TraceId};
pub use span::{Event, Kind, Link, Span, Status, Value};
pub use split::{Part, Share, split};
pub use tree::{Node, Salvage, Tree};
