//! Passages in blocks, and what each term adds at most to the score of a passage of each block: where that cannot be enough,
//! the block need not be read (block-max pruning; Mallia, Suel and Tonellotto, 2024).

use std::ops::Range;

use tantivy::directory::OwnedBytes;
use tantivy::{DocId, Score};

use super::MOST_RESULTS;
use super::passage_vector::{HIGHEST_SATURATION, saturate};
use super::term_rows::{NewRows, TermRows};

/// Passages of a block; the last one of a book may have fewer.
pub(super) const BLOCK: usize = 64;

/// Neighbouring passages of one book, in blocks.
#[derive(Debug)]
pub(super) struct Blocks {
    /// The first passage of each book and its first block, and at the end the numbers of all.
    firsts: Vec<(DocId, usize)>,
}

impl Blocks {
    /// The blocks of books with these first passages; at the end stands the number of all passages.
    pub(super) fn new(firsts: &[DocId]) -> Self {
        let mut blocks = 0;
        let mut before = 0;
        let number = |&first: &DocId| {
            blocks += ((first - before) as usize).div_ceil(BLOCK);
            before = first;
            (first, blocks)
        };
        Self {
            firsts: firsts.iter().map(number).collect(),
        }
    }

    /// Number of blocks.
    pub(super) fn len(&self) -> usize {
        self.firsts.last().map_or(0, |&(_, blocks)| blocks)
    }

    /// Number of books.
    pub(super) fn books(&self) -> usize {
        self.firsts.len().saturating_sub(1)
    }

    /// The blocks of a book.
    pub(super) fn of_book(&self, book: usize) -> Range<usize> {
        self.firsts[book].1..self.firsts[book + 1].1
    }

    /// The passages of a book.
    pub(super) fn passages_of(&self, book: usize) -> Range<DocId> {
        self.firsts[book].0..self.firsts[book + 1].0
    }

    /// The block of each passage.
    pub(super) fn of_passages(&self) -> Vec<u32> {
        let mut blocks = Vec::new();
        for book in 0..self.books() {
            let first = self.of_book(book).start;
            let places = 0..self.passages_of(book).len();
            blocks.extend(places.map(|place| (first + place / BLOCK) as u32));
        }
        blocks
    }
}

/// What terms add at most in each block, as far as it is stored.
#[derive(Debug)]
pub(super) struct Maxima(TermRows);

/// A term has a row if it stands in at least one passage of so many; shorter lists are quickly read.
const ONE_PASSAGE_IN: usize = 128;

impl Maxima {
    /// Zeros for those of the terms that have a row, which stand in so many passages each. Where every book may be among
    /// the results, none has one, because all books are read.
    pub(super) fn rows(
        passages_with: impl ExactSizeIterator<Item = usize>,
        passages: usize,
        blocks: &Blocks,
    ) -> NewRows {
        let has_more = blocks.books() > MOST_RESULTS;
        let has_row = |with: usize| has_more && with > 0 && with * ONE_PASSAGE_IN >= passages;
        NewRows::new(passages_with.map(has_row), blocks.len())
    }

    /// What so many occurrences in a passage of this norm count for, rounded up.
    pub(super) fn byte(frequency: u32, norm: f32) -> u8 {
        let part = saturate(frequency as f32, norm) / HIGHEST_SATURATION;
        (part * f32::from(u8::MAX)).ceil() as u8
    }

    /// What a term of this weight adds for each step of a byte.
    pub(super) fn step(weight: Score) -> Score {
        weight * HIGHEST_SATURATION / f32::from(u8::MAX)
    }

    /// What was stored, if it is for these blocks.
    pub(super) fn from_bytes(bytes: &OwnedBytes, blocks: &Blocks) -> Option<Self> {
        Some(Self(TermRows::from_bytes(bytes, blocks.len())?))
    }

    /// What the term with this number counts for at most in each block, in steps; `None` where its list is to be read.
    pub(super) fn of(&self, term: u32) -> Option<&[u8]> {
        self.0.of(term)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_lies_in_one_book() {
        let blocks = Blocks::new(&[0, 65, 65, 66, 194]);
        assert_eq!((blocks.books(), blocks.len()), (4, 5));
        let of_books: Vec<Range<usize>> = (0..4).map(|book| blocks.of_book(book)).collect();
        assert_eq!(of_books, [0..2, 2..2, 2..3, 3..5]);
        assert_eq!(blocks.passages_of(3), 66..194);
        let of_passages = blocks.of_passages();
        assert_eq!(of_passages.len(), 194);
        let at = |passage: usize| of_passages[passage];
        assert_eq!([at(63), at(64), at(65)], [0, 1, 2]);
        assert_eq!([at(66), at(129), at(130), at(193)], [3, 3, 4, 4]);
    }

    #[test]
    fn a_byte_is_never_less_than_what_it_stands_for() {
        let step = Maxima::step(1.0);
        for frequency in 1..300 {
            for words in 0..256_u16 {
                let norm = f32::from(words) / 60.0;
                let byte = Maxima::byte(frequency, norm);
                let part = saturate(frequency as f32, norm);
                let most = f32::from(byte) * step * (1.0 + 1e-5);
                assert!(byte > 0 && most >= part && most < part + 1.01 * step);
            }
        }
    }

    #[test]
    fn frequent_terms_have_a_row_where_there_are_more_books_than_results() {
        let rows = |books: u32| {
            let blocks = Blocks::new(&(0..=books).collect::<Vec<_>>());
            let counts = [0, 1, books as usize];
            let mut rows = Maxima::rows(counts.into_iter(), 200, &blocks);
            [0, 1, 2].map(|term| rows.at(term, 0).is_some())
        };
        assert_eq!(rows(20), [false; 3]);
        assert_eq!(rows(21), [false, false, true]);
    }
}
