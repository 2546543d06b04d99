//! Posting lists to scores: the part of a search that reads the index.

use shared::semconv::{attribute, span};
use tantivy::collector::Collector;
use tantivy::{DocAddress, Score};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::SearchError;
use super::cosine::{CosineWeight, Ranking};
use super::index::TfidfIndex;

/// The scores of one segment's matching documents.
pub(super) type SegmentMatches = Vec<(Score, DocAddress)>;

/// Scores every document that shares a term with the query, segment by segment.
pub(super) fn compute_similarity(
    index: &TfidfIndex,
    weight: &CosineWeight,
) -> Result<Vec<SegmentMatches>, SearchError> {
    in_span(span::COMPUTE_SIMILARITY, |cx| {
        let segments = (0..).zip(index.searcher.segment_readers());
        let matches = segments
            .map(|(ordinal, reader)| Ranking.collect_segment(weight, ordinal, reader))
            .collect::<Result<Vec<SegmentMatches>, _>>()?;
        let scored: usize = matches.iter().map(Vec::len).sum();
        let postings: u64 = weight
            .terms
            .iter()
            .map(|term| term.document_frequency)
            .sum();
        cx.span().set_attributes([
            KeyValue::new(attribute::SIMILARITY_DOCUMENTS_SCORED, scored as i64),
            KeyValue::new(attribute::SIMILARITY_POSTINGS_READ, postings as i64),
        ]);
        Ok(matches)
    })
}
