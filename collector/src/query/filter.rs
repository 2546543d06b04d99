//! Which traces a list is about.

use prost::DecodeError;
use trace_model::{Span, Summary, Tree, Value};

use super::parameters::Parameters;
use super::{bad_request, decode};
use crate::problem::Problem;
use crate::store::TraceView;

/// Attributes that one request may ask for.
const ATTRIBUTES_MAX: usize = 8;

/// What a trace must have to be listed; everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// A span of this service.
    pub(super) service: Option<String>,
    /// A span of this name.
    pub(super) operation: Option<String>,
    /// This text, in lower case, in the name or service of a span, or at the beginning of the trace id.
    pub(super) text: Option<String>,
    /// At least this duration, in nanoseconds.
    pub(super) min_duration_ns: Option<u64>,
    /// At most this duration, in nanoseconds.
    pub(super) max_duration_ns: Option<u64>,
    /// Whether a span of it ended with an error.
    pub(super) error: Option<bool>,
    /// Started at this time or later, in nanoseconds since the Unix epoch.
    pub(super) started_from_ns: Option<u64>,
    /// Started at this time or earlier, in nanoseconds since the Unix epoch.
    pub(super) started_to_ns: Option<u64>,
    /// For each of these a span or resource with this key and value.
    pub(super) attributes: Vec<(String, String)>,
}

impl Filter {
    /// The parameters that [`Filter::take`] knows.
    pub(super) const PARAMETERS: &str =
        "`service`, `text`, `min_duration`, `max_duration`, `error`, `attribute`";

    pub(super) fn take(parameters: &mut Parameters) -> Result<Self, Problem> {
        let attributes = parameters.take_all("attribute");
        if attributes.len() > ATTRIBUTES_MAX {
            let detail = format!("`attribute` may be given {ATTRIBUTES_MAX} times");
            return Err(bad_request(detail));
        }
        let pair = |text: &String| {
            let wrong = || bad_request("`attribute` is key=value".to_owned());
            let (key, value) = text.split_once('=').ok_or_else(wrong)?;
            Ok((key.to_owned(), value.to_owned()))
        };
        Ok(Self {
            service: parameters.take("service")?,
            text: parameters.take("text")?.map(|text| text.to_lowercase()),
            min_duration_ns: parameters.take_duration_ns("min_duration")?,
            max_duration_ns: parameters.take_duration_ns("max_duration")?,
            error: parameters.take_bool("error")?,
            attributes: attributes.iter().map(pair).collect::<Result<_, _>>()?,
            ..Self::default()
        })
    }

    /// The summary of a trace that has all of this.
    pub(super) fn matching(&self, trace: &TraceView) -> Result<Option<Summary>, DecodeError> {
        let spans = decode::spans(trace)?;
        if !self.attributes_match(trace, &spans)? {
            return Ok(None);
        }
        let mut tree = Tree::new(spans);
        tree.adjust_clocks();
        Ok(Summary::of(&tree).filter(|summary| self.holds(summary, &tree)))
    }

    fn holds(&self, summary: &Summary, tree: &Tree) -> bool {
        let has_service =
            |service: &String| tree.spans().iter().any(|span| span.service == *service);
        let has_name = |name: &String| {
            let mut spans = tree.spans().iter();
            spans.any(|span| {
                span.name == *name && self.service.as_ref().is_none_or(|of| span.service == *of)
            })
        };
        self.service.as_ref().is_none_or(has_service)
            && self.operation.as_ref().is_none_or(has_name)
            && self
                .min_duration_ns
                .is_none_or(|min_ns| summary.duration_ns >= min_ns)
            && self
                .max_duration_ns
                .is_none_or(|max_ns| summary.duration_ns <= max_ns)
            && self
                .started_from_ns
                .is_none_or(|from_ns| summary.start_ns >= from_ns)
            && self
                .started_to_ns
                .is_none_or(|to_ns| summary.start_ns <= to_ns)
            && self.error.is_none_or(|error| (summary.errors > 0) == error)
            && self
                .text
                .as_ref()
                .is_none_or(|text| has_text(summary, tree, text))
    }

    fn attributes_match(&self, trace: &TraceView, spans: &[Span]) -> Result<bool, DecodeError> {
        if self.attributes.is_empty() {
            return Ok(true);
        }
        let mut resources = Vec::new();
        for origin in trace {
            resources.extend(decode::resource(origin)?);
        }
        let of_spans = || spans.iter().flat_map(|span| &span.attributes);
        Ok(self.attributes.iter().all(|(key, value)| {
            let is_asked = |(held, held_value): &(String, Value)| {
                held == key && held_value.to_string() == *value
            };
            resources.iter().any(is_asked) || of_spans().any(is_asked)
        }))
    }
}

fn has_text(summary: &Summary, tree: &Tree, text: &str) -> bool {
    let is_in = |name: &str| name.to_lowercase().contains(text);
    summary.trace_id.to_string().starts_with(text)
        || tree
            .spans()
            .iter()
            .any(|span| is_in(&span.name) || is_in(&span.service))
}
