//! Where words stand in a row: the places of a phrase in the books.
//!
//! A place is the number of the phrase's first word among the words of all books. Every occurrence of the rarest word
//! proposes one; the other words, the rarer ones first, strike out what they do not confirm. A phrase may begin in one
//! passage and end in the next one, but not in the next book.

use std::ops::Range;

use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::{DocId, DocSet, TERMINATED, TantivyError};

use super::SearchError;
use super::deadline::{Deadline, Meter};
use super::passage_index::PassageIndex;

/// Words in a row, each by its term in the index.
#[derive(Debug)]
pub(super) struct Phrase(Vec<TermInfo>);

impl Phrase {
    /// The phrase of these terms; `None` where there is none.
    pub(super) fn new(terms: Vec<TermInfo>) -> Option<Self> {
        (!terms.is_empty()).then_some(Self(terms))
    }

    /// The phrase of the words of `text`; `None` where it holds no word or one that no book holds.
    pub(super) fn look_up(index: &PassageIndex, text: &str) -> Result<Option<Self>, SearchError> {
        let mut terms = Vec::new();
        for key in index.keys(text) {
            match index.look_up(&key)? {
                Some(term) => terms.push(term),
                None => return Ok(None),
            }
        }
        Ok(Self::new(terms))
    }

    /// Number of words.
    pub(super) fn len(&self) -> u32 {
        self.0.len() as u32
    }

    /// Where the phrase begins, in order, as far as its rarest word stands in `passages`.
    pub(super) fn places(
        &self,
        index: &PassageIndex,
        passages: Range<DocId>,
        deadline: &Deadline,
    ) -> Result<Vec<u32>, SearchError> {
        let mut order: Vec<usize> = (0..self.0.len()).collect();
        order.sort_by_key(|&offset| self.0[offset].doc_freq);
        let mut meter = Meter::new(deadline);
        let mut places = self.proposed(index, order[0], passages, &mut meter)?;
        for &offset in &order[1..] {
            if places.is_empty() {
                break;
            }
            let mut cursor = Cursor::new(index, &self.0[offset])?;
            let mut kept = 0;
            for read in 0..places.len() {
                meter.read(1)?;
                if cursor.stands_at(places[read] + offset as u32) {
                    places[kept] = places[read];
                    kept += 1;
                }
            }
            places.truncate(kept);
        }
        places.retain(|&place| {
            let book = |word| index.book_of(index.passage_of(word));
            self.len() == 1 || book(place) == book(place + self.len() - 1)
        });
        Ok(places)
    }

    /// Where the phrase would begin by the occurrences of its word `offset`.
    fn proposed(
        &self,
        index: &PassageIndex,
        offset: usize,
        passages: Range<DocId>,
        meter: &mut Meter<'_>,
    ) -> Result<Vec<u32>, SearchError> {
        let term = &self.0[offset];
        let mut postings = index.positions(term).map_err(TantivyError::from)?;
        if postings.doc() < passages.start {
            postings.seek(passages.start);
        }
        let mut words = Vec::new();
        while postings.doc() < passages.end && postings.doc() != TERMINATED {
            let first = index.words_of(postings.doc()).start;
            let before = words.len();
            postings.append_positions_with_offset(first, &mut words);
            meter.read(words.len() - before)?;
            postings.advance();
        }
        let starts = words.into_iter();
        Ok(starts
            .filter_map(|word| word.checked_sub(offset as u32))
            .collect())
    }
}

/// Reads the occurrences of a term in order.
struct Cursor<'i> {
    index: &'i PassageIndex,
    postings: SegmentPostings,
    /// The passage that was asked for last.
    passage: DocId,
    /// Places of the term in the passage `read`.
    words: Vec<u32>,
    read: Option<DocId>,
}

impl<'i> Cursor<'i> {
    fn new(index: &'i PassageIndex, term: &TermInfo) -> Result<Self, SearchError> {
        Ok(Self {
            index,
            postings: index.positions(term).map_err(TantivyError::from)?,
            passage: 0,
            words: Vec::new(),
            read: None,
        })
    }

    /// Whether the term is the word with this number, which grows from call to call.
    fn stands_at(&mut self, word: u32) -> bool {
        let Some(passage) = self.index.passage_from(self.passage, word) else {
            return false;
        };
        self.passage = passage;
        if self.postings.doc() < passage {
            self.postings.seek(passage);
        }
        if self.postings.doc() != passage {
            return false;
        }
        if self.read != Some(passage) {
            self.read = Some(passage);
            let first = self.index.words_of(passage).start;
            self.postings.positions_with_offset(first, &mut self.words);
        }
        self.words.contains(&word)
    }
}
