//! `GET /api/x/summaries`: the newest traces in a line each.

use axum::extract::State;
use axum::response::Response;
use prost::DecodeError;
use serde_json::json;
use trace_model::{Summary, Tree};

use super::filter::Filter;
use super::parameters::Parameters;
use super::{App, answer, parse_id};
use crate::problem::Problem;
use crate::store::{Store, TraceView};

/// Traces that are taken from the store at a time, so that others can read and write in between.
const CHUNK: usize = 32;

pub(super) async fn summaries(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let filter = Filter::take(&mut parameters)?;
    let bounds = (1, app.limits.list_max);
    let limit = parameters.take_count("limit", app.limits.list_default, bounds)?;
    let before = match parameters.take("before")? {
        None => u64::MAX,
        Some(id) => app.trace(parse_id(&id)?)?.0,
    };
    parameters.finish(&format!("{}, `limit`, `before`", Filter::PARAMETERS))?;
    app.work(move |app| {
        let (found, more) = newest(&app.store, &filter, before, limit)?;
        app.cuts.list(more);
        let summaries: Vec<_> = found.iter().map(Summary::to_json).collect();
        Ok(answer::json(
            json!({ "summaries": summaries, "more": more }).to_string(),
        ))
    })
    .await
}

/// The newest of the traces that arrived before `before` and match, newest first, at most `limit`; and whether there are
/// more.
pub(super) fn newest(
    store: &Store,
    filter: &Filter,
    before: u64,
    limit: usize,
) -> Result<(Vec<Summary>, bool), DecodeError> {
    let mut found = Vec::new();
    let mut more = false;
    visit_before(store, filter, before, |_, tree| {
        more = found.len() == limit;
        if !more {
            found.extend(Summary::of(tree));
        }
        !more
    })?;
    Ok((found, more))
}

/// Looks at the newest traces that match, at most `limit`; says how many those were and whether there are more.
pub(super) fn scan(
    app: &App,
    filter: &Filter,
    limit: usize,
    mut look: impl FnMut(&Tree),
) -> Result<(usize, bool), DecodeError> {
    let mut traces = 0;
    let mut more = false;
    visit(&app.store, filter, |_, tree| {
        more = traces == limit;
        if !more {
            look(tree);
            traces += 1;
        }
        !more
    })?;
    app.cuts.scan(more);
    Ok((traces, more))
}

/// Shows the traces that match, newest first, until `look` has seen enough and says false. Trees have their clocks adjusted.
pub(super) fn visit(
    store: &Store,
    filter: &Filter,
    look: impl FnMut(&TraceView, &Tree) -> bool,
) -> Result<(), DecodeError> {
    visit_before(store, filter, u64::MAX, look)
}

fn visit_before(
    store: &Store,
    filter: &Filter,
    mut before: u64,
    mut look: impl FnMut(&TraceView, &Tree) -> bool,
) -> Result<(), DecodeError> {
    loop {
        let traces = store.before(before, filter.service.as_deref(), CHUNK);
        let Some((oldest, _)) = traces.last() else {
            return Ok(());
        };
        before = *oldest;
        for (_, trace) in &traces {
            if let Some(tree) = filter.matching(trace)?
                && !look(trace, &tree)
            {
                return Ok(());
            }
        }
    }
}
