//! The backend's start: watched until it answers, so that who comes early sees it happen and need not ask twice.

use boxed_view::{RwSignal, StoredValue, spawn};
use trace_model::TraceId;

use crate::api;
use crate::components::trace_panel::Panel;
use crate::frame;
use crate::frontend_search::TracedSearch;
use crate::session::Session;
use crate::state::Shown;
use crate::trace_watch::Subject;

/// Between two questions how far it is.
const PAUSE_MS: i32 = 500;

/// The start as far as it is known; cheap to copy.
#[derive(Clone, Copy)]
pub(crate) struct StartUp {
    /// What the backend is doing, as long as it starts.
    pub phase: RwSignal<Option<String>>,
    /// Its trace; stays after the end until there is that of a search.
    pub panel: Panel,
    is_watched: StoredValue<bool>,
}

impl StartUp {
    /// Of a backend that was not asked yet.
    pub(crate) fn new() -> Self {
        StartUp {
            phase: RwSignal::new(None),
            panel: Panel::new(Subject::StartUp),
            is_watched: StoredValue::new(false),
        }
    }
}

/// Shows the start in place of the trace of a search, as long as it lasts; then asks the question that it refused.
pub(crate) fn watch_start_up(session: Session) {
    let start_up = session.start_up;
    if start_up.is_watched.get_value() {
        return;
    }
    start_up.is_watched.set_value(true);
    spawn(async move {
        while let Some(progress) = api::start_progress().await {
            let text = |name: &str| progress.get(name).and_then(serde_json::Value::as_str);
            let phase = text("phase").map(|phase| phase.replace('_', " "));
            let trace_id = text("trace_id").and_then(|id| id.parse::<TraceId>().ok());
            let traced = trace_id.map(|trace_id| TracedSearch {
                trace_id,
                sampled: true,
            });
            if start_up.phase.get_untracked() != phase {
                start_up.phase.set(phase);
            }
            if start_up.panel.traced.get_untracked() != traced {
                start_up.panel.traced.set(traced);
            }
            if session.panel.traced.with_untracked(Option::is_some) {
                session.panel.traced.set(None);
            }
            frame::pause(PAUSE_MS).await;
        }
        start_up.is_watched.set_value(false);
        let has_waited = start_up.phase.get_untracked().is_some();
        start_up.phase.set(None);
        let is_refused = |shown: &Shown| matches!(shown, Shown::Failure(_));
        if has_waited
            && session
                .state
                .with_untracked(|state| is_refused(&state.shown))
        {
            session.search(session.asked_untracked());
        }
    });
}
