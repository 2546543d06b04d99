//! What a span says about itself, shown below its row: attributes, events, links.

use leptos::prelude::*;
use trace_model::{Event, Link, Status, Value, duration};

use crate::drawing::Drawing;
use crate::waterfall::level;

/// The details of the span of a row, as a row of the grid one level below it.
pub(crate) fn details(drawing: &Drawing, row: usize) -> impl IntoView + use<> {
    let span = drawing.tree.span(row);
    let after_start = |time_ns: u64| duration::format(time_ns.saturating_sub(drawing.start_ns()));
    let mut facts = vec![
        ("service".to_owned(), span.service.clone()),
        (
            "kind".to_owned(),
            span.kind.to_string().to_ascii_lowercase(),
        ),
        ("starts after".to_owned(), after_start(span.start_ns)),
        ("duration".to_owned(), duration::format(span.duration_ns())),
        (
            "self time".to_owned(),
            duration::format(drawing.tree.self_time_ns(row)),
        ),
        ("span id".to_owned(), span.span_id.to_string()),
    ];
    facts.extend(in_words(&span.attributes));
    let error = match &span.status {
        Status::Error(message) if message.is_empty() => Some("Failed".to_owned()),
        Status::Error(message) => Some(format!("Failed: {message}")),
        Status::Unset | Status::Ok => None,
    };
    let events: Vec<_> = span
        .events
        .iter()
        .map(|event| (after_start(event.time_ns), event.clone()))
        .collect();
    let links = span.links.clone();
    view! {
        <div class="details" role="row" {..level(drawing.tree.node(row).depth + 1)}>
            <div role="gridcell">
                {error.map(|error| view! { <p class="error">{error}</p> })}
                {list(facts)}
                {events.into_iter().map(|(after, event)| event_view(after, event)).collect_view()}
                {links.into_iter().map(link_view).collect_view()}
            </div>
        </div>
    }
}

fn event_view(after: String, event: Event) -> impl IntoView {
    view! {
        <h4>{event.name} " after " {after}</h4>
        {list(in_words(&event.attributes))}
    }
}

fn link_view(link: Link) -> impl IntoView {
    let mut facts = vec![
        ("trace id".to_owned(), link.trace_id.to_string()),
        ("span id".to_owned(), link.span_id.to_string()),
    ];
    facts.extend(in_words(&link.attributes));
    view! {
        <h4>"Linked span"</h4>
        {list(facts)}
    }
}

fn list(facts: Vec<(String, String)>) -> impl IntoView {
    view! {
        <dl>
            {facts
                .into_iter()
                .map(|(key, value)| view! { <dt>{key}</dt> <dd>{value}</dd> })
                .collect_view()}
        </dl>
    }
}

fn in_words(attributes: &[(String, Value)]) -> Vec<(String, String)> {
    attributes
        .iter()
        .map(|(key, value)| (key.clone(), value.to_string()))
        .collect()
}
