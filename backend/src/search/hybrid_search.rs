//! Search in two stages: BM25 finds candidates among all passages, and a closer look at how the words of the query stand
//! in them orders these. A word that no book holds is taken for the words that are spelled much like it.

use shared::semconv::span;
use tantivy::DocId;
use telemetry::in_span;

use super::best_passages::best_passages;
use super::deadline::Deadline;
use super::features::Features;
use super::filter::Filter;
use super::generate_snippet::Snippet;
use super::index::TfidfIndex;
use super::model::{Asked, Match, Model, Scores, answer};
use super::passage_index::PassageIndex;
use super::passage_vector::{PassageVector, split, weigh};
use super::preprocess_query::Query;
use super::process_results::Cut;
use super::rerank_passages::rerank_passages;
use super::similar_words::similar_keys;
use super::{Answer, Library, SearchError};
use crate::corpus::Book;

/// Answers `request` from the passages of all books.
pub(super) fn hybrid_search(asked: Asked<'_>) -> Result<Answer, SearchError> {
    in_span(span::HYBRID_SEARCH, |cx| {
        let model = TwoStages::of(asked.library);
        answer(cx, asked, &model, Cut::at(asked.request, 0.0))
    })
}

/// How many passages get a closer look, besides the best one of each book.
const CANDIDATES: usize = 32;

/// BM25, then the order of the words.
pub(super) struct TwoStages<'i> {
    pub(super) passages: &'i PassageIndex,
    /// Where words stand as they are spelled in the books.
    dictionary: &'i TfidfIndex,
}

impl<'i> TwoStages<'i> {
    pub(super) fn of(library: &'i Library) -> Self {
        Self {
            passages: &library.passages,
            dictionary: library.indexes.of(Features::All),
        }
    }
}

impl Model for TwoStages<'_> {
    type Vector = PassageVector;

    fn split(&self, text: &str) -> Query {
        split(self.passages, text)
    }

    fn weigh(&self, query: &Query) -> Result<PassageVector, SearchError> {
        weigh(self.passages, query, |word| {
            similar_keys(self.dictionary, &self.passages.spelling, word)
        })
    }

    /// The candidates: the best passages of all, and the best one of each book, so that the second stage changes the
    /// order of the books and not which of them are found.
    fn score(
        &self,
        vector: &PassageVector,
        filter: &Filter,
        deadline: &Deadline,
    ) -> Result<Scores, SearchError> {
        let best = best_passages(self.passages, vector, filter, deadline, CANDIDATES)?;
        let mut matches = best.of_each_book;
        matches.extend(best.of_all.into_iter().map(|(document, score)| Match {
            score,
            book: self.passages.book_of(document),
            document,
        }));
        matches.sort_unstable_by_key(|one| one.document);
        matches.dedup_by_key(|one| one.document);
        Ok(Scores {
            matches,
            is_one_book: filter.is_one_book(),
            documents: best.passages,
            postings: best.postings,
        })
    }

    fn refine(
        &self,
        vector: &PassageVector,
        candidates: Scores,
        deadline: &Deadline,
    ) -> Result<Vec<Match>, SearchError> {
        rerank_passages(self.passages, vector, candidates, deadline)
    }

    fn show(
        &self,
        book: &Book,
        vector: &PassageVector,
        passage: DocId,
    ) -> Result<Snippet, SearchError> {
        Ok(self.passages.show(book, passage, &vector.set))
    }
}
