#![doc = include_str!("../README.md")]

mod attributes;
mod log;
mod request;
mod response;
mod span;
mod wire;

pub use attributes::{Attributes, Values};
pub use log::{LogHead, LogWriter, log};
pub use request::{Records, Scope, Scopes, encoded_resource_records, resource_records, scope_head};
pub use response::rejected;
pub use span::{Kind, LinkHead, ParentLocation, SpanHead, SpanWriter, Status, context_flags, span};
