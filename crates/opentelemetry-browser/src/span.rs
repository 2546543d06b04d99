//! A span while it is open: what has been said about it so far, within limits. The pipeline owns it; when it ends, it
//! becomes the bytes of `otlp-encoder`.

use std::borrow::Cow;
#[cfg(feature = "session")]
use std::rc::Rc;
use std::sync::Arc;

use opentelemetry::trace::{Link, SpanContext, SpanKind, Status};
use opentelemetry::{Array, InstrumentationScope, KeyValue, SpanId, StringValue, Value};
use otlp_encoder::{Attributes, Kind, LinkHead, ParentLocation, SpanHead, context_flags};

#[cfg(feature = "session")]
use crate::attribute::SESSION_ID;
use crate::limits::Limits;

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
    /// The session in which it began; none below another span of this page.
    #[cfg(feature = "session")]
    pub(crate) session_id: Option<Rc<str>>,
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

/// A list that keeps as many items as it may and counts the others.
#[derive(Debug)]
pub(crate) struct Limited<T> {
    items: Vec<T>,
    dropped: u32,
    /// Texts of attributes that were cut off.
    shortened: u32,
}

/// What a span or log record had to do without.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Losses {
    pub(crate) dropped_items: u64,
    pub(crate) shortened_texts: u64,
}

impl<T> Limited<T> {
    pub(crate) fn new() -> Self {
        Self {
            items: Vec::new(),
            dropped: 0,
            shortened: 0,
        }
    }

    pub(crate) fn push(&mut self, item: T, most: usize) {
        if self.items.len() < most {
            self.items.push(item);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Counts what somebody else has dropped.
    #[cfg(feature = "sdk")]
    pub(crate) fn add_dropped(&mut self, count: u32) {
        self.dropped = self.dropped.saturating_add(count);
    }

    /// What was dropped or cut off in this list, apart from its items.
    pub(crate) fn losses(&self) -> Losses {
        Losses {
            dropped_items: u64::from(self.dropped),
            shortened_texts: u64::from(self.shortened),
        }
    }
}

impl Limited<KeyValue> {
    /// Sets an attribute; a key that is there already gets the new value.
    pub(crate) fn set(&mut self, mut attribute: KeyValue, limits: &Limits) {
        let shortened = shorten(&mut attribute.value, limits.text_length);
        let has_room = self.items.len() < limits.attributes;
        let existing = self
            .items
            .iter_mut()
            .find(|existing| existing.key == attribute.key);
        match existing {
            Some(existing) => existing.value = attribute.value,
            None if has_room => self.items.push(attribute),
            None => {
                self.dropped = self.dropped.saturating_add(1);
                return;
            }
        }
        self.shortened = self.shortened.saturating_add(shortened);
    }

    pub(crate) fn from_attributes(
        attributes: impl IntoIterator<Item = KeyValue>,
        limits: &Limits,
    ) -> Self {
        let mut limited = Self::new();
        for attribute in attributes {
            limited.set(attribute, limits);
        }
        limited
    }

    /// Writes the attributes; the number of those dropped is a field of its own.
    pub(crate) fn write(&self, writer: &mut Attributes<'_>) {
        write_attributes(writer, &self.items);
    }

    /// How many attributes there was no room for.
    #[cfg(feature = "logs")]
    pub(crate) fn dropped(&self) -> u32 {
        self.dropped
    }
}

/// Cuts texts off after `most` characters; returns how many.
fn shorten(value: &mut Value, most: usize) -> u32 {
    let shorten_text = |text: &mut StringValue| {
        // A text has no more characters than bytes, which is told at once.
        let cut = (text.as_str().len() > most)
            .then(|| text.as_str().char_indices().nth(most))
            .flatten();
        if let Some((end, _)) = cut {
            *text = StringValue::from(text.as_str().get(..end).unwrap_or_default().to_owned());
        }
        u32::from(cut.is_some())
    };
    match value {
        Value::String(text) => shorten_text(text),
        Value::Array(Array::String(texts)) => texts.iter_mut().map(shorten_text).sum(),
        _ => 0,
    }
}

impl std::ops::AddAssign for Losses {
    fn add_assign(&mut self, other: Self) {
        self.dropped_items += other.dropped_items;
        self.shortened_texts += other.shortened_texts;
    }
}

impl OpenSpan {
    /// Adds an event.
    pub(crate) fn add_event(&mut self, event: SpanEvent, limits: &Limits) {
        self.events.push(event, limits.events);
    }

    /// Adds a link; one that points nowhere is ignored.
    pub(crate) fn add_link(&mut self, mut link: Link, limits: &Limits) {
        if !link.span_context.is_valid() {
            return;
        }
        let mut attributes = Limited::from_attributes(link.attributes, limits);
        link.attributes = std::mem::take(&mut attributes.items);
        link.dropped_attributes_count = link
            .dropped_attributes_count
            .saturating_add(attributes.dropped);
        self.links.shortened = self.links.shortened.saturating_add(attributes.shortened);
        self.links.push(link, limits.links);
    }

    /// What the limits have cost this span.
    pub(crate) fn losses(&self) -> Losses {
        let mut losses = self.attributes.losses();
        losses += self.events.losses();
        losses += self.links.losses();
        for event in &self.events.items {
            losses += event.attributes.losses();
        }
        for link in &self.links.items {
            losses.dropped_items += u64::from(link.dropped_attributes_count);
        }
        losses
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
            #[cfg(feature = "session")]
            if let Some(session_id) = &self.session_id {
                span.attributes().string(SESSION_ID, session_id);
            }
            self.attributes.write(&mut span.attributes());
            span.dropped_attributes(self.attributes.dropped);
            for event in &self.events.items {
                span.event(
                    &event.name,
                    event.time_ns,
                    event.attributes.dropped,
                    |attributes| event.attributes.write(attributes),
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
