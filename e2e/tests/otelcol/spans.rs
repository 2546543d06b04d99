//! Makes spans to send, and brings stored ones into an order in which they can be compared.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};

/// Start of every trace: recent enough for any storage, and a number with digits down to the nanosecond.
pub(crate) const START_NS: u64 = 1_790_000_000_123_456_789;
pub(crate) const MILLISECOND_NS: u64 = 1_000_000;
pub(crate) const ERROR: i32 = 2;

/// A span of five milliseconds; a root when `parent_id` is 0.
pub(crate) fn span(trace_id: u128, span_id: u64, parent_id: u64, name: &str) -> Span {
    Span {
        trace_id: trace_id.to_be_bytes().to_vec(),
        span_id: span_id.to_be_bytes().to_vec(),
        parent_span_id: match parent_id {
            0 => Vec::new(),
            id => id.to_be_bytes().to_vec(),
        },
        name: name.to_owned(),
        kind: 1,
        start_time_unix_nano: START_NS,
        end_time_unix_nano: START_NS + 5 * MILLISECOND_NS,
        ..Span::default()
    }
}

/// Spans of one service.
pub(crate) fn of_service(service: &str, spans: Vec<Span>) -> ResourceSpans {
    of_resource(vec![text("service.name", service)], spans)
}

pub(crate) fn of_resource(attributes: Vec<KeyValue>, spans: Vec<Span>) -> ResourceSpans {
    ResourceSpans {
        resource: Some(Resource {
            attributes,
            ..Resource::default()
        }),
        scope_spans: vec![ScopeSpans {
            spans,
            ..ScopeSpans::default()
        }],
        ..ResourceSpans::default()
    }
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

pub(crate) fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..KeyValue::default()
    }
}

pub(crate) fn texts(key: &str, values: &[&str]) -> KeyValue {
    let values = values.iter().map(|value| AnyValue {
        value: Some(Value::StringValue((*value).to_owned())),
    });
    attribute(
        key,
        Value::ArrayValue(ArrayValue {
            values: values.collect(),
        }),
    )
}

pub(crate) fn status(code: i32, message: &str) -> Option<Status> {
    Some(Status {
        message: message.to_owned(),
        code,
    })
}

/// One search as page, frontend-server and backend tell it, with everything a span can have.
pub(crate) fn search(trace_id: u128) -> Vec<ResourceSpans> {
    vec![page(trace_id), frontend_server(trace_id), backend(trace_id)]
}

fn page(trace_id: u128) -> ResourceSpans {
    let mut root = span(trace_id, 1, 0, "frontend_search");
    root.attributes = vec![
        text("app.search.query", "the whale — кит"),
        attribute("app.search.query.length", Value::IntValue(15)),
        text("app.search.outcome", "answered"),
    ];
    root.trace_state = "vendor=opaque,other=1".to_owned();
    root.flags = 0x101;
    root.end_time_unix_nano = START_NS + 60 * MILLISECOND_NS + 1;

    let mut call = span(trace_id, 2, 1, "api_request_execute");
    call.kind = 3;
    call.attributes = vec![
        text(
            "url.full",
            "http://localhost:3000/api/search?q=whale&method=tfidf",
        ),
        attribute("http.response.status_code", Value::IntValue(200)),
    ];
    of_resource(in_test("gutenberg-frontend"), vec![root, call])
}

fn frontend_server(trace_id: u128) -> ResourceSpans {
    let mut proxy = span(trace_id, 3, 2, "GET /api/{*path}");
    proxy.kind = 2;
    proxy.status = status(1, "");
    of_resource(in_test("gutenberg-frontend-server"), vec![proxy])
}

fn backend(trace_id: u128) -> ResourceSpans {
    let mut sent = span(trace_id, 6, 4, "publish");
    sent.kind = 4;
    let mut taken = span(trace_id, 7, 6, "consume");
    taken.kind = 5;
    let spans = vec![linked(trace_id), failed(trace_id), sent, taken];

    let mut resource = in_test("gutenberg-backend");
    resource.push(attribute("process.pid", Value::IntValue(42)));
    let mut backend = of_resource(resource, spans);
    backend.schema_url = "https://opentelemetry.io/schemas/1.37.0".to_owned();
    backend.scope_spans[0].scope = Some(InstrumentationScope {
        name: "backend".to_owned(),
        version: "0.1.0".to_owned(),
        attributes: vec![text("scope.kind", "library")],
        dropped_attributes_count: 1,
    });
    backend.scope_spans[0].schema_url = "https://opentelemetry.io/schemas/1.36.0".to_owned();
    backend
}

/// Attributes of every type, and a link.
fn linked(trace_id: u128) -> Span {
    let mut search = span(trace_id, 4, 3, "GET /search");
    search.kind = 2;
    search.attributes = vec![
        attribute("app.search.top_score", Value::DoubleValue(0.1 + 0.2)),
        attribute("cached", Value::BoolValue(false)),
        attribute("bytes", Value::BytesValue(vec![0, 255, 7])),
        attribute("largest", Value::IntValue(i64::MAX)),
        texts("http.request.header.accept", &["text/html", "*/*"]),
        text("empty", ""),
    ];
    search.dropped_attributes_count = 3;
    search.links = vec![Link {
        trace_id: (trace_id + 1).to_be_bytes().to_vec(),
        span_id: 9_u64.to_be_bytes().to_vec(),
        trace_state: "a=b".to_owned(),
        attributes: vec![text("link.kind", "start-up")],
        dropped_attributes_count: 1,
        flags: 0x100,
    }];
    search.dropped_links_count = 2;
    search
}

/// An error, and events.
fn failed(trace_id: u128) -> Span {
    let mut failed = span(trace_id, 5, 4, "generate_snippet");
    failed.status = status(ERROR, "the book is damaged");
    failed.events = vec![
        Event {
            time_unix_nano: START_NS + 17,
            name: "exception".to_owned(),
            attributes: vec![
                text("exception.type", "std::io::Error"),
                attribute("attempt", Value::IntValue(2)),
            ],
            dropped_attributes_count: 4,
        },
        Event {
            time_unix_nano: START_NS + 18,
            name: "given up".to_owned(),
            ..Event::default()
        },
    ];
    failed.dropped_events_count = 5;
    failed
}

/// A resource that the Collector has nothing to add to.
fn in_test(service: &str) -> Vec<KeyValue> {
    vec![
        text("service.name", service),
        text("deployment.environment.name", "test"),
    ]
}

/// A span, and what is said once for many: its resource and its scope, without the spans.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Whole {
    pub(crate) span: Span,
    pub(crate) resource: Resource,
    scope: ScopeSpans,
    resource_schema_url: String,
}

/// Every span by itself, ordered by its id, attributes ordered by key: which order they travel in means nothing.
pub(crate) fn whole(resource_spans: &[ResourceSpans]) -> Vec<Whole> {
    let mut all = Vec::new();
    for of_resource in resource_spans {
        let mut resource = of_resource.resource.clone().unwrap_or_default();
        order(&mut resource.attributes);
        for of_scope in &of_resource.scope_spans {
            for span in &of_scope.spans {
                let mut span = span.clone();
                order(&mut span.attributes);
                for event in &mut span.events {
                    order(&mut event.attributes);
                }
                // A status of code 0 without message says as much as none.
                span.status = span.status.filter(|status| *status != Status::default());
                let scope = ScopeSpans {
                    spans: Vec::new(),
                    scope: Some(of_scope.scope.clone().unwrap_or_default()),
                    ..of_scope.clone()
                };
                all.push(Whole {
                    span,
                    resource: resource.clone(),
                    scope,
                    resource_schema_url: of_resource.schema_url.clone(),
                });
            }
        }
    }
    all.sort_by(|a, b| a.span.span_id.cmp(&b.span.span_id));
    all
}

fn order(attributes: &mut [KeyValue]) {
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
}

/// The text of an attribute; nothing when it is missing or no text.
pub(crate) fn text_of<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}
