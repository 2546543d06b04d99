//! `GET /search/explain`: how the score of one book came about.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use serde::Deserialize;
use shared::Explanation;

use super::books::find;
use super::parameters::{Parameters, bad_request, number};
use super::{ApiError, App};
use crate::search::explain;

/// Parameters as they come.
#[derive(Deserialize)]
pub(super) struct ExplainParameters {
    q: Option<String>,
    method: Option<String>,
    features: Option<String>,
    /// The book whose score it is.
    id: Option<String>,
    /// A byte of the passage that is meant, where it is not the best one of the book.
    from: Option<String>,
    /// The only book that was searched.
    book: Option<String>,
}

pub(super) async fn explain_hit(
    State(app): State<Arc<App>>,
    parameters: Result<Query<ExplainParameters>, QueryRejection>,
) -> Result<Json<Explanation>, ApiError> {
    let Query(parameters) = parameters.map_err(|_| ApiError::unreadable_parameter())?;
    let library = app.library()?;
    let id = parameters
        .id
        .ok_or_else(|| bad_request("id is missing: say which book, such as id=austen-emma.txt"))?;
    let book = find(&library.corpus, &id)?;
    let bytes = library.corpus.books[book].text.bytes().len();
    let complaint = || format!("from: allowed is a byte of this book, 0 to {}", bytes - 1);
    let from = number(parameters.from.as_deref(), |from| *from < bytes, complaint)?;
    let parameters = Parameters {
        q: parameters.q,
        method: parameters.method,
        features: parameters.features,
        book: parameters.book,
        ..Parameters::default()
    };
    let request = parameters.check(&library.corpus)?;
    let explained = explain(library, &app.admission, &request, (book, from)).await?;
    Ok(Json(Explanation {
        method: request.method,
        query: request.query.into_owned(),
        title: library.corpus.books[book].entry.title.to_owned(),
        id,
        score: explained.score,
        formula: explained.formula.to_owned(),
        documents: explained.documents,
        document_length: explained.document_length,
        mean_length: explained.mean_length,
        contributions: explained.contributions,
        unknown_words: explained.unknown_words,
        dropped_words: explained.dropped_words,
    }))
}
