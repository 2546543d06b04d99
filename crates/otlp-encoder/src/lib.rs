#![doc = include_str!("../README.md")]

mod attributes;
mod request;
mod span;
mod wire;

pub use attributes::{Attributes, Values};
pub use request::{Scope, Scopes, Spans, resource_spans};
pub use span::{Kind, LinkHead, ParentLocation, SpanHead, SpanWriter, Status, context_flags, span};
