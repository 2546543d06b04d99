//! As much of the OTLP messages as the assertions read.

use std::collections::BTreeMap;

use prost::Message;

#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct LogsRequest {
    #[prost(message, repeated, tag = "1")]
    resource_logs: Vec<ResourceLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceLogs {
    #[prost(message, repeated, tag = "2")]
    scope_logs: Vec<ScopeLogs>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeLogs {
    #[prost(message, repeated, tag = "2")]
    log_records: Vec<LogRecord>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct LogRecord {
    #[prost(fixed64, tag = "1")]
    pub(crate) time_ns: u64,
    #[prost(int32, tag = "2")]
    pub(crate) severity_number: i32,
    #[prost(message, optional, tag = "5")]
    body: Option<AnyValue>,
    #[prost(message, repeated, tag = "6")]
    attributes: Vec<KeyValue>,
    #[prost(bytes = "vec", tag = "9")]
    pub(crate) trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "10")]
    pub(crate) span_id: Vec<u8>,
    #[prost(string, tag = "12")]
    pub(crate) event_name: String,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceSpans {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeSpans {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Span {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) trace_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) span_id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) parent_span_id: Vec<u8>,
    #[prost(string, tag = "5")]
    pub(crate) name: String,
    #[prost(int32, tag = "6")]
    pub(crate) kind: i32,
    #[prost(fixed64, tag = "7")]
    pub(crate) start_ns: u64,
    #[prost(fixed64, tag = "8")]
    pub(crate) end_ns: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
    #[prost(message, repeated, tag = "11")]
    pub(crate) events: Vec<Event>,
    #[prost(message, repeated, tag = "13")]
    pub(crate) links: Vec<Link>,
    #[prost(message, optional, tag = "15")]
    status: Option<Status>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Event {
    #[prost(fixed64, tag = "1")]
    pub(crate) time_ns: u64,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Link {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) trace_id: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(string, tag = "2")]
    message: String,
    #[prost(int32, tag = "3")]
    code: i32,
}

#[derive(Clone, PartialEq, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct AnyValue {
    #[prost(oneof = "Value", tags = "1, 2, 3, 4")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Value {
    #[prost(string, tag = "1")]
    Text(String),
    #[prost(bool, tag = "2")]
    Bool(bool),
    #[prost(int64, tag = "3")]
    Int(i64),
    #[prost(double, tag = "4")]
    Double(f64),
}

impl Span {
    /// The attributes as text.
    pub(crate) fn attributes(&self) -> BTreeMap<&str, String> {
        texts(&self.attributes)
    }

    /// One attribute as text.
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        self.attributes().remove(key)
    }

    /// The message of an error; none for a span without.
    pub(crate) fn error(&self) -> Option<&str> {
        self.status
            .as_ref()
            .filter(|status| status.code == 2)
            .map(|status| status.message.as_str())
    }

    /// The `traceparent` of a request made in this span.
    pub(crate) fn traceparent(&self) -> String {
        format!("00-{}-{}-03", hex(&self.trace_id), hex(&self.span_id))
    }
}

impl LogRecord {
    /// What it says to people.
    pub(crate) fn body(&self) -> Option<&str> {
        match self.body.as_ref()?.value.as_ref()? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// One attribute as text.
    pub(crate) fn attribute(&self, key: &str) -> Option<String> {
        texts(&self.attributes).remove(key)
    }
}

/// All log records of some export requests, in order.
pub(crate) fn log_records(bodies: &[Vec<u8>]) -> Vec<LogRecord> {
    let decode = |body: &Vec<u8>| LogsRequest::decode(body.as_slice()).expect("valid OTLP");
    let resources = bodies.iter().flat_map(|body| decode(body).resource_logs);
    let scopes = resources.flat_map(|resource| resource.scope_logs);
    scopes.flat_map(|scope| scope.log_records).collect()
}

/// All spans of some export requests, in order.
pub(crate) fn spans(bodies: &[Vec<u8>]) -> Vec<Span> {
    let scopes = requests(bodies)
        .into_iter()
        .flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

/// The resource attributes of the first export request, as text.
pub(crate) fn resource(bodies: &[Vec<u8>]) -> BTreeMap<String, String> {
    let first = requests(bodies)
        .into_iter()
        .find_map(|resource| resource.resource)
        .expect("an export");
    texts(&first.attributes)
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect()
}

fn requests(bodies: &[Vec<u8>]) -> Vec<ResourceSpans> {
    let decode = |body: &Vec<u8>| {
        Request::decode(body.as_slice())
            .expect("valid OTLP")
            .resource_spans
    };
    bodies.iter().flat_map(decode).collect()
}

fn texts(attributes: &[KeyValue]) -> BTreeMap<&str, String> {
    let text =
        |value: &Option<AnyValue>| match value.as_ref().and_then(|value| value.value.as_ref()) {
            Some(Value::Text(text)) => text.clone(),
            Some(Value::Bool(value)) => value.to_string(),
            Some(Value::Int(value)) => value.to_string(),
            Some(Value::Double(value)) => value.to_string(),
            None => String::from("something else"),
        };
    attributes
        .iter()
        .map(|attribute| (attribute.key.as_str(), text(&attribute.value)))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
