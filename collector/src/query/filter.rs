//! Which traces a list is about.

use prost::DecodeError;
use trace_model::{Span, Tree, Value};

use super::parameters::Parameters;
use super::{bad_request, decode};
use crate::problem::Problem;
use crate::store::TraceView;

/// What a trace must have to be listed; everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// A span of this service.
    pub(super) service: Option<String>,
    /// A span of this name, and of the service as well.
    pub(super) operation: Option<String>,
    /// Such a span of at least this duration, in nanoseconds.
    pub(super) span_min_ns: Option<u64>,
    /// Such a span of at most this duration, in nanoseconds.
    pub(super) span_max_ns: Option<u64>,
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
    /// Started before this time, in nanoseconds since the Unix epoch.
    pub(super) started_before_ns: Option<u64>,
    /// For each of these a span or resource with this key and value.
    pub(super) attributes: Vec<(String, String)>,
}

impl Filter {
    /// Attributes that one request may ask for.
    pub(super) const ATTRIBUTES_MAX: usize = 8;
    /// The parameters that [`Filter::take`] knows.
    pub(super) const PARAMETERS: &str =
        "`service`, `text`, `min_duration`, `max_duration`, `error`, `attribute`";

    pub(super) fn take(parameters: &mut Parameters) -> Result<Self, Problem> {
        let attributes = parameters.take_all("attribute");
        if attributes.len() > Self::ATTRIBUTES_MAX {
            let detail = format!("`attribute` may be given {} times", Self::ATTRIBUTES_MAX);
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

    /// The tree of a trace that has all of this, with its clocks adjusted.
    pub(super) fn matching(&self, trace: &TraceView) -> Result<Option<Tree>, DecodeError> {
        let spans = decode::spans(trace)?;
        if !self.spans_match(&spans) || !self.attributes_match(trace, &spans)? {
            return Ok(None);
        }
        let mut tree = Tree::new(spans);
        tree.adjust_clocks();
        Ok(Some(tree).filter(|tree| self.tree_matches(tree)))
    }

    /// Whether one span has everything that is asked of one, and whether there is an error.
    fn spans_match(&self, spans: &[Span]) -> bool {
        let is_asked = |span: &Span| {
            let is = |asked: &Option<String>, text: &str| {
                asked.as_ref().is_none_or(|asked| asked == text)
            };
            is(&self.service, &span.service)
                && is(&self.operation, &span.name)
                && self
                    .span_min_ns
                    .is_none_or(|min_ns| span.duration_ns() >= min_ns)
                && self
                    .span_max_ns
                    .is_none_or(|max_ns| span.duration_ns() <= max_ns)
        };
        let is_like = |text: &String| {
            let is_in = |name: &str| name.to_lowercase().contains(text);
            let is_id = |span: &Span| span.trace_id.to_string().starts_with(text);
            spans.first().is_some_and(is_id)
                || spans
                    .iter()
                    .any(|span| is_in(&span.name) || is_in(&span.service))
        };
        spans.iter().any(is_asked)
            && self
                .error
                .is_none_or(|error| spans.iter().any(Span::is_error) == error)
            && self.text.as_ref().is_none_or(is_like)
    }

    fn tree_matches(&self, tree: &Tree) -> bool {
        let start_ns = tree.start_ns();
        let duration_ns = tree.end_ns().saturating_sub(start_ns);
        self.min_duration_ns
            .is_none_or(|min_ns| duration_ns >= min_ns)
            && self
                .max_duration_ns
                .is_none_or(|max_ns| duration_ns <= max_ns)
            && self
                .started_from_ns
                .is_none_or(|from_ns| start_ns >= from_ns)
            && self
                .started_before_ns
                .is_none_or(|before_ns| start_ns < before_ns)
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
