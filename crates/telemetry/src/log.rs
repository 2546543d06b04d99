//! Log records on stderr: one line each, readable by itself, with the trace and span it was made in.
//!
//! `2026-11-21T08:33:22.123456Z INFO backend::startup: the index answers documents=18 trace_id=… span_id=…`
//!
//! Every value is escaped so that text from outside can neither end a line nor fake a field.

use std::fmt::{self, Write as _};

use opentelemetry::Context;
use opentelemetry::trace::TraceContextExt;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Log records cannot be written as asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter is not `level` or a list of `target=level`.
    #[error("the log filter {0:?} is not `level` or `target=level,…`")]
    Filter(String),
    /// Another subscriber of `tracing` is already set.
    #[error("another subscriber of log records is already set")]
    Taken,
}

/// Writes log records that pass `filter` (such as `info` or `info,tantivy=warn`) to stderr from now on; for programs
/// that make no spans. [`init`](crate::init) does this by itself.
///
/// # Errors
/// See [`LogError`].
pub fn init(filter: &str) -> Result<(), LogError> {
    let targets: Targets = filter
        .parse()
        .map_err(|_| LogError::Filter(filter.to_owned()))?;
    let lines = tracing_subscriber::fmt::layer()
        .event_format(Lines)
        .with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(targets)
        .with(lines)
        .try_init()
        .map_err(|_| LogError::Taken)
}

/// Whether [`init`] would take this filter, and why not.
pub(crate) fn check_filter(filter: &str) -> Result<(), String> {
    let parsed = filter.parse::<Targets>();
    parsed
        .map(|_| ())
        .map_err(|_| "expected `level` or `target=level,…`".to_owned())
}

/// The format of a line.
pub(crate) struct Lines;

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let metadata = event.metadata();
        SystemTime.format_time(&mut writer)?;
        write!(writer, " {} {}:", metadata.level(), metadata.target())?;
        let mut fields = Fields::default();
        event.record(&mut fields);
        writeln!(writer, "{}{}{}", fields.message, fields.rest, CurrentSpan)
    }
}

/// The fields of a record: the message first, the others as `name=value` after it.
#[derive(Default)]
struct Fields {
    message: String,
    rest: String,
}

impl Fields {
    fn record(&mut self, field: &Field, value: &str) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, " {}", Escaped(value)),
            name if value.contains([' ', '"', '=']) || value.is_empty() => {
                write!(self.rest, " {name}=\"{}\"", Escaped(value))
            }
            name => write!(self.rest, " {name}={}", Escaped(value)),
        };
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        // The chain of causes belongs in the log, whatever its user is told.
        let mut text = value.to_string();
        let mut cause = value.source();
        while let Some(error) = cause {
            let _ = write!(text, ": {error}");
            cause = error.source();
        }
        self.record(field, &text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record(field, &format!("{value:?}"));
    }
}

/// Text with control characters, quotes and backslashes escaped.
struct Escaped<'t>(&'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|letter| match letter {
            '"' | '\\' => write!(f, "\\{letter}"),
            letter if letter.is_control() => write!(f, "{}", letter.escape_default()),
            letter => f.write_char(letter),
        })
    }
}

/// ` trace_id=… span_id=…` inside a span, nothing outside.
struct CurrentSpan;

impl fmt::Display for CurrentSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Context::map_current(|cx| {
            let span = cx.span();
            let span = span.span_context();
            match span.is_valid() {
                true => write!(
                    f,
                    " trace_id={} span_id={}",
                    span.trace_id(),
                    span.span_id()
                ),
                false => Ok(()),
            }
        })
    }
}

#[cfg(test)]
mod tests;
