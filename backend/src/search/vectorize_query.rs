//! Terms to a weighted vector of unit length, by the dictionary of the index.

use std::sync::Arc;

use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::SearchError;
use super::cosine::{CosineQuery, CosineWeight};
use super::index::TfidfIndex;
use super::preprocess_query::Query;

/// Looks the terms of `query` up in `index` and weighs them.
pub(super) fn vectorize_query(
    index: &TfidfIndex,
    query: &Query,
) -> Result<CosineWeight, SearchError> {
    in_span(span::VECTORIZE_QUERY, |cx| {
        let query = CosineQuery {
            field: index.field,
            terms: query.terms.clone(),
            lengths: Arc::clone(&index.lengths),
        };
        let weight = CosineWeight::new(&query, &index.searcher)?;
        cx.span().set_attributes([
            KeyValue::new(attribute::VECTOR_NONZERO, weight.terms.len() as i64),
            KeyValue::new(
                attribute::VECTOR_OUT_OF_VOCABULARY,
                weight.unknown.len() as i64,
            ),
        ]);
        Ok(weight)
    })
}
