//! What a list says of a trace in one line, and its JSON form.

use serde_json::{Value as Json, json};

use crate::order::sort_by_key;
use crate::{Completeness, Span, TraceId, Tree, completeness};

/// Services that a summary names; the spans of further ones are in its totals only.
pub const SERVICES_MAX: usize = 32;
/// Characters of a name in a summary; longer ones end in `…`.
pub const NAME_MAX_CHARS: usize = 256;

/// A trace in one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Which trace.
    pub trace_id: TraceId,
    /// Name of [`Tree::root`], of at most [`NAME_MAX_CHARS`].
    pub root_name: String,
    /// Service of [`Tree::root`]; empty when its resource has none.
    pub root_service: String,
    /// Who took part, by first start; at most [`SERVICES_MAX`].
    pub services: Vec<ServiceSummary>,
    /// How many services took part beyond those that are named.
    pub services_omitted: u64,
    /// When the first span starts, in nanoseconds since the Unix epoch.
    pub start_ns: u64,
    /// From the start of the first span to the end of the last, in nanoseconds.
    pub duration_ns: u64,
    /// How many spans it has.
    pub spans: u64,
    /// How many of them ended with an error.
    pub errors: u64,
    /// Whether all of it has arrived, as [`completeness`] tells.
    pub complete: bool,
}

/// The part of one service in a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceSummary {
    /// `service.name`, of at most [`NAME_MAX_CHARS`]; may be empty.
    pub name: String,
    /// How many spans it made.
    pub spans: u64,
    /// How many of them ended with an error.
    pub errors: u64,
}

/// Text that is not the JSON form of a summary.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a summary: `{0}` is missing or of the wrong type")]
pub struct SummaryError(&'static str);

impl Summary {
    /// Sums a tree up; nothing when it has no span.
    #[must_use]
    pub fn of(tree: &Tree) -> Option<Self> {
        let root = tree.span(tree.root()?);
        let mut first_starts: Vec<&Span> = tree.spans().iter().collect();
        sort_by_key(&mut first_starts, |span| span.start_ns);
        let mut names: Vec<&str> = Vec::new();
        let mut services: Vec<ServiceSummary> = Vec::new();
        let mut omitted = std::collections::HashSet::new();
        for span in first_starts {
            let place = match names.iter().position(|name| *name == span.service) {
                Some(place) => place,
                None if names.len() < SERVICES_MAX => {
                    names.push(&span.service);
                    services.push(ServiceSummary {
                        name: shortened(&span.service),
                        ..ServiceSummary::default()
                    });
                    names.len() - 1
                }
                None => {
                    omitted.insert(span.service.as_str());
                    continue;
                }
            };
            services[place].spans += 1;
            services[place].errors += u64::from(span.is_error());
        }
        let start_ns = tree.start_ns();
        Some(Self {
            trace_id: root.trace_id,
            root_name: shortened(&root.name),
            root_service: shortened(&root.service),
            services,
            services_omitted: omitted.len() as u64,
            start_ns,
            duration_ns: tree.end_ns().saturating_sub(start_ns),
            spans: tree.len() as u64,
            errors: tree.spans().iter().filter(|span| span.is_error()).count() as u64,
            complete: completeness(tree) == Completeness::Complete,
        })
    }

    /// Its JSON form: the fields by their names; the two times are decimal strings, since they may exceed what JavaScript
    /// counts exactly.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let services: Vec<Json> = self
            .services
            .iter()
            .map(|service| {
                json!({ "name": service.name, "spans": service.spans, "errors": service.errors })
            })
            .collect();
        json!({
            "trace_id": self.trace_id.to_string(),
            "root_name": self.root_name,
            "root_service": self.root_service,
            "services": services,
            "services_omitted": self.services_omitted,
            "start_ns": self.start_ns.to_string(),
            "duration_ns": self.duration_ns.to_string(),
            "spans": self.spans,
            "errors": self.errors,
            "complete": self.complete,
        })
    }

    /// Reads its JSON form.
    ///
    /// # Errors
    /// When a field is missing or of the wrong type; fields that are not known are ignored.
    pub fn from_json(json: &Json) -> Result<Self, SummaryError> {
        let services = json.get("services").and_then(Json::as_array);
        Ok(Self {
            trace_id: text(json, "trace_id")?
                .parse()
                .map_err(|_| SummaryError("trace_id"))?,
            root_name: text(json, "root_name")?.to_owned(),
            root_service: text(json, "root_service")?.to_owned(),
            services: services
                .ok_or(SummaryError("services"))?
                .iter()
                .map(ServiceSummary::from_json)
                .collect::<Result<_, _>>()?,
            services_omitted: number(json, "services_omitted")?,
            start_ns: time(json, "start_ns")?,
            duration_ns: time(json, "duration_ns")?,
            spans: number(json, "spans")?,
            errors: number(json, "errors")?,
            complete: json
                .get("complete")
                .and_then(Json::as_bool)
                .ok_or(SummaryError("complete"))?,
        })
    }
}

impl ServiceSummary {
    fn from_json(json: &Json) -> Result<Self, SummaryError> {
        Ok(Self {
            name: text(json, "name")?.to_owned(),
            spans: number(json, "spans")?,
            errors: number(json, "errors")?,
        })
    }
}

fn text<'j>(json: &'j Json, field: &'static str) -> Result<&'j str, SummaryError> {
    json.get(field)
        .and_then(Json::as_str)
        .ok_or(SummaryError(field))
}

fn number(json: &Json, field: &'static str) -> Result<u64, SummaryError> {
    json.get(field)
        .and_then(Json::as_u64)
        .ok_or(SummaryError(field))
}

fn time(json: &Json, field: &'static str) -> Result<u64, SummaryError> {
    text(json, field)?.parse().map_err(|_| SummaryError(field))
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(NAME_MAX_CHARS) {
        None => name.to_owned(),
        Some(_) => name.chars().take(NAME_MAX_CHARS - 1).chain(['…']).collect(),
    }
}
