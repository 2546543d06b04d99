//! The panel beside the results: the trace of the latest search, as far as it has arrived.

use std::sync::Arc;

use boxed_view::{
    CollectView, IntoView, RwSignal, Signal, StoredValue, View, effect, memo, spawn, view,
};
use futures_util::future::join;
use leptos::prelude::*;
use trace_model::{Span, TraceId, duration, otlp_json};
use trace_view::{CopyButton, Drawing, Reading, SplitBar, Waterfall};

use crate::address::{Address, TracePlace};
use crate::api;
use crate::chunks::{self, Part};
use crate::components::link::Link;
use crate::frame;
use crate::frontend_search::TracedSearch;
use crate::live::{now_ns, time_of_day};
use crate::reply::{self, ApiError, Reply};
use crate::session::Session;
use crate::trace_watch::{ORIGINS, PAUSES_MS, Progress, Subject, add_logs, clocks, size};

/// A trace is under way as long as its last span has ended less than this ago, in nanoseconds.
const RECENT_NS: u64 = 30_000_000_000;

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
    extras: Option<Extras>,
    progress: RwSignal<Progress>,
    /// The drawing belongs to the search before.
    stale: RwSignal<bool>,
    /// Since when the collector has not answered.
    silent_since: StoredValue<Option<String>>,
    held: StoredValue<Held>,
    /// No collector is asked.
    is_from_file: StoredValue<bool>,
}

/// What a page of its own adds to the panel of a trace.
#[derive(Clone, Copy)]
pub(crate) struct Extras {
    /// Shown below the spans.
    pub below: fn(&Drawing, Reading) -> Option<View>,
    /// Gives the trace to the reader as a file, out of the collector's answer.
    pub export: fn(TraceId, &str),
}

/// A trace and its logs as the collector has written them.
#[derive(Default)]
struct Held {
    status: u16,
    trace: String,
    etag: String,
    logs: String,
}

impl Panel {
    /// A panel without a trace.
    pub(crate) fn new(subject: Subject) -> Self {
        Panel {
            traced: RwSignal::new(None),
            drawing: RwSignal::new(None),
            reading: Reading::default(),
            subject,
            extras: None,
            progress: RwSignal::new(Progress::Asking),
            stale: RwSignal::new(false),
            silent_since: StoredValue::new(None),
            held: StoredValue::default(),
            is_from_file: StoredValue::new(false),
        }
    }

    /// A panel for any trace, in a page of its own.
    pub(crate) fn with_extras(extras: Extras) -> Self {
        Panel {
            extras: Some(extras),
            ..Panel::new(Subject::AnyTrace)
        }
    }
}

/// The panel of a trace; not there while there is none, or no collector that could be asked.
#[component]
pub(crate) fn TracePanel(panel: Panel) -> View {
    let session = expect_context::<Session>();
    effect(move || panel.follow(panel.traced.get()));
    let is_there = session.config.with_value(|config| config.trace_panel);
    let is_shown = memo(move || is_there && panel.traced.with(Option::is_some));
    (move || is_shown.get().then(|| shown(session, panel))).into_view()
}

fn shown(session: Session, panel: Panel) -> View {
    let reading = panel.reading;
    let is_drawn = memo(move || panel.drawing.with(Option::is_some));
    let unfolded = RwSignal::new(panel.subject != Subject::OwnWork);
    // What leads to a span from elsewhere shows it.
    effect(move || {
        if reading.opened.with(Option::is_some) {
            unfolded.set(true);
        }
    });
    let label = match panel.subject {
        Subject::OwnWork => "The trace of this search",
        Subject::AnyTrace => "The trace",
        Subject::StartUp => "The start of the backend",
    };
    let heading = move || match panel.drawing.get() {
        Some(drawing) if panel.subject != Subject::StartUp => format!(
            "Where the {} went",
            duration::format(drawing.root_duration_ns())
        ),
        _ => label.into(),
    };
    view! {
        <section
            class="trace"
            class:unfolded=unfolded
            aria-label=label
            aria-busy=move || panel.stale.get().to_string()
            on:pointerenter=move |_| session.chunks.want(Part::Details, false)
            on:focusin=move |_| session.chunks.want(Part::Details, false)
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
                            <Waterfall drawing=panel.drawing reading=reading details=chunks::of_span />
                        }
                    })
            }}
            {move || hint(panel)}
            {move || {
                let extras = panel.extras?;
                panel.drawing.get().and_then(|drawing| (extras.below)(&drawing, reading))
            }}
            {move || footer(panel)}
        </section>
    }
}

/// What can be done with the trace: copy its id, keep it as a file, look at it in a page of its own, or elsewhere.
fn acts(session: Session, panel: Panel, trace_id: TraceId) -> View {
    let template = session
        .config
        .with_value(|config| config.trace_link.clone());
    let link =
        (!template.is_empty()).then(|| template.replace("{trace_id}", &trace_id.to_string()));
    view! {
        {(panel.subject != Subject::AnyTrace)
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
        {panel
            .extras
            .filter(|_| !panel.is_from_file.get_value())
            .map(|extras| {
                let export = move |_| panel.held.with_value(|held| (extras.export)(trace_id, &held.trace));
                view! {
                    <button type="button" on:click=export>
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
fn hint(panel: Panel) -> Option<View> {
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

fn footer(panel: Panel) -> View {
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
                spawn(async move { self.watch(traced).await });
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
        self.held.try_set_value(Held::default());
        for (asked, pause_ms) in self.subject.pauses_ms().enumerate() {
            let is_further = asked >= PAUSES_MS.len() && self.subject == Subject::AnyTrace;
            if is_further && !self.is_under_way() {
                break;
            }
            frame::pause(pause_ms).await;
            if self.traced.try_get_untracked().flatten() != Some(traced) {
                return;
            }
            let known = self.held.try_with_value(|held| held.etag.clone());
            let known = known.unwrap_or_default();
            let asked = join(
                api::trace(traced.trace_id, &known),
                api::logs(traced.trace_id),
            );
            match asked.await {
                (Ok(trace), logs) => {
                    self.read(trace, logs.map_or_else(|_| String::new(), |logs| logs.body))
                }
                (Err(_), _) => self.show_silence(),
            }
            if is_settled {
                return;
            }
            // A leaf that comes late is missed by nobody, so a trace that looks whole is asked for once more.
            is_settled = self.progress.try_get_untracked() == Some(Progress::Complete);
        }
        self.settle();
    }

    /// Draws what the collector says, unless it says the same as before. A trace without its logs is one all the same.
    fn read(self, trace: Reply, logs: String) {
        let trace = match trace.status {
            304 => None,
            _ => Some(trace),
        };
        let is_known = |held: &Held| trace.is_none() && held.logs == logs;
        if self.held.try_with_value(is_known) != Some(false) {
            return;
        }
        self.held.update_value(|held| {
            held.logs = logs;
            if let Some(Reply { status, body, etag }) = trace {
                (held.status, held.trace, held.etag) = (status, body, etag);
            }
        });
        let read = self.held.with_value(|held| {
            let mut spans = reply::trace(held.status, &held.trace)?;
            add_logs(
                &mut spans,
                otlp_json::parse_logs(&held.logs).unwrap_or_default(),
            );
            Ok::<_, ApiError>(Drawing::new(spans, ORIGINS))
        });
        match read {
            Ok(drawing) => self.show(drawing),
            Err(_) => self.show_silence(),
        }
    }

    /// Whether something of the trace has ended a moment ago, so that more may come: a process that starts, a long job.
    fn is_under_way(self) -> bool {
        let ended_ns = self.drawing.try_with_untracked(|drawing| {
            let drawing = drawing.as_ref()?;
            Some(drawing.start_ns() + drawing.duration_ns())
        });
        ended_ns
            .flatten()
            .is_some_and(|ended_ns| now_ns().saturating_sub(ended_ns) < RECENT_NS)
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
