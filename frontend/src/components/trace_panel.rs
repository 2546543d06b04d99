//! The panel beside the results: the trace of the latest search, as far as it has arrived.

use std::sync::Arc;

use leptos::prelude::*;
use trace_model::{Span, TraceId, duration};
use trace_view::{CopyButton, Drawing, Reading, SplitBar, Waterfall};
use wasm_bindgen::JsCast;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

use crate::address::{self, Address, TracePlace};
use crate::api;
use crate::components::link::Link;
use crate::frame;
use crate::frontend_search::TracedSearch;
use crate::live::time_of_day;
use crate::otlp_file;
use crate::reply::Reply;
use crate::session::Session;
use crate::trace_watch::{ORIGINS, PAUSES_MS, Progress, Subject, clocks, size};

/// A trace that is watched and shown; cheap to copy. It may outlive what shows it.
#[derive(Clone, Copy)]
pub(crate) struct Panel {
    /// Which trace.
    pub traced: RwSignal<Option<TracedSearch>>,
    /// What is drawn of it.
    pub drawing: RwSignal<Option<Arc<Drawing>>>,
    /// What its reader does.
    pub reading: Reading,
    subject: Subject,
    progress: RwSignal<Progress>,
    /// The drawing belongs to the search before.
    stale: RwSignal<bool>,
    /// Since when the collector has not answered.
    silent_since: StoredValue<Option<String>>,
    /// The trace as the collector has written it.
    text: StoredValue<String>,
    /// No collector is asked.
    is_from_file: StoredValue<bool>,
}

impl Panel {
    /// A panel without a trace.
    pub(crate) fn new(subject: Subject) -> Self {
        Panel {
            traced: RwSignal::new(None),
            drawing: RwSignal::new(None),
            reading: Reading::default(),
            subject,
            progress: RwSignal::new(Progress::Asking),
            stale: RwSignal::new(false),
            silent_since: StoredValue::new(None),
            text: StoredValue::default(),
            is_from_file: StoredValue::new(false),
        }
    }
}

/// The panel of a trace; not there while there is none, or no collector that could be asked.
#[component]
pub(crate) fn TracePanel(panel: Panel) -> impl IntoView {
    let session = expect_context::<Session>();
    Effect::new(move || panel.follow(panel.traced.get()));
    let is_there = session.config.with_value(|config| config.trace_panel);
    let is_shown = Memo::new(move |_| is_there && panel.traced.with(Option::is_some));
    move || is_shown.get().then(|| shown(session, panel))
}

fn shown(session: Session, panel: Panel) -> impl IntoView {
    let reading = panel.reading;
    let is_drawn = Memo::new(move |_| panel.drawing.with(Option::is_some));
    let unfolded = RwSignal::new(panel.subject == Subject::AnyTrace);
    let label = match panel.subject {
        Subject::OwnWork => "The trace of this search",
        Subject::AnyTrace => "The trace",
    };
    let heading = move || match panel.drawing.get() {
        Some(drawing) => format!(
            "Where the {} went",
            duration::format(drawing.root_duration_ns())
        ),
        None => label.into(),
    };
    view! {
        <section
            class="trace"
            class:unfolded=unfolded
            aria-label=label
            aria-busy=move || panel.stale.get().to_string()
        >
            <header>
                <h2>{heading}</h2>
                <div class="acts">{move || panel.traced.get().map(|traced| acts(session, panel, traced.trace_id))}</div>
            </header>
            {move || {
                is_drawn
                    .get()
                    .then(|| {
                        view! {
                            <SplitBar drawing=panel.drawing chosen=reading.chosen />
                            <button
                                type="button"
                                class="unfold"
                                aria-expanded=move || unfolded.get().to_string()
                                on:click=move |_| unfolded.update(|unfolded| *unfolded = !*unfolded)
                            >
                                {move || if unfolded.get() { "Hide the spans" } else { "Show the spans" }}
                            </button>
                            <Waterfall drawing=panel.drawing reading=reading address=address::of_span />
                        }
                    })
            }}
            {move || hint(panel)}
            {move || footer(panel)}
        </section>
    }
}

/// What can be done with the trace: copy its id, keep it as a file, look at it in a page of its own, or elsewhere.
fn acts(session: Session, panel: Panel, trace_id: TraceId) -> impl IntoView {
    let template = session
        .config
        .with_value(|config| config.trace_link.clone());
    let link =
        (!template.is_empty()).then(|| template.replace("{trace_id}", &trace_id.to_string()));
    view! {
        {(panel.subject == Subject::OwnWork)
            .then(|| {
                let place = TracePlace {
                    id: trace_id.to_string(),
                    ..TracePlace::default()
                };
                let place = StoredValue::new(place);
                view! {
                    <Link class="button" to=move || Address::Trace(place.get_value())>
                        "Open"
                    </Link>
                }
            })}
        {(panel.subject == Subject::AnyTrace && !panel.is_from_file.get_value())
            .then(|| {
                view! {
                    <button type="button" on:click=move |_| panel.export(trace_id)>
                        "Export"
                    </button>
                }
            })}
        <CopyButton label="Copy id" text=Signal::stored(trace_id.to_string()) />
        {link
            .map(|link| {
                view! {
                    <a class="button" href=link target="_blank" rel="noreferrer">
                        "Open in viewer"
                    </a>
                }
            })}
    }
}

/// What to do when the trace is not whole.
fn hint(panel: Panel) -> Option<impl IntoView> {
    let progress = panel.progress.get();
    let advice = progress.advice();
    let again = move |_| panel.follow(panel.traced.get_untracked());
    let can_ask_again = progress != Progress::SampledOut;
    (!advice.is_empty()).then(|| {
        view! {
            <div class="hint">
                <p>{advice}</p>
                {can_ask_again
                    .then(|| {
                        view! {
                            <button type="button" on:click=again>
                                "Ask again"
                            </button>
                        }
                    })}
            </div>
        }
    })
}

fn footer(panel: Panel) -> impl IntoView {
    let progress = panel.progress.get();
    let class = match progress {
        Progress::Complete => "ok",
        Progress::Unreachable(_) | Progress::Partial(_) | Progress::Absent | Progress::NotHeld => {
            "bad"
        }
        Progress::Asking | Progress::Waiting(_) | Progress::SampledOut => "",
    };
    let drawing = panel.drawing.get();
    view! {
        <footer>
            <b class=class>{progress.in_words()}</b>
            {drawing
                .map(|drawing| {
                    view! {
                        <span>{size(&drawing)}</span>
                        {clocks(&drawing.adjustments)
                            .into_iter()
                            .map(|clock| view! { <span>{clock}</span> })
                            .collect_view()}
                    }
                })}
            {panel.traced.get().map(|traced| view! { <code>{traced.trace_id.to_string()}</code> })}
        </footer>
    }
}

impl Panel {
    /// Turns to the trace of another search, or asks again for the same.
    fn follow(self, traced: Option<TracedSearch>) {
        match traced {
            Some(_) if self.is_from_file.get_value() => {}
            None => self.drawing.set(None),
            Some(TracedSearch { sampled: false, .. }) => {
                self.drawing.set(None);
                self.progress.set(Progress::SampledOut);
            }
            Some(traced) => {
                self.stale.set(true);
                self.progress.set(Progress::Asking);
                leptos::task::spawn_local(async move { self.watch(traced).await });
            }
        }
    }

    /// Shows a trace that no collector is asked for.
    pub(crate) fn show_file(self, traced: TracedSearch, spans: &[Span]) {
        self.show(Drawing::new(spans.to_vec(), ORIGINS));
        self.settle();
        self.is_from_file.set_value(true);
        self.traced.set(Some(traced));
    }

    /// Asks for the trace until it is whole, the reader has gone on to another, or it has taken too long.
    async fn watch(self, traced: TracedSearch) {
        let mut is_settled = false;
        self.text.try_set_value(String::new());
        for pause_ms in PAUSES_MS {
            frame::pause(pause_ms).await;
            if self.traced.try_get_untracked().flatten() != Some(traced) {
                return;
            }
            match api::trace(traced.trace_id).await {
                Ok(reply) => self.read(reply),
                Err(_) => self.show_silence(),
            }
            if is_settled {
                return;
            }
            // A leaf that comes late is missed by nobody, so a trace that looks whole is asked for once more.
            is_settled = self.progress.try_get_untracked() == Some(Progress::Complete);
        }
        self.settle();
    }

    /// Draws what the collector says, unless it said the same before.
    fn read(self, reply: Reply) {
        if reply.status == 200 && self.text.try_with_value(|text| *text == reply.body) == Some(true)
        {
            return;
        }
        match reply.parse_trace() {
            Ok(spans) => self.show(Drawing::new(spans, ORIGINS)),
            Err(_) => self.show_silence(),
        }
        self.text.try_set_value(reply.body);
    }

    /// Gives the trace to the reader as a file.
    fn export(self, trace_id: TraceId) {
        let name = format!("trace-{trace_id}.json");
        self.text
            .with_value(|text| save(&name, otlp_file::unwrapped(text)));
    }

    /// Nothing more is waited for.
    fn settle(self) {
        self.stale.try_set(false);
        if let Some(progress) = self.progress.try_get_untracked() {
            self.progress.set(progress.at_last(self.subject));
        }
    }

    fn show(self, drawing: Drawing) {
        self.silent_since.try_set_value(None);
        self.progress.try_set(Progress::of(&drawing, self.subject));
        if !drawing.tree.is_empty() {
            self.drawing.try_set(Some(Arc::new(drawing)));
            self.stale.try_set(false);
        }
    }

    fn show_silence(self) {
        let since = self
            .silent_since
            .try_update_value(|since| since.get_or_insert_with(time_of_day).clone());
        if let Some(since) = since {
            self.progress.try_set(Progress::Unreachable(since));
            self.drawing.try_set(None);
            self.stale.try_set(false);
        }
    }
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
