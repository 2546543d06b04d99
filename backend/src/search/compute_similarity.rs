//! Posting lists to scores: the part of a search that reads the index.

use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::SearchError;
use super::filter::Filter;
use super::model::{Asked, Model, Scores};
use super::preprocess_query::Query;

/// Scores the documents that share a term with the query and are what it asks for; at least the best `most`.
pub(super) fn compute_similarity<M: Model>(
    model: &M,
    asked: Asked<'_>,
    query: &Query,
    vector: &M::Vector,
    most: usize,
) -> Result<Scores, SearchError> {
    in_span(span::COMPUTE_SIMILARITY, |cx| {
        let filter = Filter::new(
            asked.library,
            &query.restrictions,
            asked.request.book,
            asked.deadline,
        )?;
        let scores = model.score(vector, &filter, most, asked.deadline)?;
        cx.span().set_attributes([
            KeyValue::new(
                attribute::SIMILARITY_DOCUMENTS_SCORED,
                scores.documents as i64,
            ),
            KeyValue::new(attribute::SIMILARITY_POSTINGS_READ, scores.postings as i64),
        ]);
        Ok(scores)
    })
}
