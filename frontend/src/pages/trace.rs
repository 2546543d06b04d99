//! One trace: its panel over the whole width, at the span that the address names.

use boxed_view::{View, effect, view};
use leptos::prelude::*;
use trace_model::TraceId;
use trace_view::{Reading, RowId};

use crate::address::{self, Address, TracePlace};
use crate::components::link::Link;
use crate::components::trace_panel::{Panel, TracePanel};
use crate::frontend_search::TracedSearch;
use crate::session::Session;
use crate::trace_list::Filter;
use crate::trace_watch::Subject;

/// The page of the trace of this id.
#[component]
pub(crate) fn Trace(id: String) -> View {
    let back = view! {
        <p class="sum">
            <Link to=|| Address::Traces(Filter::default())>"All traces"</Link>
        </p>
    };
    match id.parse::<TraceId>() {
        Ok(trace_id) => view! { {back} {shown(trace_id)} },
        Err(why) => view! {
            {back}
            <div class="notice bad">
                <h1>"This is no trace id"</h1>
                <p>{trace_view::plain(&id, 80)} " cannot be one: " {why.to_string()} "."</p>
            </div>
        },
    }
}

fn shown(trace_id: TraceId) -> View {
    let session = expect_context::<Session>();
    let panel = Panel::new(Subject::AnyTrace);
    follow_address(session, panel.reading, trace_id);
    let name = move || {
        let drawing = panel.drawing.get();
        let name = drawing.and_then(|drawing| {
            let root = drawing.tree.root()?;
            Some(trace_view::plain(&drawing.tree.span(root).name, 200))
        });
        name.unwrap_or_else(|| format!("Trace {trace_id}"))
    };
    let traced = TracedSearch {
        trace_id,
        sampled: true,
    };
    match session.imported_trace(trace_id) {
        Some(spans) => panel.show_file(traced, &spans),
        None => panel.traced.set(Some(traced)),
    }
    view! {
        <h1 class="page trace-name">{name}</h1>
        <div class="whole">
            <TracePanel panel=panel />
        </div>
    }
}

/// The address follows what the reader opens and looks for, and the other way round.
fn follow_address(session: Session, reading: Reading, trace_id: TraceId) {
    effect(move || {
        let Address::Trace(place) = session.address.get() else {
            return;
        };
        let named = place.span.map(RowId::Span);
        if named.is_some() && named != reading.opened.get_untracked() {
            reading.opened.set(named);
        }
        if place.wanted != reading.wanted.get_untracked() {
            reading.wanted.set(place.wanted);
        }
    });
    Effect::new(move |is_later: Option<bool>| {
        let span = match reading.opened.get() {
            Some(RowId::Span(id)) => Some(id),
            Some(RowId::Group(_)) | None => None,
        };
        let place = TracePlace {
            id: trace_id.to_string(),
            span,
            wanted: reading.wanted.get(),
        };
        // What the address said at first is being followed just now.
        if is_later == Some(true) {
            address::replace(&Address::Trace(place));
        }
        true
    });
}
