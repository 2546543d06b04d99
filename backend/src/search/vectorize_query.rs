//! Terms to a weighted vector, by the dictionary of the index.

use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::SearchError;
use super::model::{Model, Vector};
use super::preprocess_query::Query;

/// Looks the terms of `query` up and weighs them.
pub(super) fn vectorize_query<M: Model>(
    model: &M,
    query: &Query,
) -> Result<M::Vector, SearchError> {
    in_span(span::VECTORIZE_QUERY, |cx| {
        let vector = model.weigh(query)?;
        cx.span().set_attributes([
            KeyValue::new(attribute::VECTOR_NONZERO, vector.nonzero() as i64),
            KeyValue::new(
                attribute::VECTOR_OUT_OF_VOCABULARY,
                vector.unknown().len() as i64,
            ),
        ]);
        Ok(vector)
    })
}
