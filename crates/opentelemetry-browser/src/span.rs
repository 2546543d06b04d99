//! A span while it is open: what has been said about it so far, within limits. What it has of attributes, events and links is
//! OTLP from the first moment; the pipeline owns it, and completes the message when it ends.

use std::borrow::Cow;
#[cfg(feature = "session")]
use std::rc::Rc;
use std::sync::Arc;

use opentelemetry::trace::{Link, SpanContext, SpanKind, Status};
use opentelemetry::{Array, InstrumentationScope, KeyValue, SpanId, Value};
use otlp_encoder::{
    Attributes, Kind, LinkHead, ParentLocation, SpanHead, SpanWriter, context_flags,
};

#[cfg(feature = "session")]
use crate::attribute::SESSION_ID;
use crate::ids::{span_bytes, trace_bytes};
use crate::limits::Limits;

/// Room for a span as most are.
const USUAL_BYTES: usize = 256;

/// The library that a record comes from, as OTLP says it before the records.
pub(crate) type Scope = Arc<Vec<u8>>;

/// A span that has begun and not ended.
#[derive(Debug)]
pub(crate) struct OpenSpan {
    pub(crate) context: SpanContext,
    pub(crate) parent: Parent,
    pub(crate) scope: Scope,
    pub(crate) name: Cow<'static, str>,
    pub(crate) kind: SpanKind,
    pub(crate) start_ns: u64,
    pub(crate) status: Status,
    /// Attributes, events and links.
    written: Vec<u8>,
    attributes: Tally,
    events: Tally,
    links: Tally,
    losses: Losses,
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

impl Parent {
    /// Under the span of this context.
    pub(crate) fn of(context: &SpanContext) -> Self {
        match context.is_remote() {
            true => Self::Remote(context.span_id()),
            false => Self::Local(context.span_id()),
        }
    }
}

/// The value of an attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'a> {
    Text(&'a str),
    Int(i64),
    #[cfg(any(feature = "server_timing", feature = "web_vitals"))]
    Double(f64),
    Bool(bool),
    /// Any of the API's.
    Value(&'a Value),
}

/// How many items a list has, and for how many there was no room.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    kept: usize,
    pub(crate) dropped: u32,
    /// A bit for the looks of every key: one that looks like none before need not be searched for.
    looks: u64,
}

/// What a span or log record had to do without.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Losses {
    pub(crate) dropped_items: u64,
    pub(crate) shortened_texts: u64,
}

impl Tally {
    /// Counts an item. Says whether there is room for it among `most`.
    fn takes(&mut self, most: usize, losses: &mut Losses) -> bool {
        let has_room = self.kept < most;
        if has_room {
            self.kept += 1;
        } else {
            self.drop_items(1, losses);
        }
        has_room
    }

    fn drop_items(&mut self, count: u32, losses: &mut Losses) {
        self.dropped = self.dropped.saturating_add(count);
        losses.dropped_items += u64::from(count);
    }

    /// Writes an attribute; a key that is there already gets the new value.
    pub(crate) fn set(
        &mut self,
        writer: &mut Attributes<'_>,
        (key, item): (&str, Item<'_>),
        limits: &Limits,
        losses: &mut Losses,
    ) {
        let last = key.bytes().next_back().unwrap_or_default();
        let look = 1 << ((key.len() as u32 * 7 + u32::from(last)) % 64);
        let may_be_there = self.looks & look != 0;
        self.looks |= look;
        if (may_be_there && writer.remove(key)) || self.takes(limits.attributes, losses) {
            losses.shortened_texts += write(writer, key, item, limits.text_length);
        }
    }
}

/// Writes a list of attributes of which nothing was written yet; returns how many there was no room for.
pub(crate) fn write_attributes(
    writer: &mut Attributes<'_>,
    attributes: &[KeyValue],
    limits: &Limits,
    losses: &mut Losses,
) -> u32 {
    let mut tally = Tally::default();
    for attribute in attributes {
        tally.set(writer, item_of(attribute), limits, losses);
    }
    tally.dropped
}

impl OpenSpan {
    /// A span of which nothing more is known.
    pub(crate) fn new(
        context: SpanContext,
        parent: Parent,
        scope: Scope,
        name: Cow<'static, str>,
        kind: SpanKind,
        start_ns: u64,
    ) -> Self {
        Self {
            context,
            parent,
            scope,
            name,
            kind,
            start_ns,
            status: Status::Unset,
            written: Vec::with_capacity(USUAL_BYTES),
            attributes: Tally::default(),
            events: Tally::default(),
            links: Tally::default(),
            losses: Losses::default(),
            #[cfg(feature = "session")]
            session_id: None,
        }
    }

    /// Sets an attribute; a key that is there already gets the new value.
    pub(crate) fn set(&mut self, key: &str, item: Item<'_>, limits: &Limits) {
        let mut writer = SpanWriter::ahead(&mut self.written);
        let losses = &mut self.losses;
        self.attributes
            .set(&mut writer.attributes(), (key, item), limits, losses);
    }

    /// Adds an event.
    pub(crate) fn add_event(
        &mut self,
        name: &str,
        time_ns: u64,
        attributes: &[KeyValue],
        dropped_before: u32,
        limits: &Limits,
    ) {
        let losses = &mut self.losses;
        if self.events.takes(limits.events, losses) {
            losses.dropped_items += u64::from(dropped_before);
            SpanWriter::ahead(&mut self.written).event(name, time_ns, |writer| {
                write_attributes(writer, attributes, limits, losses).saturating_add(dropped_before)
            });
        }
    }

    /// Adds a link; one that points nowhere is ignored.
    pub(crate) fn add_link(&mut self, link: &Link, limits: &Limits) {
        let losses = &mut self.losses;
        if !link.span_context.is_valid() || !self.links.takes(limits.links, losses) {
            return;
        }
        let dropped_before = link.dropped_attributes_count;
        losses.dropped_items += u64::from(dropped_before);
        let trace_state = trace_state_header(&link.span_context);
        let head = link_head(&link.span_context, &trace_state);
        SpanWriter::ahead(&mut self.written).link(&head, |writer| {
            write_attributes(writer, &link.attributes, limits, losses)
                .saturating_add(dropped_before)
        });
    }

    /// Counts what somebody else has dropped: attributes, events and links.
    #[cfg(feature = "sdk")]
    pub(crate) fn add_dropped(&mut self, [attributes, events, links]: [u32; 3]) {
        let losses = &mut self.losses;
        self.attributes.drop_items(attributes, losses);
        self.events.drop_items(events, losses);
        self.links.drop_items(links, losses);
    }

    /// What the limits have cost this span.
    pub(crate) fn losses(&self) -> Losses {
        self.losses
    }

    /// Sets the status by the specification's order: nothing takes back an `Ok`, and nothing unsets.
    pub(crate) fn set_status(&mut self, status: Status) {
        let rank = |status: &Status| match status {
            Status::Unset => 0,
            Status::Error { .. } => 1,
            Status::Ok => 2,
        };
        if rank(&status) >= rank(&self.status) {
            self.status = status;
        }
    }

    /// The span as an OTLP message. It never ends before it starts, whatever the clock did in between.
    pub(crate) fn encode(self, end_ns: u64) -> Vec<u8> {
        let (parent_span_id, location) = match self.parent {
            Parent::None => (None, ParentLocation::Local),
            Parent::Local(id) => (Some(span_bytes(id)), ParentLocation::Local),
            Parent::Remote(id) => (Some(span_bytes(id)), ParentLocation::Remote),
        };
        let head = SpanHead {
            trace_id: trace_bytes(self.context.trace_id()),
            span_id: span_bytes(self.context.span_id()),
            parent_span_id,
            trace_state: &trace_state_header(&self.context),
            flags: context_flags(self.context.trace_flags().to_u8(), location),
            name: &self.name,
            kind: kind(&self.kind),
            start_ns: self.start_ns,
            end_ns: end_ns.max(self.start_ns),
        };
        let mut bytes = self.written;
        otlp_encoder::span(&mut bytes, &head, |span| {
            #[cfg(feature = "session")]
            if let Some(session_id) = &self.session_id {
                span.attributes().string(SESSION_ID, session_id);
            }
            span.dropped_attributes(self.attributes.dropped);
            span.dropped_events(self.events.dropped);
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

/// An attribute of the API.
pub(crate) fn item_of(attribute: &KeyValue) -> (&str, Item<'_>) {
    (attribute.key.as_str(), Item::Value(&attribute.value))
}

/// Writes one attribute, its texts cut off after `most` characters each; returns how many were.
fn write(writer: &mut Attributes<'_>, key: &str, item: Item<'_>, most: usize) -> u64 {
    let mut shortened_texts = 0;
    match item {
        Item::Text(text) => writer.string(key, shorten(text, most, &mut shortened_texts)),
        Item::Int(value) | Item::Value(&Value::I64(value)) => writer.int(key, value),
        #[cfg(any(feature = "server_timing", feature = "web_vitals"))]
        Item::Double(value) => writer.double(key, value),
        Item::Value(&Value::F64(value)) => writer.double(key, value),
        Item::Bool(value) | Item::Value(&Value::Bool(value)) => writer.bool(key, value),
        Item::Value(Value::String(text)) => {
            return write(writer, key, Item::Text(text.as_str()), most);
        }
        Item::Value(Value::Array(array)) => writer.array(key, |values| match array {
            Array::Bool(items) => items.iter().for_each(|item| values.bool(*item)),
            Array::I64(items) => items.iter().for_each(|item| values.int(*item)),
            Array::F64(items) => items.iter().for_each(|item| values.double(*item)),
            Array::String(items) => items.iter().for_each(|item| {
                values.string(shorten(item.as_str(), most, &mut shortened_texts));
            }),
            // The type may grow in later versions of the API, which would then be handled here.
            _ => {}
        }),
        Item::Value(_) => {}
    }
    shortened_texts
}

/// Writes an attribute in the place of the one that has its key, if any.
pub(crate) fn replace_attribute(writer: &mut Attributes<'_>, attribute: &KeyValue) {
    let (key, item) = item_of(attribute);
    writer.remove(key);
    write(writer, key, item, usize::MAX);
}

/// The first `most` characters of a text.
fn shorten<'a>(text: &'a str, most: usize, shortened_texts: &mut u64) -> &'a str {
    // A text has no more characters than bytes, which is told at once.
    if text.len() > most {
        let is_start = |(_, byte): &(usize, u8)| byte & 0xc0 != 0x80;
        if let Some((end, _)) = text.bytes().enumerate().filter(is_start).nth(most) {
            *shortened_texts += 1;
            return text.get(..end).unwrap_or_default();
        }
    }
    text
}

/// The scope of what this crate records itself.
pub(crate) fn own_scope() -> Scope {
    let head = otlp_encoder::Scope {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        schema_url: "",
    };
    let mut bytes = Vec::new();
    otlp_encoder::scope_head(&mut bytes, &head, |_| {});
    bytes.into()
}

/// A library's scope as [`Scope`].
pub(crate) fn scope_of(scope: &InstrumentationScope) -> Scope {
    let head = otlp_encoder::Scope {
        name: scope.name(),
        version: scope.version().unwrap_or_default(),
        schema_url: scope.schema_url().unwrap_or_default(),
    };
    let mut bytes = Vec::new();
    otlp_encoder::scope_head(&mut bytes, &head, |writer| {
        for attribute in scope.attributes() {
            let (key, item) = item_of(attribute);
            write(writer, key, item, usize::MAX);
        }
    });
    bytes.into()
}

/// The `tracestate` of a context.
pub(crate) fn trace_state_header(context: &SpanContext) -> String {
    let mut header = String::new();
    for (key, value) in context.trace_state() {
        for part in [if header.is_empty() { "" } else { "," }, key, "=", value] {
            header.push_str(part);
        }
    }
    header
}

fn link_head<'a>(target: &SpanContext, trace_state: &'a str) -> LinkHead<'a> {
    let location = if target.is_remote() {
        ParentLocation::Remote
    } else {
        ParentLocation::Local
    };
    LinkHead {
        trace_id: trace_bytes(target.trace_id()),
        span_id: span_bytes(target.span_id()),
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
