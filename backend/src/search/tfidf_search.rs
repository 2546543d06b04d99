//! Search by TF-IDF and cosine similarity over whole books.

use std::sync::Arc;

use shared::semconv::span;
use tantivy::DocId;
use tantivy::collector::Collector;
use telemetry::in_span;

use super::best_window::best_passage;
use super::cosine::{CosineQuery, CosineWeight, Ranking};
use super::features::{Features, pair_of};
use super::generate_snippet::Snippet;
use super::index::TfidfIndex;
use super::model::{Match, Model, Scores, Vector, answer};
use super::preprocess_query::Query;
use super::process_results::Cut;
use super::{Answer, Library, Request, SearchError};
use crate::corpus::Book;

/// Score that a hit must exceed unless the request says otherwise: the book is about the words, it does not only contain
/// them.
const THRESHOLD: f64 = 0.01;

/// Answers `request` from the index that has the features it asks for.
pub(super) fn tfidf_search(
    library: &Library,
    request: &Request<'_>,
) -> Result<Answer, SearchError> {
    in_span(span::TFIDF_SEARCH, |cx| {
        let model = VectorSpace(library.indexes.of(request.features));
        answer(cx, library, &model, request, cut(request))
    })
}

fn cut(request: &Request<'_>) -> Cut {
    Cut {
        // A rare word such as `yorick` is in one book and never what that book is about. With the whole vocabulary it is
        // still found; the compatible variant finds what the original found.
        may_fall_to_zero: request.threshold.is_none() && request.features == Features::All,
        ..Cut::at(request, THRESHOLD)
    }
}

/// Books and queries are vectors, and the score is the cosine between them.
struct VectorSpace<'i>(&'i TfidfIndex);

impl Model for VectorSpace<'_> {
    type Vector = CosineWeight;

    fn split(&self, text: &str) -> Query {
        let mut query = Query::split(text, self.0.features.splitting());
        if self.0.features.has_pairs() {
            query.count_pairs(pair_of);
        }
        query
    }

    fn weigh(&self, query: &Query) -> Result<CosineWeight, SearchError> {
        let query = CosineQuery {
            field: self.0.field,
            terms: query.terms.clone(),
            lengths: Arc::clone(&self.0.lengths),
        };
        Ok(CosineWeight::new(&query, &self.0.searcher)?)
    }

    fn score(&self, vector: &CosineWeight) -> Result<Scores, SearchError> {
        let mut matches = Vec::new();
        for (ordinal, reader) in (0..).zip(self.0.searcher.segment_readers()) {
            let found = Ranking.collect_segment(vector, ordinal, reader)?;
            matches.extend(found.into_iter().map(|(score, address)| Match {
                score,
                book: address.doc_id as usize,
                document: address.doc_id,
            }));
        }
        let frequencies = vector.terms.iter().map(|term| term.document_frequency);
        Ok(Scores {
            documents: matches.len(),
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
        best_passage(book, self.0, vector, document)
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
