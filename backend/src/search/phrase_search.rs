//! Search for words in a row, in the order of the query: all of them, stop words too. A book is as good as the passage in
//! which the phrase begins most often.

use shared::semconv::span;
use tantivy::postings::{Postings, TermInfo};
use tantivy::{DocId, DocSet, TERMINATED, TantivyError};
use telemetry::in_span;

use super::generate_snippet::Snippet;
use super::model::{Model, Scores, answer};
use super::passage_index::PassageIndex;
use super::passage_vector::{PassageVector, best_of_each_book, saturate, split, weigh};
use super::preprocess_query::Query;
use super::process_results::Cut;
use super::{Answer, Library, Request, SearchError};
use crate::corpus::Book;

/// Answers `request` from the passages of all books.
pub(super) fn phrase_search(
    library: &Library,
    request: &Request<'_>,
) -> Result<Answer, SearchError> {
    in_span(span::PHRASE_SEARCH, |cx| {
        let model = Positional(&library.passages);
        answer(cx, library, &model, request, Cut::at(request, 0.0))
    })
}

/// Passages are rows of words; the score is the BM25 of the phrase as if it were one word.
struct Positional<'i>(&'i PassageIndex);

impl Model for Positional<'_> {
    type Vector = PassageVector;

    fn split(&self, text: &str) -> Query {
        split(self.0, text)
    }

    fn weigh(&self, query: &Query) -> Result<PassageVector, SearchError> {
        weigh(self.0, query, |_| Ok(Vec::new()))
    }

    fn score(&self, vector: &PassageVector) -> Result<Scores, SearchError> {
        let Some(phrase) = Phrase::new(vector) else {
            return Ok(Scores::default());
        };
        let starts = self.starts(&phrase, &self.candidates(&phrase)?)?;
        let mut scored: Vec<(DocId, f32)> = Vec::new();
        for start in starts {
            let passage = self.0.passage_of(start);
            match scored.last_mut().filter(|last| last.0 == passage) {
                Some(last) => last.1 += 1.0,
                None => scored.push((passage, 1.0)),
            }
        }
        let weight: f32 = vector
            .sequence
            .iter()
            .flatten()
            .map(|&word| vector.words[word])
            .sum();
        for (passage, score) in &mut scored {
            *score = weight * saturate(*score, self.0.relative_lengths[*passage as usize]);
        }
        Ok(Scores {
            matches: best_of_each_book(self.0, &scored),
            documents: scored.len(),
            postings: vector
                .terms
                .iter()
                .map(|term| u64::from(term.info.doc_freq))
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
        if let Some(phrase) = Phrase::new(vector) {
            // A phrase may end in the next passage; what is shown of it ends with this one.
            let near = [passage, passage + 1];
            for start in self.starts(&phrase, &near)? {
                let end = (start + phrase.words.len() as u32).min(words.end);
                numbers.extend((start.max(words.start)..end).map(|word| word - words.start));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(self.0.show_words(book, passage, &numbers))
    }
}

/// The terms of a query in which every word is known.
struct Phrase<'v> {
    /// The words in order, by the places of their terms.
    words: Vec<usize>,
    terms: Vec<&'v TermInfo>,
}

impl<'v> Phrase<'v> {
    fn new(vector: &'v PassageVector) -> Option<Self> {
        // Without similar words, each word has one term, in the same order.
        let words: Vec<usize> = vector.sequence.iter().copied().collect::<Option<_>>()?;
        let terms = vector.terms.iter().map(|term| &term.info).collect();
        (!words.is_empty()).then_some(Self { words, terms })
    }
}

impl Positional<'_> {
    /// The passages that hold the rarest word of the phrase, and their neighbours, over whose border it may reach.
    fn candidates(&self, phrase: &Phrase<'_>) -> Result<Vec<DocId>, SearchError> {
        let Some(rarest) = phrase.terms.iter().min_by_key(|term| term.doc_freq) else {
            return Ok(Vec::new());
        };
        let mut postings = self.0.positions(rarest).map_err(TantivyError::from)?;
        let mut found = Vec::with_capacity(3 * rarest.doc_freq as usize);
        while postings.doc() != TERMINATED {
            let passage = postings.doc();
            let from = found.last().map_or(0, |last| last + 1);
            found.extend(from.max(passage.saturating_sub(1))..=passage + 1);
            postings.advance();
        }
        Ok(found)
    }

    /// Where the phrase begins in `passages`, in order, by the number of its first word among those of all books.
    fn starts(&self, phrase: &Phrase<'_>, passages: &[DocId]) -> Result<Vec<u32>, SearchError> {
        let mut places = Vec::with_capacity(phrase.terms.len());
        for term in &phrase.terms {
            places.push(self.places(term, passages)?);
        }
        let mut starts = places[phrase.words[0]].clone();
        for (offset, &word) in (0..).zip(&phrase.words) {
            let places = &places[word];
            starts.retain(|start| places.binary_search(&(start + offset)).is_ok());
        }
        let last = phrase.words.len() as u32 - 1;
        let book = |word| self.0.book_of(self.0.passage_of(word));
        starts.retain(|&start| book(start) == book(start + last));
        Ok(starts)
    }

    /// Where a term stands in `passages`, in order.
    fn places(&self, term: &TermInfo, passages: &[DocId]) -> Result<Vec<u32>, SearchError> {
        let mut postings = self.0.positions(term).map_err(TantivyError::from)?;
        let mut found = Vec::new();
        for &passage in passages {
            if postings.doc() < passage {
                postings.seek(passage);
            }
            if postings.doc() == passage {
                let first = self.0.words_of(passage).start;
                postings.append_positions_with_offset(first, &mut found);
            }
        }
        Ok(found)
    }
}
