//! Watching a trace arrive: when to ask for it, and what its reader is told meanwhile.

use std::collections::HashMap;

use shared::semconv::{service, span as name};
use trace_model::otlp_json::Log;
use trace_model::{Adjustment, Completeness, Event, Span, SpanId, sort_by_key};
use trace_view::{Drawing, Origin, Origins};

use crate::wording::counted;

/// Whose trace is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// Something that this page has done: it begins here.
    OwnWork,
    /// Any trace of the collector.
    AnyTrace,
    /// The start of the backend, while it lasts.
    StartUp,
}

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
    /// The collector has no such trace.
    NotHeld,
    /// Sampling left this search out.
    SampledOut,
    /// The collector does not answer, since this time of day.
    Unreachable(String),
}

/// Pauses between the questions for a trace: short at first, 10 seconds in all.
pub(crate) const PAUSES_MS: [i32; 11] =
    [40, 60, 100, 150, 250, 400, 650, 1_050, 1_700, 2_600, 3_000];

/// How often, and how long after each other, a trace is asked for that is still under way.
const FURTHER: usize = 600;
const FURTHER_MS: i32 = 2_000;
/// How long after each other the trace of a start is asked for.
const START_UP_MS: i32 = 500;

impl Subject {
    /// Pauses before the questions for a trace.
    pub(crate) fn pauses_ms(self) -> impl Iterator<Item = i32> {
        let (first, further_ms, further) = match self {
            Subject::OwnWork => (&PAUSES_MS[..], 0, 0),
            Subject::AnyTrace => (&PAUSES_MS[..], FURTHER_MS, FURTHER),
            // Until it is whole: a long step of it ends nothing for minutes.
            Subject::StartUp => (&[][..], START_UP_MS, usize::MAX),
        };
        let further = std::iter::repeat_n(further_ms, further);
        first.iter().copied().chain(further)
    }
}

impl Progress {
    /// What is known from the spans that the collector has.
    pub(crate) fn of(drawing: &Drawing, subject: Subject) -> Progress {
        match drawing.completeness {
            _ if drawing.tree.is_empty() => Progress::Asking,
            // What the page shows it has begun itself, or continued: without its own part nothing is whole.
            Completeness::Complete if subject == Subject::OwnWork && !has_own_part(drawing) => {
                Progress::Waiting(1)
            }
            Completeness::Complete => Progress::Complete,
            // With two roots and nothing missing in name, at least the span above them is.
            Completeness::Waiting {
                missing_parents,
                unanswered_clients,
            } => Progress::Waiting((missing_parents + unanswered_clients).max(1)),
        }
    }

    /// The page stops asking.
    pub(crate) fn at_last(self, subject: Subject) -> Progress {
        match self {
            Progress::Asking if subject == Subject::OwnWork => Progress::Absent,
            Progress::Asking => Progress::NotHeld,
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
            Progress::NotHeld => "Not held".into(),
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
            Progress::NotHeld => {
                "The collector has no such trace: it was never received, or has made room for newer ones."
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

/// Puts log records among the events of the spans that they belong to; what hangs on no span that is there is left out.
pub(crate) fn add_logs(spans: &mut [Span], logs: Vec<Log>) {
    let places: HashMap<SpanId, usize> = spans.iter().map(|span| span.span_id).zip(0..).collect();
    for log in logs {
        let Some(&place) = log.span_id.and_then(|id| places.get(&id)) else {
            continue;
        };
        let name = match log.severity.is_empty() {
            true => log.text,
            false => format!("{}: {}", log.severity, log.text),
        };
        let events = &mut spans[place].events;
        events.push(Event {
            time_ns: log.time_ns,
            name,
            attributes: log.attributes,
            dropped_attributes: 0,
        });
        sort_by_key(events, |event| event.time_ns);
    }
}

fn has_own_part(drawing: &Drawing) -> bool {
    let mut spans = drawing.tree.spans().iter();
    spans.any(|span| span.service == service::FRONTEND)
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
    adjustments.iter().map(Adjustment::to_string).collect()
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
fn origin(span: &Span) -> Origin {
    match (span.service.as_str(), span.name.as_str()) {
        (service::FRONTEND, _) => BROWSER,
        (service::FRONTEND_SERVER, _) => PROXY,
        (_, name::VECTORIZE_QUERY | name::COMPUTE_SIMILARITY) => INDEX,
        _ => SERVER,
    }
}

#[cfg(test)]
mod tests {
    use trace_model::{Kind, OffsetSource};

    use super::*;

    fn span(id: u8, parent: u8, service: &str, name: &str, kind: Kind) -> Span {
        let id_of = |id: u8| SpanId([id; 8]);
        Span {
            span_id: id_of(id),
            parent_id: (parent > 0).then(|| id_of(parent)),
            name: name.into(),
            kind,
            end_ns: 1_000,
            service: service.into(),
            ..Span::default()
        }
    }

    fn half_a_search() -> Vec<Span> {
        vec![
            span(
                1,
                0,
                service::FRONTEND,
                name::FRONTEND_SEARCH,
                Kind::Internal,
            ),
            span(2, 1, service::FRONTEND, "GET", Kind::Client),
        ]
    }

    fn whole_search() -> Vec<Span> {
        let mut spans = half_a_search();
        spans.push(span(
            3,
            2,
            service::FRONTEND_SERVER,
            "GET /api/{*path}",
            Kind::Server,
        ));
        spans.push(span(
            4,
            3,
            service::BACKEND,
            name::COMPUTE_SIMILARITY,
            Kind::Internal,
        ));
        spans.push(span(
            5,
            3,
            service::BACKEND,
            name::PROCESS_RESULTS,
            Kind::Internal,
        ));
        spans
    }

    #[track_caller]
    fn check(spans: Vec<Span>, progress: Progress, words: &str, at_last: &str) {
        let drawing = Drawing::new(spans, ORIGINS);
        assert_eq!(Progress::of(&drawing, Subject::OwnWork), progress);
        assert_eq!(progress.in_words(), words);
        assert_eq!(progress.at_last(Subject::OwnWork).in_words(), at_last);
    }

    #[test]
    fn a_trace_is_waited_for_until_it_is_whole() {
        check(
            vec![],
            Progress::Asking,
            "Waiting for the spans",
            "No span arrived",
        );
        check(
            half_a_search(),
            Progress::Waiting(1),
            "Waiting for 1 span",
            "1 span never arrived",
        );
        check(whole_search(), Progress::Complete, "Complete", "Complete");
    }

    #[test]
    fn two_roots_without_a_known_parent_wait_for_one_span() {
        let two = vec![
            span(1, 0, "a", "x", Kind::Internal),
            span(2, 0, "a", "y", Kind::Internal),
        ];
        assert_eq!(
            Progress::of(&Drawing::new(two, ORIGINS), Subject::OwnWork),
            Progress::Waiting(1)
        );
    }

    #[test]
    fn only_what_is_not_whole_needs_advice() {
        assert_eq!(Progress::Complete.advice(), "");
        assert_eq!(Progress::Waiting(3).advice(), "");
        let silent = Progress::Unreachable("12:00:00".into());
        assert_eq!(silent.in_words(), "Collector not reachable since 12:00:00");
        for progress in [
            Progress::Partial(1),
            Progress::Absent,
            Progress::NotHeld,
            Progress::SampledOut,
            silent,
        ] {
            assert!(progress.advice().ends_with(['.', '?']), "{progress:?}");
        }
    }

    #[test]
    fn any_trace_is_whole_without_a_part_of_this_page() {
        let foreign = vec![span(1, 0, "shop", "GET /", Kind::Server)];
        let drawing = Drawing::new(foreign, ORIGINS);
        assert_eq!(
            Progress::of(&drawing, Subject::AnyTrace),
            Progress::Complete
        );
        assert_eq!(
            Progress::of(&drawing, Subject::OwnWork),
            Progress::Waiting(1)
        );
        assert_eq!(
            Progress::Asking.at_last(Subject::AnyTrace),
            Progress::NotHeld
        );
    }

    #[test]
    fn logs_stand_beside_the_spans_they_belong_to() {
        let mut spans = half_a_search();
        let log = |id: u8, time_ns, severity: &str| Log {
            span_id: (id > 0).then_some(SpanId([id; 8])),
            time_ns,
            severity: severity.into(),
            text: "torn page".into(),
            ..Log::default()
        };
        let logs = vec![
            log(2, 9, "WARN"),
            log(2, 5, ""),
            log(0, 5, "INFO"),
            log(7, 5, "INFO"),
        ];
        add_logs(&mut spans, logs);
        assert!(spans[0].events.is_empty());
        let names: Vec<&str> = spans[1]
            .events
            .iter()
            .map(|event| event.name.as_str())
            .collect();
        assert_eq!(names, ["torn page", "WARN: torn page"]);
    }

    #[test]
    fn the_panel_stops_asking_after_ten_seconds() {
        assert_eq!(PAUSES_MS.iter().sum::<i32>(), 10_000);
        assert!(PAUSES_MS.is_sorted());
    }

    #[test]
    fn every_span_has_an_origin() {
        let drawing = Drawing::new(whole_search(), ORIGINS);
        let origins: Vec<Origin> = drawing.tree.spans().iter().map(ORIGINS.of).collect();
        assert_eq!(origins, [BROWSER, BROWSER, PROXY, INDEX, SERVER]);
        assert_eq!(size(&drawing), "5 spans, 3 services");
    }

    #[test]
    fn an_adjusted_clock_says_by_how_much() {
        let adjusted = |offset_ns, source| Adjustment {
            service: service::BACKEND.into(),
            instance: "1".into(),
            offset_ns,
            source,
            fits: true,
        };
        let measured = OffsetSource::Measured {
            uncertainty_ns: 90_000,
        };
        assert_eq!(
            clocks(&[
                adjusted(-380_000, OffsetSource::Estimated),
                adjusted(1_250_000, measured),
            ]),
            [
                "clock of gutenberg-backend set 380 µs earlier, estimated",
                "clock of gutenberg-backend set 1.25 ms later, measured to ±90.0 µs",
            ]
        );
    }
}
