#![doc = include_str!("../README.md")]

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
mod summary;
mod tree;

pub use clocks::{Adjustment, OffsetSource};
pub use completeness::{Completeness, completeness};
pub use critical_path::Segment;
pub use group::{GROUP_MIN, Group, groups};
pub use id::{IdError, SpanId, TraceId};
pub use span::{Event, Kind, Link, Span, Status, Value};
pub use split::{Part, Share, split};
pub use summary::{NAME_MAX_CHARS, SERVICES_MAX, ServiceSummary, Summary, SummaryError};
pub use tree::{Node, Salvage, Tree};
