//! Where words stand in a row: the places of a phrase in the books.
//!
//! A place is the number of the phrase's first word among the words of all books. Every occurrence of the rarest word
//! proposes one, and the words around it are compared. A phrase may begin in one passage and end in the next one, but not
//! in the next book.

use std::ops::Range;

use tantivy::DocId;

use super::SearchError;
use super::deadline::{Deadline, Meter};
use super::passage_index::{KnownTerm, PassageIndex};

/// Words in a row, each by its term in the index.
#[derive(Debug)]
pub(super) struct Phrase<'t>(Vec<&'t KnownTerm>);

impl<'t> Phrase<'t> {
    /// The phrase of these terms; `None` where there is none.
    pub(super) fn new(terms: Vec<&'t KnownTerm>) -> Option<Self> {
        (!terms.is_empty()).then_some(Self(terms))
    }

    /// Number of words.
    pub(super) fn len(&self) -> u32 {
        self.0.len() as u32
    }

    /// Where the phrase begins, in order.
    pub(super) fn places(
        &self,
        index: &PassageIndex,
        deadline: &Deadline,
    ) -> Result<Vec<u32>, SearchError> {
        let rarest = (0..)
            .zip(&self.0)
            .min_by_key(|(_, term)| term.info.doc_freq);
        let Some((offset, rarest)) = rarest else {
            return Ok(Vec::new());
        };
        let mut meter = Meter::new(deadline);
        let mut places = Vec::new();
        let mut postings = index.postings(rarest)?;
        while !postings.docs().is_empty() {
            for &passage in postings.docs() {
                let words = index.words_of(passage);
                meter.read(words.len())?;
                for (place, word) in words.clone().zip(index.words(words)) {
                    if word == rarest.number
                        && let Some(place) = place.checked_sub(offset)
                        && self.stands_at(index, place)
                    {
                        places.push(place);
                    }
                }
            }
            postings.advance();
        }
        Ok(places)
    }

    /// Where the phrase begins, in order, as far as it stands in a passage.
    pub(super) fn places_in(&self, index: &PassageIndex, passage: DocId) -> Vec<u32> {
        let Range { start, end } = index.words_of(passage);
        let first = (start + 1).saturating_sub(self.len());
        let places = first..end;
        places
            .filter(|&place| self.stands_at(index, place))
            .collect()
    }

    fn stands_at(&self, index: &PassageIndex, place: u32) -> bool {
        let words = index.words(place..place + self.len());
        let last = place + self.len() - 1;
        words.len() == self.0.len()
            && words.zip(&self.0).all(|(word, term)| word == term.number)
            && (self.len() == 1 || index.book_at(place) == index.book_at(last))
    }
}
