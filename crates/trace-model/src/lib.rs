#![doc = include_str!("../README.md")]

mod budget;
mod clocks;
mod completeness;
mod critical_path;
mod diff;
mod doctor;
pub mod duration;
mod group;
mod id;
mod order;
pub mod otlp_json;
pub mod render;
mod span;
mod split;
mod summary;
pub mod terminal;
mod tree;

pub use budget::{BUDGETS_MAX, Budget, BudgetError, Budgets, Found, Limit, Verdict};
pub use clocks::{Adjustment, OffsetSource};
pub use completeness::{Completeness, completeness};
pub use critical_path::Segment;
pub use diff::{Diff, DiffRow, Side, diff};
pub use doctor::{Ailment, Examination, FINDINGS_MAX, Finding, examine};
pub use group::{GROUP_MIN, Group, groups};
pub use id::{IdError, SpanId, TraceId};
pub use order::sort_by_key;
pub use span::{Event, Kind, Link, Span, Status, Value};
pub use split::{Part, Share, split};
pub use summary::{NAME_MAX_CHARS, SERVICES_MAX, ServiceSummary, Summary, SummaryError};
pub use tree::{Node, Salvage, Tree};
