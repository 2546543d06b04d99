//! The list of traces as plain data: what passes its filter, what it holds, how it says how long ago something was.

use std::time::Duration;

use shared::semconv::service;
use trace_model::{Summary, TraceId, duration};
use trace_view::Origin;

use crate::address::Parameters;

/// Traces in the list; when more arrive, the oldest leave it.
pub(crate) const LIST_MAX: usize = 200;

/// What a trace must have to be listed, as it was typed; blank for anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Part of the name or service of a span.
    pub text: String,
    /// Name of a service.
    pub service: String,
    /// The shortest duration.
    pub min_duration: String,
    /// Key and value of an attribute.
    pub attribute: String,
    /// Whether a span must have failed.
    pub failed: bool,
}

impl Filter {
    /// Reads the parameters of an address.
    pub(crate) fn read(parameter: impl Fn(&str) -> Option<String>) -> Filter {
        let text = |name| parameter(name).unwrap_or_default();
        Filter {
            text: text("text"),
            service: text("service"),
            min_duration: text("min_duration"),
            attribute: text("attribute"),
            failed: text("error") == "true",
        }
    }

    /// The parameters of an address, of the page as of the collector; only of what is asked for.
    pub(crate) fn parameters(&self) -> Parameters {
        let texts = [
            ("text", &self.text),
            ("service", &self.service),
            ("min_duration", &self.min_duration),
            ("attribute", &self.attribute),
        ];
        let mut parameters: Parameters = texts
            .into_iter()
            .map(|(name, text)| (name, text.trim().to_owned()))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        if self.failed {
            parameters.push(("error", "true".into()));
        }
        parameters
    }

    /// What cannot be asked for, and how it is written instead.
    pub(crate) fn mistake(&self) -> Option<&'static str> {
        let (shortest, attribute) = (self.min_duration.trim(), self.attribute.trim());
        if !shortest.is_empty() && duration::parse(shortest).is_none() {
            return Some("A duration is a number with its unit: 250us, 12ms, 1.5s.");
        }
        let is_pair = attribute
            .split_once('=')
            .is_some_and(|(key, _)| !key.is_empty());
        if !attribute.is_empty() && !is_pair {
            return Some("An attribute is key=value, such as http.response.status_code=500.");
        }
        None
    }
}

/// The newest traces, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct TraceList {
    traces: Vec<Summary>,
    /// Changes that the collector could not tell of in time.
    pub missed: u64,
}

impl TraceList {
    /// The traces.
    pub(crate) fn traces(&self) -> &[Summary] {
        &self.traces
    }

    /// Takes up what is new of a trace: it keeps its place, or stands in front.
    pub(crate) fn take(&mut self, summary: Summary) {
        let mut held = self.traces.iter_mut();
        match held.find(|held| held.trace_id == summary.trace_id) {
            Some(held) => *held = summary,
            None => {
                self.traces.insert(0, summary);
                self.traces.truncate(LIST_MAX);
            }
        }
    }

    /// The longest duration, in nanoseconds; what the others are drawn against.
    pub(crate) fn slowest_ns(&self) -> u64 {
        let durations = self.traces.iter().map(|trace| trace.duration_ns);
        durations.max().unwrap_or(0).max(1)
    }
}

/// The traces that were chosen to be compared, at most two: the newest choices win.
pub(crate) fn choose(chosen: &mut Vec<TraceId>, id: TraceId) {
    match chosen.iter().position(|other| *other == id) {
        Some(place) => drop(chosen.remove(place)),
        None => {
            chosen.push(id);
            if chosen.len() > 2 {
                chosen.remove(0);
            }
        }
    }
}

/// Time since `then_ns` in words; both in nanoseconds since the Unix epoch. Clocks may disagree a little.
pub(crate) fn age(now_ns: u64, then_ns: u64) -> String {
    let age = Duration::from_nanos(now_ns.saturating_sub(then_ns)).as_secs();
    match age {
        0..2 => "now".to_owned(),
        2..60 => format!("{age} s"),
        60..3_600 => format!("{} min", age / 60),
        3_600..86_400 => format!("{} h", age / 3_600),
        _ => format!("{} d", age / 86_400),
    }
}

/// The colour of a service.
pub(crate) fn origin_of_service(name: &str) -> Origin {
    match name {
        service::FRONTEND => "browser",
        service::FRONTEND_SERVER => "proxy",
        _ => "server",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(id: u8, duration_ns: u64) -> Summary {
        Summary {
            trace_id: TraceId([id; 16]),
            duration_ns,
            ..Summary::default()
        }
    }

    fn ids(list: &TraceList) -> Vec<u8> {
        list.traces()
            .iter()
            .map(|trace| trace.trace_id.0[0])
            .collect()
    }

    #[test]
    fn new_traces_stand_in_front_and_known_ones_keep_their_place() {
        let mut list = TraceList::default();
        assert_eq!(list.slowest_ns(), 1);
        for (id, duration_ns) in [(1, 10), (2, 30), (3, 20), (2, 40)] {
            list.take(summary(id, duration_ns));
        }
        assert_eq!(ids(&list), [3, 2, 1]);
        assert_eq!(list.slowest_ns(), 40);
    }

    #[test]
    fn the_list_is_bounded() {
        let mut list = TraceList::default();
        for id in 0..=255 {
            list.take(summary(id, 1));
        }
        assert_eq!(list.traces().len(), LIST_MAX);
        assert_eq!(ids(&list)[0], 255);
    }

    #[test]
    fn a_filter_asks_for_what_was_typed() {
        let typed = Filter {
            text: " search ".into(),
            attribute: "http.route=/search".into(),
            failed: true,
            ..Filter::default()
        };
        let parameters = typed.parameters();
        let expected = [
            ("text", "search"),
            ("attribute", "http.route=/search"),
            ("error", "true"),
        ];
        assert_eq!(
            parameters,
            expected.map(|(name, value)| (name, value.to_owned()))
        );
        let read = Filter::read(|name| {
            let mut all = parameters.iter();
            all.find(|(key, _)| *key == name)
                .map(|(_, value)| value.clone())
        });
        assert_eq!(read.parameters(), parameters);
        assert!(Filter::default().parameters().is_empty());
    }

    #[track_caller]
    fn check_mistake(min_duration: &str, attribute: &str, says: Option<&str>) {
        let typed = Filter {
            min_duration: min_duration.into(),
            attribute: attribute.into(),
            ..Filter::default()
        };
        let mistake = typed.mistake();
        assert_eq!(mistake.is_some(), says.is_some(), "{mistake:?}");
        assert!(
            mistake
                .unwrap_or_default()
                .contains(says.unwrap_or_default())
        );
    }

    #[test]
    fn what_cannot_be_asked_for_is_explained() {
        check_mistake("", "", None);
        check_mistake("12ms", "a=b", None);
        check_mistake("", "a=", None);
        check_mistake("long", "", Some("12ms"));
        check_mistake("", "=b", Some("key=value"));
        check_mistake("", "word", Some("key=value"));
    }

    #[test]
    fn at_most_two_are_compared() {
        let mut chosen = Vec::new();
        for id in [1, 2, 3, 2] {
            choose(&mut chosen, TraceId([id; 16]));
        }
        assert_eq!(chosen, [TraceId([3; 16])]);
    }

    #[test]
    fn ages_read_at_a_glance() {
        const S: u64 = 1_000_000_000;
        let cases = [
            (0, "now"),
            (2, "2 s"),
            (59, "59 s"),
            (60, "1 min"),
            (7_300, "2 h"),
            (200_000, "2 d"),
        ];
        for (seconds, words) in cases {
            assert_eq!(age(1_000_000 * S + seconds * S, 1_000_000 * S), words);
        }
        assert_eq!(age(0, S), "now");
    }
}
