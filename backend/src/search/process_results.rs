//! Scores to hits: ranked, cut, and each described with its passage.

use shared::Hit;
use shared::semconv::{attribute, span};
use tantivy::collector::Collector;
use tantivy::{DocAddress, Score};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::SearchError;
use super::compute_similarity::SegmentMatches;
use super::cosine::{CosineWeight, Ranking};
use super::generate_snippet::generate_snippet;
use super::index::TfidfIndex;
use crate::corpus::Corpus;

/// Which matches become hits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Most hits.
    pub(super) limit: usize,
    /// Score that a hit must exceed.
    pub(super) threshold: f64,
    /// Whether every match becomes a hit when none exceeds the threshold.
    pub(super) may_fall_to_zero: bool,
}

/// Hits, and how they were cut.
#[derive(Debug)]
pub(super) struct Results {
    /// Hits by descending score.
    pub(super) hits: Vec<Hit>,
    /// Matches above the threshold.
    pub(super) total_matches: usize,
    /// The threshold that was applied.
    pub(super) threshold: f64,
}

/// Ranks `matches`, cuts them by `cut` and describes what is left.
pub(super) fn process_results(
    corpus: &Corpus,
    index: &TfidfIndex,
    weight: &CosineWeight,
    matches: Vec<SegmentMatches>,
    cut: Cut,
) -> Result<Results, SearchError> {
    in_span(span::PROCESS_RESULTS, |cx| {
        let ranked = Ranking.merge_fruits(matches)?;
        let above =
            |threshold: f64| ranked.partition_point(|(score, _)| f64::from(*score) > threshold);
        let (threshold, total_matches) = match above(cut.threshold) {
            0 if cut.may_fall_to_zero => (0.0, above(0.0)),
            found => (cut.threshold, found),
        };
        let hits = ranked[..total_matches.min(cut.limit)]
            .iter()
            .map(|&(score, address)| describe(corpus, index, weight, score, address))
            .collect::<Result<Vec<Hit>, SearchError>>()?;
        cx.span().set_attribute(KeyValue::new(
            attribute::RESULTS_RETURNED,
            hits.len() as i64,
        ));
        Ok(Results {
            hits,
            total_matches,
            threshold,
        })
    })
}

fn describe(
    corpus: &Corpus,
    index: &TfidfIndex,
    weight: &CosineWeight,
    score: Score,
    address: DocAddress,
) -> Result<Hit, SearchError> {
    let book = &corpus.books[address.doc_id as usize];
    let snippet = generate_snippet(book, index, weight, address)?;
    Ok(Hit {
        id: book.entry.id.to_owned(),
        title: book.entry.title.to_owned(),
        author: book.entry.author.map(str::to_owned),
        year: book.entry.year,
        score: f64::from(score),
        snippet: snippet.text,
        highlights: snippet.highlights,
        location: snippet.location,
    })
}
