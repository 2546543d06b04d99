//! What a span says about itself, shown below its row: attributes, events, links.

use std::sync::Arc;

use boxed_view::{CollectView, IntoView, Signal, View, view};
use leptos::prelude::*;
use trace_model::{
    Event, Link, Span, SpanId, Status, TraceId, Value, duration, otlp_json, sort_by_key,
};

use crate::copy::{CopyButton, curl, traceparent};
use crate::drawing::Drawing;
use crate::plain::plain;
use crate::row_view::level;
use crate::rows::{Row, RowId};
use crate::waterfall::Grid;

/// Letters of a value that are shown; all of it is in what is copied.
const VALUE_LETTERS: usize = 4_000;

/// Address of a span in the application.
pub type SpanAddress = fn(TraceId, SpanId) -> String;

/// A row whose details are to be shown.
#[derive(Clone)]
pub struct Detail {
    pub(crate) drawing: Arc<Drawing>,
    pub(crate) row: Row,
    pub(crate) grid: Grid,
}

/// Shows the details of a row: [`Detail::view`], or something that takes its place until that can be called.
pub type ShowDetail = fn(Detail) -> View;

impl Detail {
    /// The details; `address` says where spans of other traces are shown.
    #[must_use]
    pub fn view(&self, address: SpanAddress) -> View {
        // They may have come later than their row.
        let grid = self.grid;
        request_animation_frame(move || grid.measure());
        details(&self.drawing, self.row, address)
    }
}

/// The details of a row, as a row of the grid one level below it.
fn details(drawing: &Drawing, row: Row, address: SpanAddress) -> View {
    let content = match row.id {
        RowId::Span(_) => of_span(drawing, row.span, address),
        RowId::Group(_) => of_group(drawing, row),
    };
    view! {
        <div class="details" role="row" aria-level=level(row.depth + 1)>
            <div role="gridcell">{content}</div>
        </div>
    }
}

fn of_span(drawing: &Drawing, row: usize, address: SpanAddress) -> View {
    let span = drawing.tree.span(row);
    let after_start = |time_ns: u64| duration::format(time_ns.saturating_sub(drawing.start_ns()));
    let critical_ns: u64 = drawing
        .critical(&(row..row + 1))
        .into_iter()
        .map(|(from_ns, to_ns)| to_ns - from_ns)
        .sum();
    let facts = [
        ("service", span.service.clone()),
        ("kind", span.kind.to_string().to_ascii_lowercase()),
        ("starts after", after_start(span.start_ns)),
        ("duration", duration::format(span.duration_ns())),
        (
            "self time",
            duration::format(drawing.tree.self_time_ns(row)),
        ),
        ("on the critical path", duration::format(critical_ns)),
        ("span id", span.span_id.to_string()),
        ("scope", span.scope.clone()),
    ]
    .into_iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    let error = match &span.status {
        Status::Error(message) if message.is_empty() => Some("Failed".to_owned()),
        Status::Error(message) => Some(format!("Failed: {}", plain(message, VALUE_LETTERS))),
        Status::Unset | Status::Ok => None,
    };
    let events = span
        .events
        .iter()
        .map(|event| event_view(after_start(event.time_ns), event))
        .collect_view();
    let links = span.links.iter().map(|link| link_view(link, address));
    let name = plain(&span.name, VALUE_LETTERS);
    let (header, command) = (traceparent(span), curl(span));
    let json = otlp_json::write(std::slice::from_ref(span)).to_string();
    view! {
        <h3>{name}</h3>
        {error.map(|error| view! { <p class="error">{error}</p> })}
        {list(facts)}
        {grouped(&span.attributes)
            .into_iter()
            .map(|(title, attributes)| view! { <h4>{title}</h4> {list(in_words(attributes))} })
            .collect_view()}
        {events}
        {links.collect_view()}
        {left_out(span).map(|words| view! { <p class="dim">{words}</p> })}
        <p class="acts">
            <CopyButton label="Copy as JSON" text=Signal::stored(json) />
            <CopyButton label="Copy traceparent" text=Signal::stored(header) />
            {command.map(|command| view! { <CopyButton label="Copy as curl" text=Signal::stored(command) /> })}
        </p>
    }
}

fn of_group(drawing: &Drawing, row: Row) -> View {
    let spans = &drawing.tree.spans()[row.span..row.span + row.count];
    let mut durations: Vec<u64> = spans.iter().map(Span::duration_ns).collect();
    sort_by_key(&mut durations, |duration_ns| *duration_ns);
    let quantile = |percent: usize| {
        let rank = (durations.len() * percent).div_ceil(100).max(1) - 1;
        duration::format(durations.get(rank).copied().unwrap_or(0))
    };
    let total_ns = durations.iter().copied().fold(0, u64::saturating_add);
    let facts = [
        ("spans", row.count.to_string()),
        ("together", duration::format(total_ns)),
        ("half of them within", quantile(50)),
        ("95 of 100 within", quantile(95)),
        ("longest", quantile(100)),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value))
    .collect();
    view! {
        <h3>{plain(&spans[0].name, VALUE_LETTERS)}</h3>
        {list(facts)}
    }
}

fn event_view(after: String, event: &Event) -> View {
    view! {
        <h4>{plain(&event.name, VALUE_LETTERS)} <span class="dim">" after " {after}</span></h4>
        {list(in_words(event.attributes.iter()))}
    }
}

fn link_view(link: &Link, address: SpanAddress) -> View {
    view! {
        <h4>"Linked span"</h4>
        <p>
            <a href=address(link.trace_id, link.span_id)>
                <code>{link.span_id.to_string()}</code>
                " of trace "
                <code>{link.trace_id.to_string()}</code>
            </a>
        </p>
        {list(in_words(link.attributes.iter()))}
    }
}

/// What the sender had no room for.
fn left_out(span: &Span) -> Option<String> {
    let counts = [
        (span.dropped_attributes, "attributes"),
        (span.dropped_events, "events"),
        (span.dropped_links, "links"),
    ];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    (!parts.is_empty()).then(|| format!("Left out by its sender: {}.", parts.join(", ")))
}

type Attribute = (String, Value);

/// Attributes by the first part of their keys, which names the convention they follow; both in the order in which they
/// were sent.
fn grouped(attributes: &[Attribute]) -> Vec<(String, Vec<&Attribute>)> {
    let mut groups: Vec<(String, Vec<&Attribute>)> = Vec::new();
    for attribute in attributes {
        let title = match attribute.0.split_once('.') {
            Some((first, _)) => plain(first, 40),
            None => "other".to_owned(),
        };
        match groups.iter_mut().find(|(other, _)| *other == title) {
            Some((_, group)) => group.push(attribute),
            None => groups.push((title, vec![attribute])),
        }
    }
    groups
}

fn list(facts: Vec<(String, String)>) -> View {
    let is_empty = facts.is_empty();
    let facts: Vec<_> = facts
        .into_iter()
        .map(|(key, value)| view! { <dt>{key}</dt> <dd>{value}</dd> })
        .collect();
    (!is_empty).then(|| view! { <dl>{facts}</dl> }).into_view()
}

fn in_words<'a>(attributes: impl IntoIterator<Item = &'a Attribute>) -> Vec<(String, String)> {
    let in_words = |(key, value): &Attribute| {
        let value = match value {
            Value::String(text) => plain(text, VALUE_LETTERS),
            other => plain(&other.to_string(), VALUE_LETTERS),
        };
        (plain(key, VALUE_LETTERS), value)
    };
    attributes.into_iter().map(in_words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_stand_with_those_of_their_convention() {
        let attributes: Vec<Attribute> = ["http.route", "url.full", "http.request.method", "plain"]
            .map(|key| (key.to_owned(), Value::Int(1)))
            .to_vec();
        let groups: Vec<(String, usize)> = grouped(&attributes)
            .into_iter()
            .map(|(title, group)| (title, group.len()))
            .collect();
        let expected = [("http", 2), ("url", 1), ("other", 1)];
        assert_eq!(
            groups,
            expected.map(|(title, count)| (title.to_owned(), count))
        );
    }

    #[test]
    fn what_was_left_out_is_said() {
        assert_eq!(left_out(&Span::default()), None);
        let span = Span {
            dropped_attributes: 3,
            dropped_links: 1,
            ..Span::default()
        };
        let words = left_out(&span);
        assert_eq!(
            words.as_deref(),
            Some("Left out by its sender: 3 attributes, 1 links.")
        );
    }
}
