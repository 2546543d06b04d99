//! A span while it is open: what has been said about it so far, within limits. The pipeline owns it; when it ends, it
//! becomes the bytes of `otlp-encoder`.

use std::borrow::Cow;
use std::sync::Arc;

use opentelemetry::trace::{Link, SpanContext, SpanKind, Status};
use opentelemetry::{Array, InstrumentationScope, KeyValue, SpanId, Value};
use otlp_encoder::{Attributes, Kind, LinkHead, ParentLocation, SpanHead, context_flags};

/// Most attributes, most events and most links of a span, and most attributes of each of its events and links: the
/// default limits of the specification. What exceeds them is counted and dropped.
const LIMIT: usize = 128;

/// A span that has begun and not ended.
#[derive(Debug)]
pub(crate) struct OpenSpan {
    pub(crate) context: SpanContext,
    pub(crate) parent: Parent,
    pub(crate) scope: Arc<InstrumentationScope>,
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: SpanKind,
    pub(crate) start_ns: u64,
    pub(crate) attributes: Limited<KeyValue>,
    pub(crate) events: Limited<SpanEvent>,
    pub(crate) links: Limited<Link>,
    pub(crate) status: Status,
}

/// Where a span hangs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Parent {
    /// Nowhere: it is the root of its trace.
    None,
    /// Under a span of this page.
    Local(SpanId),
    /// Under a span of another process.
    Remote(SpanId),
}

/// Something that happened at one moment of a span.
#[derive(Debug)]
pub(crate) struct SpanEvent {
    pub(crate) name: Cow<'static, str>,
    pub(crate) time_ns: u64,
    pub(crate) attributes: Limited<KeyValue>,
}

/// A list that keeps the first [`LIMIT`] items and counts the others.
#[derive(Debug)]
pub(crate) struct Limited<T> {
    items: Vec<T>,
    dropped: u32,
}

impl<T> Limited<T> {
    pub(crate) fn new() -> Self {
        Self {
            items: Vec::new(),
            dropped: 0,
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.items.len() < LIMIT {
            self.items.push(item);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

impl Limited<KeyValue> {
    /// Sets an attribute; a key that is there already gets the new value.
    pub(crate) fn set(&mut self, attribute: KeyValue) {
        match self
            .items
            .iter_mut()
            .find(|existing| existing.key == attribute.key)
        {
            Some(existing) => existing.value = attribute.value,
            None => self.push(attribute),
        }
    }

    pub(crate) fn from_attributes(attributes: impl IntoIterator<Item = KeyValue>) -> Self {
        let mut limited = Self::new();
        for attribute in attributes {
            limited.set(attribute);
        }
        limited
    }
}

impl OpenSpan {
    /// Adds a link; one that points nowhere is ignored.
    pub(crate) fn add_link(&mut self, mut link: Link) {
        if !link.span_context.is_valid() {
            return;
        }
        let surplus = link.attributes.len().saturating_sub(LIMIT);
        link.attributes.truncate(LIMIT);
        link.dropped_attributes_count = link
            .dropped_attributes_count
            .saturating_add(u32::try_from(surplus).unwrap_or(u32::MAX));
        self.links.push(link);
    }

    /// Sets the status by the specification's order: nothing takes back an `Ok`, and nothing unsets.
    pub(crate) fn set_status(&mut self, status: Status) {
        if status > self.status
            || matches!(
                (&status, &self.status),
                (Status::Error { .. }, Status::Error { .. })
            )
        {
            self.status = status;
        }
    }

    /// The span as an OTLP message. It never ends before it starts, whatever the clock did in between.
    pub(crate) fn encode(&self, end_ns: u64) -> Vec<u8> {
        let (parent_span_id, location) = match self.parent {
            Parent::None => (None, ParentLocation::Local),
            Parent::Local(id) => (Some(id.to_bytes()), ParentLocation::Local),
            Parent::Remote(id) => (Some(id.to_bytes()), ParentLocation::Remote),
        };
        let head = SpanHead {
            trace_id: self.context.trace_id().to_bytes(),
            span_id: self.context.span_id().to_bytes(),
            parent_span_id,
            trace_state: &trace_state_header(&self.context),
            flags: context_flags(self.context.trace_flags().to_u8(), location),
            name: &self.name,
            kind: kind(&self.kind),
            start_ns: self.start_ns,
            end_ns: end_ns.max(self.start_ns),
        };
        let mut bytes = Vec::with_capacity(192);
        otlp_encoder::span(&mut bytes, &head, |span| {
            write_attributes(&mut span.attributes(), &self.attributes.items);
            span.dropped_attributes(self.attributes.dropped);
            for event in &self.events.items {
                span.event(
                    &event.name,
                    event.time_ns,
                    event.attributes.dropped,
                    |attributes| {
                        write_attributes(attributes, &event.attributes.items);
                    },
                );
            }
            span.dropped_events(self.events.dropped);
            for link in &self.links.items {
                let trace_state = trace_state_header(&link.span_context);
                span.link(
                    &link_head(&link.span_context, &trace_state),
                    link.dropped_attributes_count,
                    |attributes| {
                        write_attributes(attributes, &link.attributes);
                    },
                );
            }
            span.dropped_links(self.links.dropped);
            span.status(match &self.status {
                Status::Unset => otlp_encoder::Status::Unset,
                Status::Ok => otlp_encoder::Status::Ok,
                Status::Error { description } => otlp_encoder::Status::Error(description),
            });
        });
        bytes
    }
}

/// Writes OpenTelemetry attributes; also used for the resource and for scopes.
pub(crate) fn write_attributes<'a>(
    writer: &mut Attributes<'_>,
    attributes: impl IntoIterator<Item = &'a KeyValue>,
) {
    for KeyValue { key, value, .. } in attributes {
        let key = key.as_str();
        match value {
            Value::Bool(value) => writer.bool(key, *value),
            Value::I64(value) => writer.int(key, *value),
            Value::F64(value) => writer.double(key, *value),
            Value::String(value) => writer.string(key, value.as_str()),
            Value::Array(array) => writer.array(key, |values| match array {
                Array::Bool(items) => items.iter().for_each(|item| values.bool(*item)),
                Array::I64(items) => items.iter().for_each(|item| values.int(*item)),
                Array::F64(items) => items.iter().for_each(|item| values.double(*item)),
                Array::String(items) => items.iter().for_each(|item| values.string(item.as_str())),
                // The type may grow in later versions of the API, which would then be handled here.
                _ => {}
            }),
            _ => {}
        }
    }
}

/// The `tracestate` of a context, without work for the usual case that there is none.
pub(crate) fn trace_state_header(context: &SpanContext) -> String {
    let is_empty = context.trace_state().into_iter().next().is_none();
    if is_empty {
        String::new()
    } else {
        context.trace_state().header()
    }
}

fn link_head<'a>(target: &SpanContext, trace_state: &'a str) -> LinkHead<'a> {
    let location = if target.is_remote() {
        ParentLocation::Remote
    } else {
        ParentLocation::Local
    };
    LinkHead {
        trace_id: target.trace_id().to_bytes(),
        span_id: target.span_id().to_bytes(),
        trace_state,
        flags: context_flags(target.trace_flags().to_u8(), location),
    }
}

fn kind(kind: &SpanKind) -> Kind {
    match kind {
        SpanKind::Client => Kind::Client,
        SpanKind::Server => Kind::Server,
        SpanKind::Producer => Kind::Producer,
        SpanKind::Consumer => Kind::Consumer,
        SpanKind::Internal => Kind::Internal,
    }
}
