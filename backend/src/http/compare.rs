//! `GET /search/compare`: the same question to several methods at the same time.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use shared::{ComparedMethod, ComparedSpeed, Comparison, Method};

use super::parameters::{Parameters, bad_request, method};
use super::{ApiError, App};
use crate::search::{Answer, Compared, SearchError, compare_methods};

/// Parameters as they come.
#[derive(Deserialize)]
pub(super) struct CompareParameters {
    q: Option<String>,
    limit: Option<String>,
    book: Option<String>,
    /// Names of methods with commas between them; all of them where it is left out.
    methods: Option<String>,
}

pub(super) async fn compare(
    State(app): State<Arc<App>>,
    parameters: Result<Query<CompareParameters>, QueryRejection>,
) -> Result<Json<Comparison>, ApiError> {
    let Query(parameters) = parameters.map_err(|_| ApiError::unreadable_parameter())?;
    let methods = methods(parameters.methods.as_deref())?;
    let parameters = Parameters {
        q: parameters.q,
        limit: parameters.limit,
        book: parameters.book,
        ..Parameters::default()
    };
    let library = app.library()?;
    let request = parameters.check(&library.corpus)?;
    let compared = compare_methods(library, &app.admission, &request, &methods).await?;
    Ok(Json(Comparison {
        query: request.query.clone().into_owned(),
        performance: speed(&compared),
        hints: hints(&compared),
        comparison: compared
            .into_iter()
            .map(|one| (one.method, compared_method(one)))
            .collect(),
    }))
}

fn methods(names: Option<&str>) -> Result<Vec<Method>, ApiError> {
    let Some(names) = names else {
        return Ok(Method::ALL.to_vec());
    };
    let mut methods: Vec<Method> = names.split(',').map(method).collect::<Result<_, _>>()?;
    let named = methods.len();
    methods.sort_unstable();
    methods.dedup();
    if methods.len() < 2 || methods.len() < named {
        return Err(bad_request(
            "methods: allowed are two or more different names with commas between them, or nothing for all",
        ));
    }
    Ok(methods)
}

fn compared_method(compared: Compared) -> ComparedMethod {
    let (answer, error) = match compared.answer {
        Ok(answer) => (Some(answer), None),
        Err(SearchError::DeadlineExceeded) => {
            (None, Some(SearchError::DeadlineExceeded.to_string()))
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a search failed");
            (None, Some("the search failed".to_owned()))
        }
    };
    let hits = answer.as_ref().map_or(0, |answer| answer.hits.len());
    ComparedMethod {
        method: compared.method,
        total_results: hits,
        total_matches: answer.as_ref().map_or(0, |answer| answer.total_matches),
        duration_ms: compared.duration.as_secs_f64() * 1e3,
        results: answer.map(|answer| answer.hits).unwrap_or_default(),
        error,
    }
}

fn speed(compared: &[Compared]) -> ComparedSpeed {
    let answered = || compared.iter().filter(|one| one.answer.is_ok());
    let fastest = answered().min_by_key(|one| one.duration);
    let slowest = answered().max_by_key(|one| one.duration);
    let difference = fastest
        .zip(slowest)
        .map(|(fast, slow)| slow.duration - fast.duration);
    ComparedSpeed {
        faster_method: fastest.map(|one| one.method),
        speed_difference_ms: difference.unwrap_or_default().as_secs_f64() * 1e3,
    }
}

/// All methods read the query alike.
fn hints(compared: &[Compared]) -> Vec<String> {
    let answer: Option<&Answer> = compared.iter().find_map(|one| one.answer.as_ref().ok());
    answer
        .map(|answer| answer.hints.clone())
        .unwrap_or_default()
}
