//! Posting lists to scores: the part of a search that reads the index.

use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::SearchError;
use super::model::{Match, Model};

/// Scores the documents that share a term with the query.
pub(super) fn compute_similarity<M: Model>(
    model: &M,
    vector: &M::Vector,
) -> Result<Vec<Match>, SearchError> {
    in_span(span::COMPUTE_SIMILARITY, |cx| {
        let scores = model.score(vector)?;
        cx.span().set_attributes([
            KeyValue::new(
                attribute::SIMILARITY_DOCUMENTS_SCORED,
                scores.documents as i64,
            ),
            KeyValue::new(attribute::SIMILARITY_POSTINGS_READ, scores.postings as i64),
        ]);
        Ok(scores.matches)
    })
}
