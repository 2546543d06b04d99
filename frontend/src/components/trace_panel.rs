//! The panel beside the results: the trace of the latest search, as far as it has arrived.

use std::sync::Arc;

use leptos::prelude::*;
use trace_model::{TraceId, duration};
use trace_view::{CopyButton, Drawing, Reading, SplitBar, Waterfall};

use crate::address;
use crate::api;
use crate::frame;
use crate::frontend_search::TracedSearch;
use crate::session::Session;
use crate::trace_watch::{ORIGINS, PAUSES_MS, Progress, clocks, size};

/// What the panel shows.
#[derive(Clone, Copy)]
struct Panel {
    traced: RwSignal<Option<TracedSearch>>,
    drawing: RwSignal<Option<Arc<Drawing>>>,
    progress: RwSignal<Progress>,
    /// The drawing belongs to the search before.
    stale: RwSignal<bool>,
    /// Since when the collector has not answered.
    silent_since: StoredValue<Option<String>>,
}

/// The panel of the trace `traced`; not there while there is none, or no collector that could be asked. What is drawn of it
/// is kept in `drawing`, which may outlive the panel.
#[component]
pub(crate) fn TracePanel(
    traced: RwSignal<Option<TracedSearch>>,
    drawing: RwSignal<Option<Arc<Drawing>>>,
) -> impl IntoView {
    let session = expect_context::<Session>();
    let panel = Panel {
        traced,
        drawing,
        progress: RwSignal::new(Progress::Asking),
        stale: RwSignal::new(false),
        silent_since: StoredValue::new(None),
    };
    Effect::new(move || panel.follow(panel.traced.get()));
    let is_there = session.config.with_value(|config| config.trace_panel);
    let is_shown = Memo::new(move |_| is_there && panel.traced.with(Option::is_some));
    move || is_shown.get().then(|| shown(session, panel))
}

fn shown(session: Session, panel: Panel) -> impl IntoView {
    let reading = Reading::default();
    let is_drawn = Memo::new(move |_| panel.drawing.with(Option::is_some));
    let unfolded = RwSignal::new(false);
    let heading = move || match panel.drawing.get() {
        Some(drawing) => format!(
            "Where the {} went",
            duration::format(drawing.root_duration_ns())
        ),
        None => "The trace of this search".into(),
    };
    view! {
        <section
            class="trace"
            class:unfolded=unfolded
            aria-label="The trace of this search"
            aria-busy=move || panel.stale.get().to_string()
        >
            <header>
                <h2>{heading}</h2>
                <div class="acts">{move || panel.traced.get().map(|traced| acts(session, traced.trace_id))}</div>
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

/// What can be done with the trace: copy its id, open it elsewhere.
fn acts(session: Session, trace_id: TraceId) -> impl IntoView {
    let template = session
        .config
        .with_value(|config| config.trace_link.clone());
    let link =
        (!template.is_empty()).then(|| template.replace("{trace_id}", &trace_id.to_string()));
    view! {
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
        Progress::Unreachable(_) | Progress::Partial(_) | Progress::Absent => "bad",
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

    /// Asks for the trace until it is whole, the reader has gone on to another, or it has taken too long.
    async fn watch(self, traced: TracedSearch) {
        let mut is_settled = false;
        for pause_ms in PAUSES_MS {
            frame::pause(pause_ms).await;
            if self.traced.try_get_untracked().flatten() != Some(traced) {
                return;
            }
            match api::trace(traced.trace_id).await {
                Ok(spans) => self.show(Drawing::new(spans, ORIGINS)),
                Err(_) => self.show_silence(),
            }
            if is_settled {
                return;
            }
            // A leaf that comes late is missed by nobody, so a trace that looks whole is asked for once more.
            is_settled = self.progress.try_get_untracked() == Some(Progress::Complete);
        }
        self.stale.try_set(false);
        if let Some(progress) = self.progress.try_get_untracked() {
            self.progress.set(progress.at_last());
        }
    }

    fn show(self, drawing: Drawing) {
        self.silent_since.try_set_value(None);
        self.progress.try_set(Progress::of(&drawing));
        if !drawing.tree.is_empty() {
            self.drawing.try_set(Some(Arc::new(drawing)));
            self.stale.try_set(false);
        }
    }

    fn show_silence(self) {
        let now = || String::from(js_sys::Date::new_0().to_locale_time_string("default"));
        let since = self
            .silent_since
            .try_update_value(|since| since.get_or_insert_with(now).clone());
        if let Some(since) = since {
            self.progress.try_set(Progress::Unreachable(since));
            self.drawing.try_set(None);
            self.stale.try_set(false);
        }
    }
}
