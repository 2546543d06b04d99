//! Search by BM25 over passages: a book is as good as its best passage.

use shared::semconv::span;
use tantivy::DocId;
use telemetry::in_span;

use super::best_books::best_books;
use super::best_passages::best_passages;
use super::deadline::Deadline;
use super::filter::Filter;
use super::generate_snippet::Snippet;
use super::model::{Asked, Match, Model, Scores, answer};
use super::passage_index::PassageIndex;
use super::passage_vector::{PassageVector, split, weigh};
use super::prefetch::prefetch_texts;
use super::preprocess_query::Query;
use super::process_results::Cut;
use super::{Answer, SearchError};
use crate::corpus::{Book, Corpus};

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
        most: usize,
        deadline: &Deadline,
    ) -> Result<Scores, SearchError> {
        let has_more = self.0.books().len() > most && filter.is_of_books();
        let (best, others) = match has_more {
            true => best_books(self.0, vector, filter, deadline, most)?,
            false => (best_passages(self.0, vector, filter, deadline, 0)?, 0),
        };
        Ok(Scores {
            matches: best.of_each_book,
            others,
            is_one_book: filter.is_one_book(),
            documents: best.passages,
            postings: best.postings,
        })
    }

    fn announce(&self, corpus: &Corpus, matches: &[Match]) {
        prefetch_texts(self.0, corpus, matches);
    }

    fn show(
        &self,
        book: &Book,
        vector: &PassageVector,
        passage: DocId,
    ) -> Result<Snippet, SearchError> {
        Ok(self.0.show(book, passage, &vector.set))
    }
}
