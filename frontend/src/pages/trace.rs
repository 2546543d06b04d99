//! One trace: its panel over the whole width, at the span that the address names.

use boxed_view::{View, effect, view};
use leptos::prelude::*;
use trace_model::TraceId;
use trace_view::{Reading, RowId};
use wasm_bindgen::JsCast;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

use crate::address::{self, Address, TracePlace};
use crate::components::doctor::doctor;
use crate::components::link::Link;
use crate::components::trace_panel::{Extras, Panel, TracePanel};
use crate::frontend_search::TracedSearch;
use crate::otlp_file;
use crate::session::Session;
use crate::trace_list::Filter;

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
    let panel = Panel::with_extras(Extras {
        below: doctor,
        export,
    });
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

/// Gives a trace to the reader as a file, out of the collector's answer.
fn export(trace_id: TraceId, answer: &str) {
    let name = format!("trace-{trace_id}.json");
    save(&name, otlp_file::unwrapped(answer));
}

/// Lets the browser keep `text` as a file; a browser that cannot does nothing.
fn save(name: &str, text: &str) {
    let kind = BlobPropertyBag::new();
    kind.set_type("application/json");
    let parts = js_sys::Array::of1(&text.into());
    let blob = Blob::new_with_str_sequence_and_options(&parts, &kind);
    let address = blob.and_then(|blob| Url::create_object_url_with_blob(&blob));
    let link = document().create_element("a");
    if let (Ok(address), Ok(link)) = (address, link) {
        let link = link.unchecked_into::<HtmlAnchorElement>();
        link.set_href(&address);
        link.set_download(name);
        link.click();
        // The file is being written from the object, not from its address.
        let _ = Url::revoke_object_url(&address);
    }
}
