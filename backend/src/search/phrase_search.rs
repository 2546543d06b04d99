//! Search for words in a row, in the order of the query: all of them, stop words too. A book is as good as the passage in
//! which the phrase begins most often.

use shared::semconv::span;
use tantivy::DocId;
use telemetry::in_span;

use super::deadline::Deadline;
use super::filter::Filter;
use super::generate_snippet::Snippet;
use super::model::{Asked, Match, Model, Scores, answer};
use super::passage_index::PassageIndex;
use super::passage_vector::{PassageVector, best_of_each_book, saturate, split, weigh};
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
        let Some(phrase) = phrase(vector) else {
            return Ok(Scores::default());
        };
        let mut scored: Vec<(DocId, f32)> = Vec::new();
        for place in phrase.places(self.0, deadline)? {
            let last = scored.last_mut();
            match last.filter(|last| self.0.words_of(last.0).contains(&place)) {
                Some(last) => last.1 += 1.0,
                None => scored.push((self.0.passage_of(place), 1.0)),
            }
        }
        scored.retain(|&(passage, _)| filter.allows(self.0, passage));
        for (passage, score) in &mut scored {
            *score = weight(vector) * saturate(*score, self.0.length_norms[*passage as usize]);
        }
        Ok(Scores {
            matches: match filter.is_one_book() {
                true => each(self.0, &scored),
                false => best_of_each_book(self.0, &scored),
            },
            is_one_book: filter.is_one_book(),
            documents: scored.len(),
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

/// Every passage.
fn each(index: &PassageIndex, scored: &[(DocId, f32)]) -> Vec<Match> {
    let as_match = |&(document, score): &(DocId, f32)| Match {
        score,
        book: index.book_of(document),
        document,
    };
    scored.iter().map(as_match).collect()
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
