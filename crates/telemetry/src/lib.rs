//! OpenTelemetry for native services: provider, W3C propagation, HTTP layers, OTLP export, log records, test kit.
//!
//! A process reads [`Settings`] from the environment, calls [`init`] once, serves behind [`http::ServerLayer`], calls
//! others through [`http::ClientLayer`], marks its own work with [`in_span`] and [`in_span_async`], and at the end of its
//! life calls [`Guard::shutdown`], which sends what is still queued.
//!
//! Rules that hold everywhere in this crate:
//! - It never changes what the traced code does: before [`init`], or with `OTEL_SDK_DISABLED=true`, every function still
//!   runs the work it was given, and a trace that came in is still passed on.
//! - A span ends exactly once. Work that is dropped before it is done (a client that went away, a lost `select!`) ends
//!   its span with [`CANCELLED`]`=true` and without an error; work that panics ends it with `error.type=panic`.
//! - Export happens on a thread of its own; a receiver that is slow or away costs nothing but the spans.

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
