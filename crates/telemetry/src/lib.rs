#![doc = include_str!("../README.md")]

mod export;
pub mod http;
pub mod log;
mod percent;
pub mod propagation;
mod provider;
mod resource;
mod settings;
mod span;
#[cfg(feature = "testing")]
pub mod testing;

pub use opentelemetry::trace::{SpanContext, TraceContextExt};
pub use opentelemetry::{Context, KeyValue};
pub use provider::{Guard, InitError, init};
pub use settings::{BatchSettings, Sampler, Settings, SettingsError};
pub use span::{CANCELLED, ERROR_TYPE, fail, in_span, in_span_async, trace_id};
