//! Search by TF-IDF and cosine similarity over whole books.

use std::sync::Arc;

use shared::semconv::span;
use tantivy::DocId;
use tantivy::collector::Collector;
use telemetry::in_span;

use super::best_window::best_passage;
use super::cosine::{CosineQuery, CosineWeight, Ranking};
use super::deadline::Deadline;
use super::features::{Features, pair_of};
use super::filter::Filter;
use super::generate_snippet::Snippet;
use super::index::TfidfIndex;
use super::model::{Asked, Match, Model, Scores, Vector, answer};
use super::passage_index::PassageIndex;
use super::preprocess_query::Query;
use super::process_results::Cut;
use super::{Answer, Library, Request, SearchError};
use crate::corpus::Book;

/// Score that a hit must exceed unless the request says otherwise: the book is about the words, it does not only contain
/// them.
const THRESHOLD: f64 = 0.01;

/// Answers `request` from the index that has the features it asks for.
pub(super) fn tfidf_search(asked: Asked<'_>) -> Result<Answer, SearchError> {
    in_span(span::TFIDF_SEARCH, |cx| {
        let model = VectorSpace::of(asked.library, asked.request.features);
        answer(cx, asked, &model, cut(asked.request))
    })
}

/// Which matches become hits.
pub(super) fn cut(request: &Request<'_>) -> Cut {
    Cut {
        // A rare word such as `yorick` is in one book and never what that book is about. With the whole vocabulary it is
        // still found; the compatible variant finds what the original found.
        may_fall_to_zero: request.threshold.is_none() && request.features == Features::All,
        ..Cut::at(request, THRESHOLD)
    }
}

/// Books and queries are vectors, and the score is the cosine between them.
pub(super) struct VectorSpace<'i> {
    pub(super) index: &'i TfidfIndex,
    /// Where words stand in a row, which the index of books does not know.
    passages: &'i PassageIndex,
}

impl<'i> VectorSpace<'i> {
    pub(super) fn of(library: &'i Library, features: Features) -> Self {
        Self {
            index: library.indexes.of(features),
            passages: &library.passages,
        }
    }
}

impl Model for VectorSpace<'_> {
    type Vector = CosineWeight;

    fn split(&self, text: &str) -> Query {
        let mut query = Query::split(text, self.index.features.splitting());
        if self.index.features.has_pairs() {
            query.count_pairs(pair_of);
        }
        query
    }

    fn weigh(&self, query: &Query) -> Result<CosineWeight, SearchError> {
        let query = CosineQuery {
            field: self.index.field,
            terms: query.terms.clone(),
            lengths: Arc::clone(&self.index.lengths),
        };
        Ok(CosineWeight::new(&query, &self.index.searcher)?)
    }

    fn score(
        &self,
        vector: &CosineWeight,
        filter: &Filter,
        _most: usize,
        _deadline: &Deadline,
    ) -> Result<Scores, SearchError> {
        let mut matches = Vec::new();
        for (ordinal, reader) in (0..).zip(self.index.searcher.segment_readers()) {
            let found = Ranking.collect_segment(vector, ordinal, reader)?;
            matches.extend(found.into_iter().map(|(score, address)| Match {
                score,
                book: address.doc_id as usize,
                document: address.doc_id,
            }));
        }
        if let Some(allowed) = filter.whole_books(self.passages) {
            matches.retain(|one| allowed[one.book]);
        }
        let frequencies = vector.terms.iter().map(|term| term.document_frequency);
        Ok(Scores {
            documents: matches.len(),
            is_one_book: false,
            others: 0,
            postings: frequencies.sum(),
            matches,
        })
    }

    fn show(
        &self,
        book: &Book,
        vector: &CosineWeight,
        document: DocId,
    ) -> Result<Snippet, SearchError> {
        best_passage(book, self.index, vector, document)
    }
}

impl Vector for CosineWeight {
    fn nonzero(&self) -> usize {
        self.terms.len()
    }

    fn unknown(&self) -> &[String] {
        &self.unknown
    }
}
