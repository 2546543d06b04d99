//! Search in two stages: BM25 finds candidates among all passages, and a closer look at how the words of the query stand
//! in them orders these. A word that no book holds is taken for the words that are spelled much like it.

use shared::semconv::span;
use tantivy::DocId;
use telemetry::in_span;

use super::best_passages::best_passages;
use super::deadline::{Deadline, Meter};
use super::filter::Filter;
use super::fuzzy_search::Forgiving;
use super::generate_snippet::Snippet;
use super::model::{Asked, Match, Model, Scores, answer};
use super::passage_index::PassageIndex;
use super::passage_vector::PassageVector;
use super::phrase_search::phrase;
use super::preprocess_query::Query;
use super::process_results::Cut;
use super::rerank_passages::rerank_passages;
use super::{Answer, Library, SearchError};
use crate::corpus::{Book, Corpus};

/// Answers `request` from the passages of all books.
pub(super) fn hybrid_search(asked: Asked<'_>) -> Result<Answer, SearchError> {
    in_span(span::HYBRID_SEARCH, |cx| {
        let model = TwoStages::of(asked.library);
        answer(cx, asked, &model, Cut::at(asked.request, 0.0))
    })
}

/// How many passages get a closer look, besides the best one of each book.
const CANDIDATES: usize = 16;

/// BM25, then the order of the words.
pub(super) struct TwoStages<'i> {
    pub(super) passages: &'i PassageIndex,
    /// Reads and weighs a query as `fuzzy` does.
    words: Forgiving<'i>,
}

impl<'i> TwoStages<'i> {
    pub(super) fn of(library: &'i Library) -> Self {
        Self {
            passages: &library.passages,
            words: Forgiving::of(library),
        }
    }
}

/// Fewest different words, all frequent, that hardly ever stand in a row by chance.
const FEWEST_FREQUENT: usize = 4;

impl TwoStages<'_> {
    /// The passages in which the whole query stands word for word, if it has nothing but frequent words: by BM25 those
    /// passages are best in which such words are many, and not the one in which they are in order.
    fn verbatim(
        &self,
        vector: &PassageVector,
        filter: &Filter,
        deadline: &Deadline,
    ) -> Result<Vec<Match>, SearchError> {
        let index = self.passages;
        let columns = vector.terms.iter().map(|term| index.column(&term.term));
        let columns: Option<Vec<&[u8]>> = columns.collect();
        let (Some(columns), Some(phrase)) = (columns, phrase(vector)) else {
            return Ok(Vec::new());
        };
        if vector.terms.len() < FEWEST_FREQUENT || vector.words.len() < vector.terms.len() {
            return Ok(Vec::new());
        }
        let mut has_all = vec![true; index.len()];
        for (term, column) in vector.terms.iter().zip(columns) {
            let words = vector.sequence.iter();
            let wanted = words.filter(|word| **word == Some(term.word)).count();
            // No column counts farther than a byte.
            let wanted = u8::try_from(wanted).unwrap_or(u8::MAX);
            for (has_all, &frequency) in has_all.iter_mut().zip(column) {
                *has_all &= frequency >= wanted;
            }
        }
        let mut meter = Meter::new(deadline);
        let mut found = Vec::new();
        for (passage, _) in (0..).zip(has_all).filter(|(_, has_all)| *has_all) {
            meter.read(index.words_of(passage).len())?;
            if filter.allows(index, passage) && !phrase.places_in(index, passage).is_empty() {
                found.push(Match {
                    score: vector.bm25(index, passage),
                    book: index.book_of(passage),
                    document: passage,
                });
            }
        }
        Ok(found)
    }
}

impl Model for TwoStages<'_> {
    type Vector = PassageVector;

    fn split(&self, text: &str) -> Query {
        self.words.split(text)
    }

    fn weigh(&self, query: &Query) -> Result<PassageVector, SearchError> {
        self.words.weigh(query)
    }

    /// The candidates: the best passages of all, and the best one of each book, so that the second stage changes the
    /// order of the books and not which of them are found; and those that have the query word for word.
    fn score(
        &self,
        vector: &PassageVector,
        filter: &Filter,
        _most: usize,
        deadline: &Deadline,
    ) -> Result<Scores, SearchError> {
        let best = best_passages(self.passages, vector, filter, deadline, CANDIDATES)?;
        let (mut matches, verbatim) = (best.of_each_book, self.verbatim(vector, filter, deadline)?);
        if filter.is_one_book() || !verbatim.is_empty() {
            matches.extend(verbatim);
            matches.sort_unstable_by_key(|one| one.document);
            matches.dedup_by_key(|one| one.document);
        }
        matches.reserve(best.of_all.len());
        for (document, score) in best.of_all {
            let found = matches.binary_search_by_key(&document, |one| one.document);
            let Err(place) = found else {
                continue;
            };
            let candidate = Match {
                score,
                book: self.passages.book_of(document),
                document,
            };
            matches.insert(place, candidate);
        }
        Ok(Scores {
            matches,
            others: 0,
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

    fn announce(&self, corpus: &Corpus, matches: &[Match]) {
        self.words.announce(corpus, matches);
    }

    fn show(
        &self,
        book: &Book,
        vector: &PassageVector,
        passage: DocId,
    ) -> Result<Snippet, SearchError> {
        self.words.show(book, vector, passage)
    }
}
