//! Posting lists added up, one book after the other.

use std::ops::Range;

use tantivy::postings::BlockSegmentPostings;
use tantivy::{DocId, Score};

/// What the words that were read so far give to the passages of a book.
pub(super) struct Sums {
    /// By the places of passages in the book; zero where nothing was added.
    pub(super) sums: Vec<Score>,
    /// The places where something was added.
    pub(super) touched: Vec<u32>,
    /// The highest sum.
    pub(super) highest: Score,
}

impl Sums {
    pub(super) const fn new() -> Self {
        Self {
            sums: Vec::new(),
            touched: Vec::new(),
            highest: 0.0,
        }
    }

    pub(super) fn add(&mut self, place: usize, part: Score) {
        let sum = &mut self.sums[place];
        if *sum == 0.0 {
            self.touched.push(place as u32);
        }
        *sum += part;
        if *sum > self.highest {
            self.highest = *sum;
        }
    }

    pub(super) fn make_room(&mut self, passages: usize) {
        if self.sums.len() < passages {
            self.sums.resize(passages, 0.0);
        }
    }

    /// The places where something was added, and their sums.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, Score)> {
        let touched = self.touched.iter();
        touched.map(|&place| (place, self.sums[place as usize]))
    }

    /// Takes places out again.
    pub(super) fn remove(&mut self, places: impl ExactSizeIterator<Item = usize>) {
        if places.len() > 0 {
            places.for_each(|place| self.sums[place] = 0.0);
            self.highest = self.iter().map(|(_, sum)| sum).fold(0.0, Score::max);
        }
    }

    /// Back to zero, at the price of what was added.
    pub(super) fn clear(&mut self) {
        for &place in &self.touched {
            self.sums[place as usize] = 0.0;
        }
        self.touched.clear();
        self.highest = 0.0;
    }
}

/// A posting list that is read from book to book.
pub(super) struct Cursor {
    pub(super) postings: BlockSegmentPostings,
    /// The next posting of the block.
    pub(super) next: usize,
    pub(super) weight: Score,
}

impl Cursor {
    /// Visits the postings of `passages`, which are behind those of earlier calls, and says how many there were.
    pub(super) fn read(
        &mut self,
        passages: &Range<DocId>,
        mut visit: impl FnMut(DocId, u32),
    ) -> usize {
        let docs = self.postings.docs();
        match docs.get(self.next) {
            Some(&next) if next >= passages.end => return 0,
            Some(&next) if next >= passages.start => (),
            Some(_) | None => {
                self.next = match docs.last() {
                    Some(&last) if last >= passages.start => {
                        docs.partition_point(|&one| one < passages.start)
                    }
                    Some(_) => self.postings.seek(passages.start),
                    None => return 0,
                };
            }
        }
        let mut read = 0;
        loop {
            let docs = self.postings.docs();
            let is_last = docs.last().is_none_or(|&last| last >= passages.end);
            let to = match is_last {
                true => docs.partition_point(|&one| one < passages.end),
                false => docs.len(),
            };
            let from = self.next.min(to);
            let freqs = &self.postings.freqs()[from..to];
            for (&passage, &frequency) in docs[from..to].iter().zip(freqs) {
                visit(passage, frequency);
            }
            read += to - from;
            self.next = to;
            if is_last {
                return read;
            }
            self.postings.advance();
            self.next = 0;
        }
    }
}
