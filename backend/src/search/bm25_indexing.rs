//! From the corpus to the index of passages, built when the program starts.

use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, fail, in_span};

use super::SearchError;
use super::passage_index::PassageIndex;
use crate::corpus::Corpus;

/// Indexes the passages of `corpus`.
///
/// # Errors
/// tantivy cannot build the index.
pub(super) fn bm25_indexing(corpus: &Corpus) -> Result<PassageIndex, SearchError> {
    in_span(span::BM25_INDEXING, |cx| {
        let index = PassageIndex::build(corpus)
            .inspect_err(|error| fail(cx, "index", error.to_string()))?;
        cx.span().set_attributes([
            KeyValue::new(attribute::BM25_PASSAGES, index.len() as i64),
            KeyValue::new(attribute::BM25_TERMS, index.vocabulary_size() as i64),
        ]);
        Ok(index)
    })
}
