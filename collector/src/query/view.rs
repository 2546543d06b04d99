//! `GET /api/x/traces/{trace_id}/view`: a trace as a viewer shows it, with everything that is computed from its spans.
//!
//! Times are nanoseconds since the start of the trace, as decimal text. A row is a span; rows are depth first.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::response::Response;
use serde::Serialize;
use serde_json::json;
use trace_model::{
    Adjustment, Completeness, Examination, Finding, Group, OffsetSource, Part, SERVICES_MAX,
    Salvage, Segment, Span, Status, Summary, Tree, completeness, examine, groups, split,
};

use super::parameters::Parameters;
use super::{App, answer, decode, parse_id};
use crate::problem::Problem;
use crate::store::{Store, TraceView};

/// Rows named by one finding.
const FINDING_ROWS_MAX: usize = 100;
/// Traces that arrived before, and after, in which the answer to a call is looked for.
const NEIGHBOURS: u64 = 256;

#[derive(Serialize)]
struct View<'t> {
    summary: serde_json::Value,
    /// Row of the span whose duration is that of the work.
    whole: Option<usize>,
    rows: Vec<Row<'t>>,
    /// How many more there are.
    rows_omitted: usize,
    critical_path: Vec<Stretch>,
    groups: Vec<GroupJson>,
    shares: Vec<ShareJson<'t>>,
    clocks: Vec<serde_json::Value>,
    completeness: serde_json::Value,
    findings: Vec<serde_json::Value>,
    findings_omitted: usize,
}

#[derive(Serialize)]
struct Row<'t> {
    span_id: String,
    parent: Option<usize>,
    depth: usize,
    name: &'t str,
    service: &'t str,
    kind: String,
    #[serde(serialize_with = "answer::decimal")]
    start_ns: u64,
    #[serde(serialize_with = "answer::decimal")]
    duration_ns: u64,
    #[serde(serialize_with = "answer::decimal")]
    self_ns: u64,
    /// How much of the whole waited for this span's own work.
    #[serde(serialize_with = "answer::decimal")]
    critical_ns: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'t str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    salvage: Option<&'static str>,
    attributes: usize,
    events: usize,
    links: usize,
}

#[derive(Serialize)]
struct Stretch {
    row: usize,
    #[serde(serialize_with = "answer::decimal")]
    from_ns: u64,
    #[serde(serialize_with = "answer::decimal")]
    to_ns: u64,
}

#[derive(Serialize)]
struct GroupJson {
    row: usize,
    count: usize,
    errors: usize,
    #[serde(serialize_with = "answer::decimal")]
    total_ns: u64,
    #[serde(serialize_with = "answer::decimal")]
    p50_ns: u64,
    #[serde(serialize_with = "answer::decimal")]
    p95_ns: u64,
}

#[derive(Serialize)]
struct ShareJson<'t> {
    /// Absent for time on the way between services; `…` for services beyond those that are told apart.
    service: Option<&'t str>,
    #[serde(serialize_with = "answer::decimal")]
    duration_ns: u64,
}

pub(super) async fn view(
    State(app): State<App>,
    Path(trace_id): Path<String>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let bounds = (1, app.limits.rows_max);
    let limit = parameters.take_count("limit", app.limits.rows_default, bounds)?;
    parameters.finish("`limit`")?;
    let (arrival, trace) = app.trace(parse_id(&trace_id)?)?;
    app.work(move |app| {
        let tree = tree(&trace)?;
        let examination = examine(&tree, &roots_beside(&app.store, arrival, &tree)?);
        let view = View::of(&tree, &examination, limit);
        app.cuts.rows(view.rows_omitted > 0);
        Ok(answer::json(serde_json::to_vec(&view)?))
    })
    .await
}

/// A stored trace with its clocks adjusted.
pub(super) fn tree(trace: &TraceView) -> Result<Tree, prost::DecodeError> {
    let mut tree = Tree::new(decode::spans(trace)?);
    tree.adjust_clocks();
    Ok(tree)
}

/// Roots of the traces that arrived about when this one did, where a call of it may have been answered; none when no call
/// misses its answer.
fn roots_beside(store: &Store, arrival: u64, tree: &Tree) -> Result<Vec<Span>, prost::DecodeError> {
    match completeness(tree) {
        Completeness::Waiting {
            unanswered_clients: 1..,
            ..
        } => {}
        _ => return Ok(Vec::new()),
    }
    let from = arrival.saturating_add(NEIGHBOURS);
    let mut roots = Vec::new();
    for (other, trace) in store.before(from, None, 2 * NEIGHBOURS as usize) {
        if other == arrival || other.saturating_add(NEIGHBOURS) < arrival {
            continue;
        }
        let tree = Tree::new(decode::spans(&trace)?);
        roots.extend(tree.root().map(|root| tree.span(root).clone()));
    }
    Ok(roots)
}

impl<'t> View<'t> {
    fn of(tree: &'t Tree, examination: &Examination, limit: usize) -> Self {
        let start_ns = tree.start_ns();
        let path = tree.critical_path();
        let mut critical_ns = vec![0; tree.len()];
        for segment in &path {
            critical_ns[segment.row] += segment.duration_ns();
        }
        let shown = tree.len().min(limit);
        let row = |row: usize| Row::of(tree, row, start_ns, critical_ns[row]);
        let stretch = |segment: &Segment| Stretch {
            row: segment.row,
            from_ns: segment.from_ns - start_ns,
            to_ns: segment.to_ns - start_ns,
        };
        Self {
            summary: Summary::of(tree).map_or(serde_json::Value::Null, |summary| summary.to_json()),
            whole: tree.whole(),
            rows: (0..shown).map(row).collect(),
            rows_omitted: tree.len() - shown,
            critical_path: path.iter().map(stretch).collect(),
            groups: groups(tree).into_iter().map(GroupJson::of).collect(),
            shares: shares(tree),
            clocks: tree.adjustments().iter().map(clock).collect(),
            completeness: missing(completeness(tree)),
            findings: examination.findings.iter().map(finding).collect(),
            findings_omitted: examination.omitted,
        }
    }
}

impl<'t> Row<'t> {
    fn of(tree: &'t Tree, row: usize, trace_start_ns: u64, critical_ns: u64) -> Self {
        let (span, node) = (tree.span(row), tree.node(row));
        Self {
            span_id: span.span_id.to_string(),
            parent: node.parent,
            depth: node.depth,
            name: &span.name,
            service: &span.service,
            kind: span.kind.to_string().to_lowercase(),
            start_ns: span.start_ns - trace_start_ns,
            duration_ns: span.duration_ns(),
            self_ns: tree.self_time_ns(row),
            critical_ns,
            error: match &span.status {
                Status::Error(message) => Some(message),
                Status::Unset | Status::Ok => None,
            },
            salvage: node.salvage.map(|salvage| match salvage {
                Salvage::MissingParent => "missing_parent",
                Salvage::ParentCycle => "parent_cycle",
            }),
            attributes: span.attributes.len(),
            events: span.events.len(),
            links: span.links.len(),
        }
    }
}

impl GroupJson {
    fn of(group: Group) -> Self {
        Self {
            row: group.rows.start,
            count: group.count(),
            errors: group.errors,
            total_ns: group.total_ns,
            p50_ns: group.p50_ns,
            p95_ns: group.p95_ns,
        }
    }
}

/// Where the time went: by service, and on the way between them.
fn shares(tree: &Tree) -> Vec<ShareJson<'_>> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut names: Vec<&str> = Vec::new();
    for span in tree.spans() {
        places.entry(&span.service).or_insert_with(|| {
            names.push(&span.service);
            names.len() - 1
        });
    }
    let place = |span: &Span| {
        places
            .get(&*span.service)
            .map(|&place| place.min(SERVICES_MAX))
    };
    let shares = split(tree, place).into_iter().map(|share| ShareJson {
        service: match share.part {
            Part::Network => None,
            Part::Origin(place) => place.map(|place| match place {
                SERVICES_MAX => "…",
                _ => names[place],
            }),
        },
        duration_ns: share.duration_ns,
    });
    shares.collect()
}

fn clock(moved: &Adjustment) -> serde_json::Value {
    let (source, uncertainty_ns) = match moved.source {
        OffsetSource::Measured { uncertainty_ns } => ("measured", Some(uncertainty_ns.to_string())),
        OffsetSource::Estimated => ("estimated", None),
    };
    json!({
        "service": moved.service,
        "instance": &*moved.instance,
        "offset_ns": moved.offset_ns.to_string(),
        "source": source,
        "uncertainty_ns": uncertainty_ns,
        "fits": moved.fits,
    })
}

fn missing(completeness: Completeness) -> serde_json::Value {
    match completeness {
        Completeness::Complete => {
            json!({ "complete": true, "missing_parents": 0, "unanswered_calls": 0 })
        }
        Completeness::Waiting {
            missing_parents,
            unanswered_clients,
        } => json!({
            "complete": false,
            "missing_parents": missing_parents,
            "unanswered_calls": unanswered_clients,
        }),
    }
}

fn finding(finding: &Finding) -> serde_json::Value {
    let named = finding.rows.len().min(FINDING_ROWS_MAX);
    json!({
        "name": finding.ailment.name(),
        "message": finding.message,
        "advice": finding.ailment.advice(),
        "count": finding.rows.len(),
        "rows": finding.rows[..named],
    })
}
