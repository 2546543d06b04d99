//! From the corpus to the index of passages.

use shared::semconv::{attribute, span};
use tantivy::directory::RamDirectory;
use telemetry::{KeyValue, TraceContextExt, fail, in_span};

use super::SearchError;
use super::passage_index::PassageIndex;
use crate::corpus::Corpus;
use crate::progress::Progress;

/// Indexes the passages of `corpus`; the index comes with the files it was opened from.
///
/// # Errors
/// tantivy cannot build the index.
pub(super) fn bm25_indexing(
    corpus: &Corpus,
    progress: &Progress,
) -> Result<(PassageIndex, RamDirectory), SearchError> {
    in_span(span::BM25_INDEXING, |cx| {
        let built = PassageIndex::write(corpus, progress)
            .and_then(|files| Ok((PassageIndex::open(files.clone(), corpus)?, files)));
        let (index, files) = built.inspect_err(|error| fail(cx, "index", error.to_string()))?;
        cx.span().set_attributes([
            KeyValue::new(attribute::BM25_PASSAGES, index.len() as i64),
            KeyValue::new(attribute::BM25_TERMS, index.vocabulary_size() as i64),
        ]);
        Ok((index, files))
    })
}
