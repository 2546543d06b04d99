//! Watching a trace arrive: when to ask for it, and what its reader is told meanwhile.

use shared::semconv::{service, span};
use trace_model::{Adjustment, Completeness, Span, duration};
use trace_view::{Drawing, Origin, Origins};

use crate::wording::counted;

/// How far the trace of a search has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Asked for, nothing heard yet.
    Asking,
    /// Spans are missing.
    Waiting(usize),
    /// Whole.
    Complete,
    /// Spans were still missing when the page stopped asking.
    Partial(usize),
    /// Nothing arrived until the page stopped asking.
    Absent,
    /// Sampling left this search out.
    SampledOut,
    /// The collector does not answer, since this time of day.
    Unreachable(String),
}

/// Pauses between the questions for a trace: short at first, 10 seconds in all.
pub(crate) const PAUSES_MS: [i32; 11] =
    [40, 60, 100, 150, 250, 400, 650, 1_050, 1_700, 2_600, 3_000];

impl Progress {
    /// What is known from the spans that the collector has.
    pub(crate) fn of(drawing: &Drawing) -> Progress {
        match drawing.completeness {
            _ if drawing.tree.is_empty() => Progress::Asking,
            Completeness::Complete => Progress::Complete,
            // With two roots and nothing missing in name, at least the span above them is.
            Completeness::Waiting {
                missing_parents,
                unanswered_clients,
            } => Progress::Waiting((missing_parents + unanswered_clients).max(1)),
        }
    }

    /// The page stops asking.
    pub(crate) fn at_last(self) -> Progress {
        match self {
            Progress::Asking => Progress::Absent,
            Progress::Waiting(missing) => Progress::Partial(missing),
            settled => settled,
        }
    }

    /// What the reader is told, in a few words.
    pub(crate) fn in_words(&self) -> String {
        match self {
            Progress::Asking => "Waiting for the spans".into(),
            Progress::Waiting(missing) => format!("Waiting for {}", spans(*missing)),
            Progress::Complete => "Complete".into(),
            Progress::Partial(missing) => format!("{} never arrived", spans(*missing)),
            Progress::Absent => "No span arrived".into(),
            Progress::SampledOut => "Kept out by sampling".into(),
            Progress::Unreachable(since) => format!("Collector not reachable since {since}"),
        }
    }

    /// What the reader can do about it; empty where nothing needs doing.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Progress::Asking | Progress::Waiting(_) | Progress::Complete => "",
            Progress::Partial(_) => "A service has not sent its spans, or sends them late.",
            Progress::Absent => {
                "The collector answers but knows nothing of this search. Do the services export to this collector?"
            }
            Progress::SampledOut => {
                "Only a share of all searches is recorded here. Search again for another draw."
            }
            Progress::Unreachable(_) => {
                "Searching works without it. Start the collector and ask again; the spans of this search may be lost."
            }
        }
    }
}

fn spans(count: usize) -> String {
    counted(count, "span", "spans")
}

/// How much is drawn: `24 spans, 3 services`.
pub(crate) fn size(drawing: &Drawing) -> String {
    let services = counted(drawing.service_count(), "service", "services");
    format!("{}, {services}", spans(drawing.tree.len()))
}

/// What was done to clocks that disagreed, one sentence for each service.
pub(crate) fn clocks(adjustments: &[Adjustment]) -> Vec<String> {
    adjustments
        .iter()
        .map(|Adjustment { service, offset_ns }| {
            let amount = duration::format(offset_ns.unsigned_abs());
            let direction = if *offset_ns > 0 { "later" } else { "earlier" };
            format!("clock of {service} set {amount} {direction}, estimated")
        })
        .collect()
}

/// The origins of a search's time, in the order of a request's way.
pub(crate) const ORIGINS: Origins = Origins {
    all: &[BROWSER, NETWORK, PROXY, SERVER, INDEX],
    network: NETWORK,
    of: origin,
};

const BROWSER: Origin = "browser";
const NETWORK: Origin = "network";
const PROXY: Origin = "proxy";
const SERVER: Origin = "server";
const INDEX: Origin = "index";

/// Where a span ran, by its service; the work of the index is told apart from the rest of the server.
fn origin(of: &Span) -> Origin {
    match (of.service.as_str(), of.name.as_str()) {
        (service::FRONTEND, _) => BROWSER,
        (service::FRONTEND_SERVER, _) => PROXY,
        (_, span::VECTORIZE_QUERY | span::COMPUTE_SIMILARITY) => INDEX,
        _ => SERVER,
    }
}
