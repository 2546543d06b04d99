//! `GET /api/x/stats`: what the collector holds and has lost, and how long the operations in it take.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use trace_model::{Kind, Tree, duration};

use super::filter::Filter;
use super::limits::CutCounters;
use super::parameters::Parameters;
use super::{App, answer, summaries};
use crate::problem::Problem;
use crate::store::{Counters, FeedCounters};

#[derive(Serialize)]
struct Stats {
    counters: Counters,
    #[serde(flatten)]
    feeds: FeedCounters,
    #[serde(flatten)]
    cuts: CutCounters,
    /// How many traces the operations are of, newest first.
    traces: usize,
    /// Whether there are others, which were not looked at.
    more: bool,
    /// By the time that they take themselves, most first.
    operations: Vec<OperationJson>,
    /// How many more there are.
    operations_omitted: usize,
}

#[derive(Serialize)]
struct OperationJson {
    service: String,
    name: String,
    kind: String,
    count: usize,
    errors: usize,
    #[serde(serialize_with = "answer::decimal")]
    p50_ns: u64,
    #[serde(serialize_with = "answer::decimal")]
    p95_ns: u64,
    #[serde(serialize_with = "answer::decimal")]
    max_ns: u64,
    /// Time that none of their children covers, added up.
    #[serde(serialize_with = "answer::decimal")]
    self_ns: u64,
}

#[derive(Default)]
struct Measured {
    durations_ns: Vec<u64>,
    errors: usize,
    self_ns: u64,
}

/// Service, name and kind.
type Operation = (String, String, Kind);

pub(super) async fn stats(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let filter = Filter::take(&mut parameters)?;
    let bounds = (1, app.limits.scan_max);
    let limit = parameters.take_count("limit", app.limits.list_max, bounds)?;
    parameters.finish(&format!("{}, `limit`", Filter::PARAMETERS))?;
    app.work(move |app| {
        let mut measured: HashMap<Operation, Measured> = HashMap::new();
        let (traces, more) = summaries::scan(&app, &filter, limit, |tree| {
            measure(tree, &mut measured);
        })?;
        let mut operations: Vec<_> = measured.into_iter().collect();
        let by_time = |(operation, measured): &(Operation, Measured)| {
            (
                std::cmp::Reverse(measured.self_ns),
                operation.0.clone(),
                operation.1.clone(),
            )
        };
        operations.sort_by_cached_key(by_time);
        let omitted = operations.len().saturating_sub(app.limits.list_max);
        operations.truncate(app.limits.list_max);
        app.cuts.list(omitted > 0);
        let stats = Stats {
            counters: app.store.counters(),
            feeds: app.store.feed_counters(),
            cuts: app.cuts.counters(),
            traces,
            more,
            operations: operations.into_iter().map(OperationJson::of).collect(),
            operations_omitted: omitted,
        };
        Ok(answer::json(serde_json::to_vec(&stats)?))
    })
    .await
}

fn measure(tree: &Tree, measured: &mut HashMap<Operation, Measured>) {
    for (row, span) in tree.spans().iter().enumerate() {
        let operation = (span.service.clone(), span.name.clone(), span.kind);
        let measured = measured.entry(operation).or_default();
        measured.durations_ns.push(span.duration_ns());
        measured.errors += usize::from(span.is_error());
        measured.self_ns = measured.self_ns.saturating_add(tree.self_time_ns(row));
    }
}

impl OperationJson {
    fn of(((service, name, kind), mut measured): (Operation, Measured)) -> Self {
        let durations_ns = &mut measured.durations_ns;
        durations_ns.sort_unstable();
        Self {
            service,
            name,
            kind: kind.to_string().to_lowercase(),
            count: durations_ns.len(),
            errors: measured.errors,
            p50_ns: duration::percentile(durations_ns, 50),
            p95_ns: duration::percentile(durations_ns, 95),
            max_ns: durations_ns.last().copied().unwrap_or(0),
            self_ns: measured.self_ns,
        }
    }
}
