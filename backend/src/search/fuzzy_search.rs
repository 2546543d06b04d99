//! Search by BM25 over passages that forgives misspelling: a word that no book holds stands for the words that are spelled
//! much like it. Words that the books know are taken as they are.

use shared::semconv::span;
use tantivy::DocId;
use telemetry::in_span;

use super::bm25_search::Probabilistic;
use super::deadline::Deadline;
use super::features::Features;
use super::filter::Filter;
use super::generate_snippet::Snippet;
use super::index::TfidfIndex;
use super::model::{Asked, Match, Model, Scores, answer};
use super::passage_vector::{PassageVector, weigh};
use super::preprocess_query::Query;
use super::process_results::Cut;
use super::similar_words::{keys, similar_words, suggestion};
use super::{Answer, Library, SearchError};
use crate::corpus::{Book, Corpus};

/// Answers `request` from the passages of all books.
pub(super) fn fuzzy_search(asked: Asked<'_>) -> Result<Answer, SearchError> {
    in_span(span::FUZZY_SEARCH, |cx| {
        let model = Forgiving::of(asked.library);
        answer(cx, asked, &model, Cut::at(asked.request, 0.0))
    })
}

/// BM25 with similar words for unknown ones.
pub(super) struct Forgiving<'i> {
    pub(super) strict: Probabilistic<'i>,
    /// Where words stand as they are spelled in the books.
    dictionary: &'i TfidfIndex,
}

impl<'i> Forgiving<'i> {
    pub(super) fn of(library: &'i Library) -> Self {
        Self {
            strict: Probabilistic(&library.passages),
            dictionary: library.indexes.of(Features::All),
        }
    }
}

impl Model for Forgiving<'_> {
    type Vector = PassageVector;

    fn split(&self, text: &str) -> Query {
        self.strict.split(text)
    }

    fn weigh(&self, query: &Query) -> Result<PassageVector, SearchError> {
        let passages = self.strict.0;
        let mut looked_up = Vec::new();
        let mut vector = weigh(passages, query, |word| {
            let words = similar_words(self.dictionary, word)?;
            looked_up.push(suggestion(word, &words));
            Ok(keys(&passages.spelling, &words))
        })?;
        vector.looked_up = looked_up;
        Ok(vector)
    }

    fn score(
        &self,
        vector: &PassageVector,
        filter: &Filter,
        most: usize,
        deadline: &Deadline,
    ) -> Result<Scores, SearchError> {
        self.strict.score(vector, filter, most, deadline)
    }

    fn announce(&self, corpus: &Corpus, matches: &[Match]) {
        self.strict.announce(corpus, matches);
    }

    fn show(
        &self,
        book: &Book,
        vector: &PassageVector,
        passage: DocId,
    ) -> Result<Snippet, SearchError> {
        self.strict.show(book, vector, passage)
    }
}
