//! `/api/x/budgets`: whether the spans held keep to their budgets. `POST` brings the budgets, `GET` takes those that the
//! collector was started with, perhaps none.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::response::Response;
use serde_json::{Value as Json, json};
use trace_model::{Budgets, Found, Limit, Verdict};

use super::filter::Filter;
use super::parameters::Parameters;
use super::{App, answer, bad_request, summaries};
use crate::problem::Problem;

pub(super) async fn check_own(
    State(app): State<App>,
    parameters: Parameters,
) -> Result<Response, Problem> {
    match app.budgets.as_deref().cloned() {
        Some(budgets) => check(app, parameters, budgets).await,
        // Without budgets none is exceeded, and no trace need be read.
        None => Ok(answer::json(
            json!({ "good": true, "traces": 0, "more": false, "budgets": [] }).to_string(),
        )),
    }
}

pub(super) async fn check_given(
    State(app): State<App>,
    parameters: Parameters,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let body = body.map_err(|error| {
        let max = app.limits.body_max_bytes;
        let detail = format!("the budgets could not be read; at most {max} bytes are taken");
        Problem::new(error.status(), detail)
    })?;
    let json: Json = serde_json::from_slice(&body)
        .map_err(|error| bad_request(format!("the budgets are not JSON: {error}")))?;
    let budgets = Budgets::from_json(&json).map_err(|error| bad_request(error.to_string()))?;
    check(app, parameters, budgets).await
}

async fn check(
    app: App,
    mut parameters: Parameters,
    mut budgets: Budgets,
) -> Result<Response, Problem> {
    let filter = Filter::take(&mut parameters)?;
    let bounds = (1, app.limits.scan_max);
    let limit = parameters.take_count("limit", app.limits.scan_max, bounds)?;
    parameters.finish(&format!("{}, `limit`", Filter::PARAMETERS))?;
    app.work(move |app| {
        let (traces, more) = summaries::scan(&app, &filter, limit, |tree| budgets.add(tree))?;
        let verdicts = budgets.verdicts();
        let answer = json!({
            "good": verdicts.iter().all(Verdict::is_good),
            "traces": traces,
            "more": more,
            "budgets": verdicts.iter().map(verdict).collect::<Vec<_>>(),
        });
        Ok(answer::json(answer.to_string()))
    })
    .await
}

fn verdict(verdict: &Verdict) -> Json {
    let budget = &verdict.budget;
    let limits = budget.limits.iter().zip(&verdict.found).enumerate();
    let limits = limits.map(|(place, (limit, found))| {
        let mut json = match (limit, found) {
            (
                Limit::Percentile {
                    percent,
                    at_most_ns,
                },
                Found::DurationNs(found_ns),
            ) => json!({
                "percentile": percent,
                "at_most_ns": at_most_ns.to_string(),
                "found_ns": found_ns.to_string(),
            }),
            (limit, found) => json!({
                "at_most_error_percent": match limit {
                    Limit::Errors { percent } => *percent,
                    Limit::Percentile { .. } => 0.0,
                },
                "found_error_percent": match found {
                    Found::ErrorPercent(percent) => *percent,
                    Found::DurationNs(_) => 0.0,
                },
            }),
        };
        json["kept"] = verdict.is_kept(place).into();
        json
    });
    let slowest = verdict.slowest.map(|(trace_id, span_id)| {
        json!({ "trace_id": trace_id.to_string(), "span_id": span_id.to_string() })
    });
    json!({
        "span": budget.span,
        "service": budget.service,
        "good": verdict.is_good(),
        "count": verdict.count,
        "count_at_least": budget.count,
        "limits": limits.collect::<Vec<_>>(),
        "slowest": slowest,
    })
}
