//! Posting lists added up, one book after the other.

use std::ops::Range;

use tantivy::postings::BlockSegmentPostings;
use tantivy::{DocId, Score};

use super::passage_vector::saturate;

/// What the terms that were read so far give to the passages of one book.
pub(super) struct Sums {
    /// By the places of passages in the book; zero where nothing was added.
    sums: Vec<Score>,
    /// Passages of the book.
    passages: usize,
    /// The places where something was added; not all of them once a column was.
    touched: Vec<u32>,
    has_columns: bool,
    highest: Score,
    /// Where the highest sum was reached, as long as no column was added and nothing taken out.
    place: Option<u32>,
}

/// So many sums are looked at together.
const LANES: usize = 16;

impl Sums {
    pub(super) const fn new() -> Self {
        Self {
            sums: Vec::new(),
            passages: 0,
            touched: Vec::new(),
            has_columns: false,
            highest: 0.0,
            place: None,
        }
    }

    /// Forgets what was added, at its price, and makes room for the next book.
    pub(super) fn begin(&mut self, passages: usize) {
        match self.has_columns {
            true => self.sums[..self.passages].fill(0.0),
            false => {
                for &place in &self.touched {
                    self.sums[place as usize] = 0.0;
                }
            }
        }
        self.touched.clear();
        self.has_columns = false;
        self.highest = 0.0;
        self.place = None;
        self.passages = passages;
        if self.sums.len() < passages {
            self.sums.resize(passages, 0.0);
        }
    }

    /// Adds each of the parts above zero to its passage, by the number of the passage and that of the first one of the book.
    // By itself, because the loop needs all registers.
    #[inline(never)]
    pub(super) fn add(&mut self, passages: &[DocId], first: DocId, parts: &[Score]) {
        let before = self.touched.len();
        self.touched.resize(before + passages.len(), 0);
        let (sums, touched) = (&mut self.sums[..self.passages], &mut self.touched[before..]);
        let (mut highest, mut highest_place, mut new) = (self.highest, self.place, 0);
        for (passage, part) in passages.iter().zip(parts) {
            let place = passage - first;
            let sum = &mut sums[place as usize];
            // Every place is written behind the last, and stays there if it is new.
            touched[new] = place;
            new += usize::from(*sum == 0.0);
            *sum += part;
            if *sum >= highest {
                // Of equal sums, the first by its place.
                highest_place = match highest_place {
                    Some(before) if *sum == highest => Some(before.min(place)),
                    _ => Some(place),
                };
                highest = *sum;
            }
        }
        self.touched.truncate(before + new);
        (self.highest, self.place) = (highest, highest_place);
    }

    /// Adds what a term of this weight gives to each passage, by how often it stands there and by the passage's norm.
    pub(super) fn add_column(&mut self, weight: Score, frequencies: &[u8], norms: &[f32]) {
        self.has_columns = true;
        let of_passages = frequencies.iter().zip(norms);
        for (sum, (&frequency, &norm)) in self.sums[..self.passages].iter_mut().zip(of_passages) {
            *sum += weight * saturate(f32::from(frequency), norm);
        }
        self.find_highest();
    }

    /// The highest sum.
    pub(super) fn highest(&self) -> Score {
        self.highest
    }

    /// The place of the highest sum; of equal ones, the first.
    pub(super) fn place_of_highest(&self) -> u32 {
        self.place.unwrap_or_else(|| {
            let mut first = u32::MAX;
            self.for_each_from(self.highest, |place, sum| {
                first = first.min(place);
                sum
            });
            first
        })
    }

    /// Passages with a sum.
    pub(super) fn len(&self) -> usize {
        match self.has_columns {
            true => {
                let sums = self.sums[..self.passages].iter();
                sums.map(|&sum| usize::from(sum > 0.0)).sum()
            }
            false => self.touched.len(),
        }
    }

    /// Visits the sums that reach a bar above zero, with their places; what is returned is the bar for what follows.
    pub(super) fn for_each_from(&self, mut bar: Score, mut visit: impl FnMut(u32, Score) -> Score) {
        if !self.has_columns {
            for &place in &self.touched {
                let sum = self.sums[place as usize];
                if sum >= bar {
                    bar = visit(place, sum);
                }
            }
            return;
        }
        for_each_from(&self.sums[..self.passages], bar, |place, sum| {
            visit(place as u32, sum)
        });
    }

    /// Takes places out again.
    pub(super) fn remove(&mut self, places: impl ExactSizeIterator<Item = usize>) {
        if places.len() > 0 {
            places.for_each(|place| self.sums[place] = 0.0);
            self.find_highest();
        }
    }

    fn find_highest(&mut self) {
        self.place = None;
        self.highest = highest(&self.sums[..self.passages]);
    }
}

/// Visits the scores that reach a bar, with their places; what is returned is the bar for what follows.
pub(super) fn for_each_from(
    scores: &[Score],
    mut bar: Score,
    mut visit: impl FnMut(usize, Score) -> Score,
) {
    for (first, chunk) in (0..).step_by(LANES).zip(scores.chunks(LANES)) {
        // Without a branch for each score, because processors compare many at once.
        if !chunk.iter().fold(false, |any, &score| any | (score >= bar)) {
            continue;
        }
        for (place, &score) in (first..).zip(chunk) {
            if score >= bar {
                bar = visit(place, score);
            }
        }
    }
}

/// The highest of these; by lanes, which processors compare at once.
pub(super) fn highest(sums: &[Score]) -> Score {
    let higher = |one: Score, other: Score| match one > other {
        true => one,
        false => other,
    };
    let (chunks, rest) = sums.as_chunks::<LANES>();
    let mut lanes = [0.0; LANES];
    for chunk in chunks {
        for (lane, &sum) in lanes.iter_mut().zip(chunk) {
            *lane = higher(*lane, sum);
        }
    }
    let all = lanes.into_iter().chain(rest.iter().copied());
    all.fold(0.0, higher)
}

/// Postings that are looked at together: those of a block.
const AT_ONCE: usize = 128;

/// A posting list that is read from book to book.
pub(super) struct Cursor {
    postings: BlockSegmentPostings,
    /// The next posting of the block.
    next: usize,
    /// Of the postings that were visited last: the norms of their passages, and what the term gives to them.
    norms: [f32; AT_ONCE],
    parts: [Score; AT_ONCE],
}

impl Cursor {
    /// At the first posting.
    pub(super) fn new(postings: BlockSegmentPostings) -> Self {
        Self {
            postings,
            next: 0,
            norms: [0.0; AT_ONCE],
            parts: [0.0; AT_ONCE],
        }
    }

    /// Visits the postings of `passages`, which are behind those of earlier calls, and says how many there were: some
    /// passages at a time, with what the term, which is of this `weight`, gives to each by its `norm`.
    pub(super) fn read(
        &mut self,
        passages: &Range<DocId>,
        weight: Score,
        norm: impl Fn(DocId) -> f32,
        mut visit: impl FnMut(&[DocId], &[Score]),
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
            let (docs, freqs) = (&docs[from..to], &self.postings.freqs()[from..to]);
            for (docs, freqs) in docs.chunks(AT_ONCE).zip(freqs.chunks(AT_ONCE)) {
                weigh(docs, freqs, weight, &norm, &mut self.norms, &mut self.parts);
                visit(docs, &self.parts[..docs.len()]);
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

/// What a term of this `weight` gives to each of these passages, by how often it stands there and by the passages' norms.
// By itself, because the loops need all registers.
#[inline(never)]
fn weigh(
    passages: &[DocId],
    frequencies: &[u32],
    weight: Score,
    norm: &impl Fn(DocId) -> f32,
    norms: &mut [f32; AT_ONCE],
    parts: &mut [Score; AT_ONCE],
) {
    for (norm_of, &passage) in norms.iter_mut().zip(passages) {
        *norm_of = norm(passage);
    }
    // Without the look-ups, because processors divide many at once.
    for (part, (&frequency, &norm)) in parts.iter_mut().zip(frequencies.iter().zip(&*norms)) {
        *part = weight * saturate(frequency as f32, norm);
    }
}
