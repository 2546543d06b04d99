//! Search for words in a row, in the order of the query: all of them, stop words too. A book is as good as the passage in
//! which the phrase begins most often.

use shared::semconv::span;
use tantivy::DocId;
use telemetry::in_span;

use super::bm25_search::Probabilistic;
use super::deadline::Deadline;
use super::filter::Filter;
use super::generate_snippet::Snippet;
use super::model::{Asked, Match, Model, Scores, answer};
use super::passage_index::PassageIndex;
use super::passage_vector::{PassageVector, best_of_each_book, saturate};
use super::phrase_places::Phrase;
use super::preprocess_query::Query;
use super::process_results::Cut;
use super::{Answer, SearchError};
use crate::corpus::Book;

/// Answers `request` from the passages of all books.
pub(super) fn phrase_search(asked: Asked<'_>) -> Result<Answer, SearchError> {
    in_span(span::PHRASE_SEARCH, |cx| {
        let model = Positional(&asked.library.passages);
        answer(cx, asked, &model, Cut::at(asked.request, 0.0))
    })
}

/// Passages are rows of words; the score is the BM25 of the phrase as if it were one word.
pub(super) struct Positional<'i>(pub(super) &'i PassageIndex);

impl Model for Positional<'_> {
    type Vector = PassageVector;

    fn split(&self, text: &str) -> Query {
        Probabilistic(self.0).split(text)
    }

    fn weigh(&self, query: &Query) -> Result<PassageVector, SearchError> {
        Probabilistic(self.0).weigh(query)
    }

    fn score(
        &self,
        vector: &PassageVector,
        filter: &Filter,
        _most: usize,
        deadline: &Deadline,
    ) -> Result<Scores, SearchError> {
        let Some(phrase) = phrase(vector) else {
            return Ok(Scores::default());
        };
        let mut found: Vec<Match> = Vec::new();
        for place in phrase.places(self.0, deadline)? {
            let last = found.last_mut();
            match last.filter(|last| self.0.words_of(last.document).contains(&place)) {
                Some(last) => last.score += 1.0,
                None => {
                    let document = self.0.passage_of(place);
                    found.push(Match {
                        score: 1.0,
                        book: self.0.book_of(document),
                        document,
                    });
                }
            }
        }
        found.retain(|one| filter.allows(self.0, one.document));
        for one in &mut found {
            let norm = self.0.length_norms.of(one.document);
            one.score = weight(vector) * saturate(one.score, norm);
        }
        let documents = found.len();
        Ok(Scores {
            matches: match filter.is_one_book() {
                true => found,
                false => best_of_each_book(found),
            },
            others: 0,
            is_one_book: filter.is_one_book(),
            documents,
            postings: vector
                .terms
                .iter()
                .map(|term| u64::from(term.term.info.doc_freq))
                .sum(),
        })
    }

    fn show(
        &self,
        book: &Book,
        vector: &PassageVector,
        passage: DocId,
    ) -> Result<Snippet, SearchError> {
        let words = self.0.words_of(passage);
        let mut numbers = Vec::new();
        if let Some(phrase) = phrase(vector) {
            // A phrase may end in the next passage; what is shown of it ends with this one.
            for place in phrase.places_in(self.0, passage) {
                let end = (place + phrase.len()).min(words.end);
                numbers.extend((place.max(words.start)..end).map(|word| word - words.start));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(self.0.show_words(book, passage, &numbers))
    }
}

/// The phrase of a query; `None` where one of its words is unknown.
pub(super) fn phrase(vector: &PassageVector) -> Option<Phrase<'_>> {
    // Without similar words, each word has one term.
    let term = |word: &Option<usize>| {
        let word = (*word)?;
        let term = vector.terms.iter().find(|term| term.word == word);
        term.map(|term| &term.term)
    };
    let terms: Option<Vec<_>> = vector.sequence.iter().map(term).collect();
    Phrase::new(terms?)
}

/// What the phrase weighs: as much as all of its words.
pub(super) fn weight(vector: &PassageVector) -> f32 {
    let words = vector.sequence.iter().flatten();
    words.map(|&word| vector.words[word]).sum()
}
