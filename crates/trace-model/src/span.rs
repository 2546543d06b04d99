//! One finished span and what hangs on it. The tree is built from these.

use std::fmt;
use std::sync::Arc;

use crate::{SpanId, TraceId};

/// A finished span of one service.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Span {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The span it was started under; absent for the root of a trace.
    pub parent_id: Option<SpanId>,
    /// What was done.
    pub name: String,
    /// Its role towards other services.
    pub kind: Kind,
    /// When it started, in nanoseconds since the Unix epoch.
    pub start_ns: u64,
    /// When it ended, in nanoseconds since the Unix epoch.
    pub end_ns: u64,
    /// Attributes in the order they were sent.
    pub attributes: Vec<(String, Value)>,
    /// What happened at one moment of it.
    pub events: Vec<Event>,
    /// Spans it is related to other than as child.
    pub links: Vec<Link>,
    /// How it ended.
    pub status: Status,
    /// `service.name` of the resource that made it; empty when the resource has none.
    pub service: String,
    /// `service.instance.id` of that resource, or else `host.name`: whose clock the times are of; may be empty.
    pub instance: Arc<str>,
    /// W3C trace flags in the low 8 bits; bits 8 and 9 say whether the parent is known to be remote, and is.
    pub flags: u32,
    /// Name of the instrumentation scope that made it.
    pub scope: String,
    /// Attributes that were over the sender's limit.
    pub dropped_attributes: u32,
    /// Events that were over the sender's limit.
    pub dropped_events: u32,
    /// Links that were over the sender's limit.
    pub dropped_links: u32,
}

impl Span {
    /// How long it took, in nanoseconds; 0 when it ends before it starts.
    #[must_use]
    pub fn duration_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.start_ns)
    }

    /// The attribute of this key.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Whether it ended with an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        matches!(self.status, Status::Error(_))
    }
}

/// Role of a span towards other services.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Not said.
    #[default]
    Unspecified,
    /// Work inside one service.
    Internal,
    /// Answers a request from elsewhere.
    Server,
    /// Waits for an answer from elsewhere.
    Client,
    /// Hands a message over.
    Producer,
    /// Takes a message up.
    Consumer,
}

impl Kind {
    /// The kind that OTLP numbers so; a number that is not known says nothing.
    #[must_use]
    pub fn of_number(number: u64) -> Self {
        match number {
            1 => Self::Internal,
            2 => Self::Server,
            3 => Self::Client,
            4 => Self::Producer,
            5 => Self::Consumer,
            _ => Self::Unspecified,
        }
    }

    /// Its number in OTLP.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "UNSPECIFIED",
            Self::Internal => "INTERNAL",
            Self::Server => "SERVER",
            Self::Client => "CLIENT",
            Self::Producer => "PRODUCER",
            Self::Consumer => "CONSUMER",
        })
    }
}

/// How a span ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nobody said.
    #[default]
    Unset,
    /// Declared a success.
    Ok,
    /// Failed, with a message that may be empty.
    Error(String),
}

/// Something that happened at one moment of a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// When, in nanoseconds since the Unix epoch.
    pub time_ns: u64,
    /// What.
    pub name: String,
    /// Attributes in the order they were sent.
    pub attributes: Vec<(String, Value)>,
    /// Attributes that were over the sender's limit.
    pub dropped_attributes: u32,
}

/// A relation to a span, usually of another trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// Trace of the other span.
    pub trace_id: TraceId,
    /// Id of the other span.
    pub span_id: SpanId,
    /// Attributes in the order they were sent.
    pub attributes: Vec<(String, Value)>,
    /// Attributes that were over the sender's limit.
    pub dropped_attributes: u32,
}

/// Value of an attribute.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    String(String),
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Double(f64),
    /// Bytes that are no text.
    Bytes(Vec<u8>),
    /// Several values.
    Array(Vec<Value>),
    /// Values by key, in the order they were sent.
    Map(Vec<(String, Value)>),
}

impl fmt::Display for Value {
    /// One line whatever the text holds: control characters and quotes are escaped, bytes are written as hex.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(text) if text.chars().any(char::is_control) => write!(f, "{text:?}"),
            Self::String(text) => f.write_str(text),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Double(value) => write!(f, "{value}"),
            Self::Bytes(bytes) => {
                f.write_str("0x")?;
                bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::Array(values) => {
                f.write_str("[")?;
                for (i, value) in values.iter().enumerate() {
                    write!(f, "{}{value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (i, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}={value}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}
