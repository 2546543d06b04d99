//! The best passages by BM25, found without reading what cannot change who is best.
//!
//! The words of a query are parted (MaxScore; Turtle and Flood, 1995): the telling ones, whose posting lists are added up,
//! and the others, frequent words that together weigh less than the most telling one. In each book, a passage can only be
//! the best if its sum and all that the others may add reach the best sum; the few that can are looked at whole. Where no
//! sum of a book is high enough to tell, the lists of the others are read for that book after all.

use std::cell::RefCell;
use std::ops::Range;

use tantivy::{DocId, Score};

use super::SearchError;
use super::deadline::{Deadline, Meter};
use super::filter::Filter;
use super::model::Match;
use super::passage_index::PassageIndex;
use super::passage_vector::{HIGHEST_SATURATION, PassageVector, saturate};
use super::posting_sums::{Cursor, Sums};

/// A passage, and its BM25 or a part of it.
pub(super) type Scored = (DocId, Score);

/// What was found.
#[derive(Debug, Default)]
pub(super) struct BestPassages {
    /// The best passage of each book that has one; of equally good ones, the first. Where only one book is searched, all of
    /// its passages that match.
    pub(super) of_each_book: Vec<Match>,
    /// The passages with the highest sums of the telling words, in no order; with what those words alone give.
    pub(super) of_all: Vec<Scored>,
    /// Passages that were looked at.
    pub(super) passages: usize,
    /// Postings that were read.
    pub(super) postings: u64,
}

/// The best passage of each book, and the `most` best ones of all by the telling words alone.
pub(super) fn best_passages(
    index: &PassageIndex,
    vector: &PassageVector,
    filter: &Filter,
    deadline: &Deadline,
    most: usize,
) -> Result<BestPassages, SearchError> {
    let is_one_book = filter.is_one_book();
    let mut search = Search::new(index, vector, deadline, most, is_one_book)?;
    SUMS.with_borrow_mut(|sums| {
        for (book, passages) in index.books().enumerate() {
            let passages = passages.start as DocId..passages.end as DocId;
            if !filter.allows_book(book) {
                continue;
            }
            let found = match filter.required_among(&passages) {
                Some(required) if is_one_book => search.each_of(required),
                Some(required) => search.best_of(required).into_iter().collect(),
                None => {
                    let found = search.find_in(&passages, filter, sums, is_one_book);
                    sums.clear();
                    found?
                }
            };
            let as_match = |(document, score): Scored| Match {
                score,
                book,
                document,
            };
            let found = found.into_iter().map(as_match);
            search.found.of_each_book.extend(found);
        }
        search.found.of_all = search.top.into_best();
        Ok(search.found)
    })
}

thread_local! {
    /// Kept, because memory that is fresh for each query takes longer than the search.
    static SUMS: RefCell<Sums> = const { RefCell::new(Sums::new()) };
}

/// How much a sum may be off, for being added up in another order.
const SLACK: Score = 1e-5;

struct Search<'a> {
    index: &'a PassageIndex,
    vector: &'a PassageVector,
    meter: Meter<'a>,
    /// The posting lists of the telling words, and of the others, each with its weight.
    telling: Vec<Cursor>,
    others: Vec<Cursor>,
    /// The others, by the numbers of their terms, with their weights.
    other_terms: Vec<(u32, Score)>,
    /// What the others add at most.
    rest: Score,
    top: Top,
    found: BestPassages,
}

impl<'a> Search<'a> {
    fn new(
        index: &'a PassageIndex,
        vector: &'a PassageVector,
        deadline: &'a Deadline,
        most: usize,
        is_one_book: bool,
    ) -> Result<Self, SearchError> {
        let mut by_weight: Vec<_> = vector.terms.iter().collect();
        by_weight.sort_by(|one, other| one.weight.total_cmp(&other.weight));
        let highest = by_weight.last().map_or(0.0, |term| term.weight);
        let (mut telling, mut others, mut rest) = (Vec::new(), Vec::new(), 0.0);
        let mut other_terms = Vec::new();
        for term in by_weight {
            let cursor = Cursor {
                postings: index.postings(&term.term)?,
                next: 0,
                weight: term.weight,
            };
            let with_it = rest + term.weight * HIGHEST_SATURATION;
            if telling.is_empty() && with_it < highest && !is_one_book {
                rest = with_it;
                others.push(cursor);
                other_terms.push((term.term.number, term.weight));
            } else {
                telling.push(cursor);
            }
        }
        Ok(Self {
            index,
            vector,
            meter: Meter::new(deadline),
            telling,
            others,
            other_terms,
            rest,
            top: Top::new(most),
            found: BestPassages::default(),
        })
    }

    /// Those of these passages that match.
    fn each_of(&mut self, passages: &[DocId]) -> Vec<Scored> {
        let scored = |&passage: &DocId| (passage, self.vector.bm25(self.index, passage));
        let scored = passages.iter().map(scored);
        let found: Vec<Scored> = scored.filter(|&(_, score)| score > 0.0).collect();
        self.found.passages += found.len();
        found
    }

    /// The best of these passages.
    fn best_of(&mut self, passages: &[DocId]) -> Option<Scored> {
        let mut best = None;
        for &passage in passages {
            let score = self.vector.bm25(self.index, passage);
            if score > 0.0 {
                self.found.passages += 1;
                self.top.offer(passage, score);
            }
            keep_better(&mut best, (passage, score));
        }
        best
    }

    /// The best passage of a book, or all that match where it is the only one.
    fn find_in(
        &mut self,
        passages: &Range<DocId>,
        filter: &Filter,
        sums: &mut Sums,
        is_one_book: bool,
    ) -> Result<Vec<Scored>, SearchError> {
        sums.make_room(passages.len());
        let Self { found, meter, .. } = self;
        found.postings += add_up(self.index, &mut self.telling, passages, sums, meter)?;
        let mut rest = self.rest;
        if sums.highest <= rest {
            found.postings += add_up(self.index, &mut self.others, passages, sums, meter)?;
            rest = 0.0;
        }
        let excluded = filter.excluded_among(passages).iter();
        sums.remove(excluded.map(|passage| (passage - passages.start) as usize));
        if is_one_book {
            self.found.passages += sums.touched.len();
            let matching = sums.iter().filter(|&(_, sum)| sum > 0.0);
            let scored = matching.map(|(place, sum)| (passages.start + place, sum));
            return Ok(scored.collect());
        }
        let best = self.best_by_sums(passages.start, sums, rest);
        Ok(best.into_iter().collect())
    }

    /// The best passage by sums, to which up to `rest` may be added.
    fn best_by_sums(&mut self, first: DocId, sums: &Sums, rest: Score) -> Option<Scored> {
        if sums.highest <= 0.0 {
            return None;
        }
        let (index, vector) = (self.index, self.vector);
        // The others are added in another order than all words would be, so only what is clearly less is left out.
        let with_others = |place: u32, sum: Score| match rest > 0.0 {
            true => sum + self.others_in(first + place),
            false => sum,
        };
        let mut bar = sums.highest * (1.0 - SLACK);
        // The highest sum comes first, because it mostly stays the highest and spares the others a closer look.
        if rest > 0.0
            && let Some((place, sum)) = sums.iter().find(|(_, sum)| *sum == sums.highest)
        {
            bar = with_others(place, sum) * (1.0 - SLACK);
        }
        let mut close = Vec::new();
        for (place, sum) in sums.iter() {
            if sum > 0.0 && sum + rest >= bar {
                let whole = with_others(place, sum);
                if whole >= bar {
                    close.push((place, whole));
                    bar = bar.max(whole * (1.0 - SLACK));
                }
            }
        }
        if self.top.most > 0 {
            for (place, sum) in sums.iter() {
                self.top.offer(first + place, sum);
            }
        }
        self.found.passages += sums.touched.len();
        let mut best = None;
        for (place, whole) in close {
            if whole >= bar {
                keep_better(
                    &mut best,
                    (first + place, vector.bm25(index, first + place)),
                );
            }
        }
        best
    }

    /// What the words that are not telling add to the score of a passage.
    fn others_in(&self, passage: DocId) -> Score {
        let words = self.index.words_of(passage);
        let length = self.index.relative_lengths[passage as usize];
        let mut sum = 0.0;
        for &(number, weight) in &self.other_terms {
            let words = self.index.words(words.clone());
            let frequency: u32 = words.map(|word| u32::from(word == number)).sum();
            sum += weight * saturate(frequency as f32, length);
        }
        sum
    }
}

/// Of equally good ones, the first stays, whatever the order in which they come.
fn keep_better(best: &mut Option<Scored>, other: Scored) {
    let is_better = best
        .is_none_or(|(passage, score)| other.1 > score || (other.1 == score && other.0 < passage));
    if is_better && other.1 > 0.0 {
        *best = Some(other);
    }
}

/// Adds to `sums` what the words of `cursors` give to `passages`, and says how many postings that were.
fn add_up(
    index: &PassageIndex,
    cursors: &mut [Cursor],
    passages: &Range<DocId>,
    sums: &mut Sums,
    meter: &mut Meter<'_>,
) -> Result<u64, SearchError> {
    let lengths = &index.relative_lengths[passages.start as usize..passages.end as usize];
    let mut postings = 0;
    for cursor in cursors {
        let weight = cursor.weight;
        let read = cursor.read(passages, |passage, frequency| {
            let place = (passage - passages.start) as usize;
            sums.add(place, weight * saturate(frequency as f32, lengths[place]));
        });
        postings += read as u64;
        meter.read(read)?;
    }
    Ok(postings)
}

/// The passages with the highest scores so far, and some that may still have to go.
struct Top {
    most: usize,
    best: Vec<Scored>,
    /// What a score must exceed.
    least: Score,
}

impl Top {
    fn new(most: usize) -> Self {
        Self {
            most,
            best: Vec::with_capacity(2 * most),
            least: 0.0,
        }
    }

    fn offer(&mut self, passage: DocId, score: Score) {
        if score <= self.least {
            return;
        }
        self.best.push((passage, score));
        if self.best.len() == 2 * self.most {
            self.cut();
            self.least = self.best[self.most - 1].1;
        }
    }

    /// Of equal scores, the earlier passage stays.
    fn cut(&mut self) {
        self.best.sort_unstable_by(|one, other| {
            let by_score = other.1.total_cmp(&one.1);
            by_score.then_with(|| one.0.cmp(&other.0))
        });
        self.best.truncate(self.most);
    }

    fn into_best(mut self) -> Vec<Scored> {
        self.cut();
        self.best
    }
}
