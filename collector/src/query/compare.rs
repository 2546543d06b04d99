//! `GET /api/x/diff?a=&b=`: two traces beside each other.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use trace_model::{Diff, DiffRow, Side, Tree, diff};

use super::parameters::Parameters;
use super::{App, answer, bad_request, parse_id, view};
use crate::problem::Problem;

/// Rows named as causes of a change.
const CAUSES: usize = 10;

#[derive(Serialize)]
struct DiffJson<'d> {
    #[serde(serialize_with = "answer::decimal")]
    a_ns: u64,
    #[serde(serialize_with = "answer::decimal")]
    b_ns: u64,
    rows: Vec<RowJson<'d>>,
    /// How many more there are.
    rows_omitted: usize,
    /// Rows by how much their own time changed, most first.
    causes: Vec<usize>,
}

#[derive(Serialize)]
struct RowJson<'d> {
    depth: usize,
    name: &'d str,
    service: &'d str,
    kind: String,
    a: Option<SideJson>,
    b: Option<SideJson>,
    #[serde(serialize_with = "answer::decimal")]
    change_ns: i64,
    #[serde(serialize_with = "answer::decimal")]
    self_change_ns: i64,
}

#[derive(Serialize)]
struct SideJson {
    span_id: String,
    #[serde(serialize_with = "answer::decimal")]
    duration_ns: u64,
    #[serde(serialize_with = "answer::decimal")]
    self_ns: u64,
}

pub(super) async fn compare(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let mut traces = Vec::new();
    for name in ["a", "b"] {
        let id = parameters.take(name)?;
        let id =
            id.ok_or_else(|| bad_request(format!("`{name}` is missing: the id of a trace")))?;
        let (_, trace) = app.trace(parse_id(&id)?)?;
        traces.push(trace);
    }
    let bounds = (1, app.limits.rows_max);
    let limit = parameters.take_count("limit", app.limits.rows_default, bounds)?;
    parameters.finish("`a`, `b`, `limit`")?;
    app.work(move |app| {
        let (first, second) = (view::tree(&traces[0])?, view::tree(&traces[1])?);
        let diff = diff(&first, &second);
        let json = DiffJson::of(&diff, &first, &second, limit);
        app.cuts.rows(json.rows_omitted > 0);
        Ok(answer::json(serde_json::to_vec(&json)?))
    })
    .await
}

impl<'d> DiffJson<'d> {
    fn of(diff: &'d Diff, first: &Tree, second: &Tree, limit: usize) -> Self {
        let shown = &diff.rows[..diff.rows.len().min(limit)];
        let mut causes = diff.causes(CAUSES);
        causes.retain(|&row| row < shown.len());
        Self {
            a_ns: diff.first_ns,
            b_ns: diff.second_ns,
            rows: shown
                .iter()
                .map(|row| RowJson::of(row, first, second))
                .collect(),
            rows_omitted: diff.rows.len() - shown.len(),
            causes,
        }
    }
}

impl<'d> RowJson<'d> {
    fn of(row: &'d DiffRow, first: &Tree, second: &Tree) -> Self {
        Self {
            depth: row.depth,
            name: &row.name,
            service: &row.service,
            kind: row.kind.to_string().to_lowercase(),
            a: row.first.map(|side| SideJson::of(side, first)),
            b: row.second.map(|side| SideJson::of(side, second)),
            change_ns: row.change_ns(),
            self_change_ns: row.self_change_ns(),
        }
    }
}

impl SideJson {
    fn of(side: Side, tree: &Tree) -> Self {
        Self {
            span_id: tree.span(side.row).span_id.to_string(),
            duration_ns: side.duration_ns,
            self_ns: side.self_ns,
        }
    }
}
