//! Search by BM25 over passages: a book is as good as its best passage.

use shared::semconv::span;
use tantivy::DocId;
use telemetry::in_span;

use super::deadline::Deadline;
use super::filter::Filter;
use super::generate_snippet::Snippet;
use super::model::{Asked, Model, Scores, answer};
use super::passage_index::PassageIndex;
use super::passage_vector::{PassageVector, best_of_each_book, bm25, split, weigh};
use super::preprocess_query::Query;
use super::process_results::Cut;
use super::{Answer, SearchError};
use crate::corpus::Book;

/// Answers `request` from the passages of all books.
pub(super) fn bm25_search(asked: Asked<'_>) -> Result<Answer, SearchError> {
    in_span(span::BM25_SEARCH, |cx| {
        let model = Probabilistic(&asked.library.passages);
        answer(cx, asked, &model, Cut::at(asked.request, 0.0))
    })
}

/// Passages are bags of words; the score is how improbable it is that they hold the words of the query by chance.
pub(super) struct Probabilistic<'i>(pub(super) &'i PassageIndex);

impl Model for Probabilistic<'_> {
    type Vector = PassageVector;

    fn split(&self, text: &str) -> Query {
        split(self.0, text)
    }

    fn weigh(&self, query: &Query) -> Result<PassageVector, SearchError> {
        weigh(self.0, query, |_| Ok(Vec::new()))
    }

    fn score(
        &self,
        vector: &PassageVector,
        filter: &Filter,
        deadline: &Deadline,
    ) -> Result<Scores, SearchError> {
        let (scored, postings) = bm25(self.0, vector, filter, deadline)?;
        Ok(Scores {
            matches: best_of_each_book(self.0, &scored),
            documents: scored.len(),
            postings,
        })
    }

    fn show(
        &self,
        book: &Book,
        vector: &PassageVector,
        passage: DocId,
    ) -> Result<Snippet, SearchError> {
        let terms = vector.terms.iter().map(|term| &term.info);
        self.0.show(book, passage, terms)
    }
}
