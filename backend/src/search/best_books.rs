//! The best books by the BM25 of their best passages, where there are many more books than are asked for.
//!
//! From what each term adds at most in each block of passages, bounds are added up for all blocks. A block is read only if
//! its bound reaches the score of the last book that is among the best so far, and that of the best passage of its own
//! book. That a book matches is told by its bounds already, so the others are counted and not read.

use std::cell::RefCell;
use std::ops::Range;

use tantivy::postings::BlockSegmentPostings;
use tantivy::{DocId, Score};

use super::SearchError;
use super::best_passages::{BestPassages, Scored};
use super::block_maxima::{BLOCK, Maxima};
use super::deadline::{Deadline, Meter};
use super::filter::Filter;
use super::model::Match;
use super::passage_index::PassageIndex;
use super::passage_vector::{PassageTerm, PassageVector, saturate};
use super::posting_sums::{Cursor, highest};

/// The best passages of the `most` best books, and how many other books match.
pub(super) fn best_books(
    index: &PassageIndex,
    vector: &PassageVector,
    filter: &Filter,
    deadline: &Deadline,
    most: usize,
) -> Result<(BestPassages, usize), SearchError> {
    BOUNDS.with_borrow_mut(|bounds| {
        let mut search = Search {
            index,
            vector,
            meter: Meter::new(deadline),
            most: most.max(1),
            bounds,
            best: Vec::new(),
            bar: 0.0,
            passages: 0,
            postings: 0,
        };
        search.add_bounds()?;
        let mut books = search.books(filter);
        let matching = books.len();
        // Those that promise the most come first, so that the bar is high for the others.
        let mut round = search.most;
        while !books.is_empty() {
            let mut later = Vec::new();
            if round < books.len() {
                books.select_nth_unstable_by(round, |one, other| other.1.total_cmp(&one.1));
                later = books.split_off(round);
            }
            search.read(books)?;
            books = later;
            books.retain(|&(_, bound)| bound >= search.bar);
            round *= ROUNDS_GROW;
        }
        let found = BestPassages {
            passages: search.passages,
            postings: search.postings,
            of_each_book: search.best,
            of_all: Vec::new(),
        };
        let others = matching - found.of_each_book.len();
        Ok((found, others))
    })
}

thread_local! {
    /// Kept, because memory that is fresh for each query takes longer than the bounds.
    static BOUNDS: RefCell<Vec<Score>> = const { RefCell::new(Vec::new()) };
}

/// How many times as many books each further round reads.
const ROUNDS_GROW: usize = 4;

/// A book, and a bound of its score.
type Bounded = (usize, Score);

/// How much bounds may be off, for being added up in another order.
const SLACK: Score = 1e-4;

struct Search<'a> {
    index: &'a PassageIndex,
    vector: &'a PassageVector,
    meter: Meter<'a>,
    most: usize,
    /// What the passages of each block can reach; zero where none matches.
    bounds: &'a mut Vec<Score>,
    /// The best passages of books, among them those of the best books so far.
    best: Vec<Match>,
    /// The score of the last of the best books.
    bar: Score,
    passages: usize,
    postings: u64,
}

/// A term of the query that is being read.
struct Term<'a> {
    weight: Score,
    frequencies: Frequencies<'a>,
    /// What it adds at most in each block, in steps, and the step; `None` where that is not stored.
    maxima: Option<(Score, &'a [u8])>,
}

/// How often a term stands in which passages.
enum Frequencies<'a> {
    List(Box<Cursor>),
    Column(&'a [u8]),
}

impl<'a> Term<'a> {
    fn new(index: &'a PassageIndex, term: &PassageTerm) -> Result<Self, SearchError> {
        let maxima = index.maxima.of(term.term.number);
        let frequencies = match index.column(&term.term) {
            Some(column) => Frequencies::Column(column),
            None => Frequencies::List(Box::new(Cursor::new(index.postings(&term.term)?))),
        };
        Ok(Self {
            weight: term.weight,
            frequencies,
            maxima: maxima.map(|row| (Maxima::step(term.weight) * (1.0 + SLACK), row)),
        })
    }

    /// What it adds at most in a block, as far as that is stored.
    fn most_in(&self, block: usize) -> Score {
        self.maxima
            .map_or(0.0, |(step, row)| step * f32::from(row[block]))
    }

    fn is_absent(&self, block: usize) -> bool {
        self.maxima.is_some_and(|(_, row)| row[block] == 0)
    }
}

impl<'a> Search<'a> {
    fn read_postings(&mut self, read: usize) -> Result<(), SearchError> {
        self.postings += read as u64;
        self.meter.read(read)
    }

    fn add_bounds(&mut self) -> Result<(), SearchError> {
        let index = self.index;
        self.bounds.clear();
        self.bounds.resize(index.blocks.len(), 0.0);
        for term in &self.vector.terms {
            let read = match index.maxima.of(term.term.number) {
                Some(row) => {
                    let step = Maxima::step(term.weight) * (1.0 + SLACK);
                    for (bound, &highest) in self.bounds.iter_mut().zip(row) {
                        *bound += step * f32::from(highest);
                    }
                    row.len()
                }
                None => {
                    let weight = term.weight * (1.0 + SLACK);
                    add_list(index, index.postings(&term.term)?, weight, self.bounds)
                }
            };
            self.read_postings(read)?;
        }
        Ok(())
    }

    /// The books that match, each with its highest bound.
    fn books(&self, filter: &Filter) -> Vec<Bounded> {
        let blocks = &self.index.blocks;
        let allowed = (0..blocks.books()).filter(|&book| filter.allows_book(book));
        let bounded = allowed.map(|book| (book, highest(&self.bounds[blocks.of_book(book)])));
        bounded.filter(|&(_, bound)| bound > 0.0).collect()
    }

    /// Reads those of `books` that can be among the best.
    fn read(&mut self, mut books: Vec<Bounded>) -> Result<(), SearchError> {
        books.sort_unstable_by_key(|&(book, _)| book);
        let terms = self.vector.terms.iter();
        let terms = terms.map(|term| Term::new(self.index, term));
        let mut terms: Vec<Term<'_>> = terms.collect::<Result<_, _>>()?;
        for (book, bound) in books {
            if bound >= self.bar {
                self.read_book(book, &mut terms)?;
            }
        }
        self.cut();
        Ok(())
    }

    fn read_book(&mut self, book: usize, terms: &mut [Term<'_>]) -> Result<(), SearchError> {
        let passages = self.index.blocks.passages_of(book);
        let starts = passages.clone().step_by(BLOCK);
        let mut best: Option<Scored> = None;
        for (block, start) in self.index.blocks.of_book(book).zip(starts) {
            let need = best.map_or(self.bar, |best| best.1);
            if self.bounds[block] < need || self.bounds[block] <= 0.0 {
                continue;
            }
            let end = passages.end.min(start + BLOCK as DocId);
            let found = self.best_of_block(block, start..end, need, terms)?;
            // Of equally good ones, the first.
            if found.1 > need || (best.is_none() && found.1 >= need && found.1 > 0.0) {
                best = Some(found);
            }
        }
        if let Some((document, score)) = best {
            self.keep(Match {
                score,
                book,
                document,
            });
        }
        Ok(())
    }

    /// The best passage of a block; of equally good ones, the first. Where none reaches `need`, some sum below that.
    fn best_of_block(
        &mut self,
        block: usize,
        passages: Range<DocId>,
        need: Score,
        terms: &mut [Term<'_>],
    ) -> Result<Scored, SearchError> {
        let norms = self.index.length_norms.in_order(&passages);
        let mut sums = [0.0; BLOCK];
        let sums = &mut sums[..passages.len()];
        // What the terms that follow add at most; more than that, for what is lost when a part of a bound is taken off it.
        let mut rest = self.bounds[block] * (1.0 + SLACK);
        let (mut most, mut read) = (0.0, 0);
        for term in terms {
            if most + rest < need {
                break;
            }
            rest -= term.most_in(block);
            if term.is_absent(block) {
                continue;
            }
            let weight = term.weight;
            match &mut term.frequencies {
                Frequencies::Column(column) => {
                    let column = &column[passages.start as usize..passages.end as usize];
                    for ((sum, &frequency), &norm) in sums.iter_mut().zip(column).zip(norms) {
                        *sum += weight * saturate(f32::from(frequency), norm);
                    }
                    read += column.len();
                    most = highest(sums);
                }
                Frequencies::List(list) => {
                    let place = |passage| (passage - passages.start) as usize;
                    let norm = |passage| norms[place(passage)];
                    read += list.read(&passages, weight, norm, |found, parts| {
                        for (&passage, part) in found.iter().zip(parts) {
                            let sum = &mut sums[place(passage)];
                            *sum += part;
                            most = sum.max(most);
                        }
                    });
                }
            }
        }
        self.passages += sums.len();
        self.read_postings(read)?;
        let place = sums.iter().position(|&sum| sum == most).unwrap_or(0);
        Ok((passages.start + place as DocId, most))
    }

    fn keep(&mut self, found: Match) {
        self.best.push(found);
        if self.best.len() >= 2 * self.most {
            self.cut();
        }
    }

    /// Keeps the best books, and raises the bar if there are enough.
    fn cut(&mut self) {
        if self.best.len() < self.most {
            return;
        }
        let last = self.most - 1;
        self.best.select_nth_unstable_by(last, |one, other| {
            let by_score = other.score.total_cmp(&one.score);
            by_score.then_with(|| one.book.cmp(&other.book))
        });
        self.best.truncate(self.most);
        self.bar = self.best[last].score;
    }
}

/// Adds what a posting list adds at most in each block, and says how long it is.
fn add_list(
    index: &PassageIndex,
    postings: BlockSegmentPostings,
    weight: Score,
    bounds: &mut [Score],
) -> usize {
    let mut list = Cursor::new(postings);
    let mut read = 0;
    for book in 0..index.blocks.books() {
        let passages = index.blocks.passages_of(book);
        let norm = |passage| index.length_norms.of(passage);
        let bounds = &mut bounds[index.blocks.of_book(book)];
        let (mut block, mut highest) = (0, 0.0);
        read += list.read(&passages, weight, norm, |found, parts| {
            for (passage, &part) in found.iter().zip(parts) {
                let here = (passage - passages.start) as usize / BLOCK;
                if here != block {
                    bounds[block] += highest;
                    (block, highest) = (here, 0.0);
                }
                highest = part.max(highest);
            }
        });
        if highest > 0.0 {
            bounds[block] += highest;
        }
    }
    read
}
