//! The best passages by BM25, found without reading what cannot change who is best.
//!
//! The words of a query are parted (MaxScore; Turtle and Flood, 1995): the telling ones, whose posting lists are added up,
//! and the others, frequent words that together weigh less than the most telling one. In each book, a passage can only be
//! the best if its sum and all that the others may add reach the best score; the few that can are looked at whole, which
//! the columns of frequent terms make cheap. Where no sum of a book is high enough to tell, the columns of the others are
//! read for that book after all.

use std::cell::RefCell;
use std::ops::Range;

use tantivy::{DocId, Score};

use super::SearchError;
use super::deadline::{Deadline, Meter};
use super::filter::Filter;
use super::model::Match;
use super::passage_index::PassageIndex;
use super::passage_vector::{HIGHEST_SATURATION, PassageVector, saturate};
use super::posting_sums::{Cursor, Sums, for_each_from};

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
    /// Postings that were read, and bytes of columns.
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
    let mut search = Search::new(index, vector, filter, deadline, most)?;
    SUMS.with_borrow_mut(|sums| {
        for (book, passages) in index.books().enumerate() {
            if !filter.allows_book(book) {
                continue;
            }
            let passages = passages.start as DocId..passages.end as DocId;
            match filter.required_among(&passages) {
                Some(required) if filter.is_one_book() => search.each_of(book, required),
                Some(required) => search.best_of(book, required),
                None => search.find_in(book, &passages, sums)?,
            }
        }
        search.found.of_all = search.top.into_best();
        Ok(search.found)
    })
}

thread_local! {
    /// Kept, because memory that is fresh for each query takes longer than the search.
    static SUMS: RefCell<Sums> = const { RefCell::new(Sums::new()) };
}

struct Search<'a> {
    index: &'a PassageIndex,
    vector: &'a PassageVector,
    filter: &'a Filter,
    meter: Meter<'a>,
    /// The telling words, and the others, by descending weight.
    telling: Vec<(Score, Frequencies<'a>)>,
    others: Vec<(Score, &'a [u8])>,
    /// What the others add at most.
    rest: Score,
    top: Top,
    found: BestPassages,
}

/// How often a term stands in which passages.
enum Frequencies<'a> {
    List(Box<Cursor>),
    Column(&'a [u8]),
}

impl<'a> Search<'a> {
    fn new(
        index: &'a PassageIndex,
        vector: &'a PassageVector,
        filter: &'a Filter,
        deadline: &'a Deadline,
        most: usize,
    ) -> Result<Self, SearchError> {
        let highest = vector.terms.first().map_or(0.0, |term| term.weight);
        let (mut others, mut rest) = (Vec::new(), 0.0);
        for term in vector.terms.iter().rev() {
            let with_it = rest + term.weight * HIGHEST_SATURATION;
            match index.column(&term.term) {
                Some(column) if with_it < highest && !filter.is_one_book() => {
                    others.push((term.weight, column));
                    rest = with_it;
                }
                _ => break,
            }
        }
        others.reverse();
        let telling = &vector.terms[..vector.terms.len() - others.len()];
        let telling = telling.iter().map(|term| {
            let is_long = term.term.info.doc_freq as usize * LONG_LIST >= index.len();
            let frequencies = match index.column(&term.term).filter(|_| is_long) {
                Some(column) => Frequencies::Column(column),
                None => Frequencies::List(Box::new(Cursor::new(index.postings(&term.term)?))),
            };
            Ok((term.weight, frequencies))
        });
        Ok(Self {
            index,
            vector,
            filter,
            meter: Meter::new(deadline),
            telling: telling.collect::<Result<_, SearchError>>()?,
            others,
            rest: rest * (1.0 + SLACK),
            top: Top::new(most),
            found: BestPassages::default(),
        })
    }

    fn keep(&mut self, book: usize, (document, score): Scored) {
        self.found.of_each_book.push(Match {
            score,
            book,
            document,
        });
    }

    /// Keeps those of these passages that match.
    fn each_of(&mut self, book: usize, passages: &[DocId]) {
        for &passage in passages {
            let score = self.vector.bm25(self.index, passage);
            if score > 0.0 {
                self.found.passages += 1;
                self.keep(book, (passage, score));
            }
        }
    }

    /// Keeps the best of these passages.
    fn best_of(&mut self, book: usize, passages: &[DocId]) {
        let mut best = None;
        for &passage in passages {
            let score = self.vector.bm25(self.index, passage);
            if score > 0.0 {
                self.found.passages += 1;
                self.top.offer(passage, score);
                if best.is_none_or(|best| is_better((passage, score), best)) {
                    best = Some((passage, score));
                }
            }
        }
        if let Some(best) = best {
            self.keep(book, best);
        }
    }

    /// Keeps the best passage of a book, or all that match where it is the only one.
    fn find_in(
        &mut self,
        book: usize,
        passages: &Range<DocId>,
        sums: &mut Sums,
    ) -> Result<(), SearchError> {
        if self.is_single_list(passages) {
            return self.find_by_list(book, passages);
        }
        sums.begin(passages.len());
        self.add_telling(passages, sums)?;
        let mut rest = self.rest;
        if sums.highest() <= rest {
            self.add_others(passages, sums)?;
            rest = 0.0;
        }
        let excluded = self.filter.excluded_among(passages).iter();
        sums.remove(excluded.map(|passage| (passage - passages.start) as usize));
        if sums.highest() <= 0.0 {
            return Ok(());
        }
        self.found.passages += sums.len();
        if self.filter.is_one_book() {
            sums.for_each_from(Score::MIN_POSITIVE, |place, sum| {
                self.keep(book, (passages.start + place, sum));
                Score::MIN_POSITIVE
            });
            return Ok(());
        }
        let top = &mut self.top;
        if sums.highest() >= top.bar() {
            sums.for_each_from(top.bar(), |place, sum| {
                top.offer(passages.start + place, sum);
                top.bar()
            });
        }
        let best = self.best_by_sums(passages.start, sums, rest);
        self.keep(book, best);
        Ok(())
    }

    /// Whether the query is a single list here, which has nothing to be added to.
    fn is_single_list(&self, passages: &Range<DocId>) -> bool {
        matches!(self.telling[..], [(_, Frequencies::List(_))])
            && self.others.is_empty()
            && !self.filter.is_one_book()
            && self.filter.excluded_among(passages).is_empty()
    }

    /// Keeps the best passage of a book by a single list.
    fn find_by_list(&mut self, book: usize, passages: &Range<DocId>) -> Result<(), SearchError> {
        let [(weight, Frequencies::List(list))] = &mut self.telling[..] else {
            return Ok(());
        };
        let norm = self.index.length_norms.here_and_there(passages);
        let norm = |passage: DocId| norm((passage - passages.start) as usize);
        let (mut best, top) = ((0, 0.0), &mut self.top);
        let read = list.read(passages, *weight, norm, |passages, scores| {
            for_each_from(scores, top.bar().min(best.1), |place, score| {
                if score > best.1 {
                    best = (passages[place], score);
                }
                top.offer(passages[place], score);
                top.bar().min(best.1)
            });
        });
        self.found.postings += read as u64;
        self.found.passages += read;
        self.meter.read(read)?;
        if best.1 > 0.0 {
            self.keep(book, best);
        }
        Ok(())
    }

    /// Adds up what the telling words give to each of `passages`.
    fn add_telling(&mut self, passages: &Range<DocId>, sums: &mut Sums) -> Result<(), SearchError> {
        let norms = &self.index.length_norms;
        let norm = norms.here_and_there(passages);
        let norm = &|passage: DocId| norm((passage - passages.start) as usize);
        for (weight, frequencies) in &mut self.telling {
            let read = match frequencies {
                Frequencies::Column(column) => {
                    sums.add_column(*weight, of(passages, column), norms.in_order(passages));
                    passages.len()
                }
                Frequencies::List(cursor) => cursor.read(passages, *weight, norm, |some, parts| {
                    sums.add(some, passages.start, parts);
                }),
            };
            self.found.postings += read as u64;
            self.meter.read(read)?;
        }
        Ok(())
    }

    /// Adds up what the others give, where the telling words do not tell.
    fn add_others(&mut self, passages: &Range<DocId>, sums: &mut Sums) -> Result<(), SearchError> {
        let norms = self.index.length_norms.in_order(passages);
        for (weight, column) in &self.others {
            sums.add_column(*weight, of(passages, column), norms);
            self.found.postings += passages.len() as u64;
            self.meter.read(passages.len())?;
        }
        Ok(())
    }

    /// The best passage by sums, to which the others may add up to `rest`.
    fn best_by_sums(&self, first: DocId, sums: &Sums, rest: Score) -> Scored {
        let highest = first + sums.place_of_highest();
        if rest <= 0.0 {
            return (highest, sums.highest());
        }
        // The highest sum comes first, because it mostly stays the highest and spares the others a closer look.
        let mut best = (highest, self.with_others(highest, sums.highest()));
        // Above zero, because nothing is left of what was taken out.
        let bar = |best: Scored| (best.1 - rest).max(Score::MIN_POSITIVE);
        sums.for_each_from(bar(best), |place, sum| {
            let passage = first + place;
            let whole = (passage, self.with_others(passage, sum));
            if is_better(whole, best) {
                best = whole;
            }
            bar(best)
        });
        best
    }

    /// The score of a passage to which the telling words give `sum`.
    fn with_others(&self, passage: DocId, mut sum: Score) -> Score {
        let norm = self.index.length_norms.of(passage);
        for (weight, column) in &self.others {
            sum += weight * saturate(f32::from(column[passage as usize]), norm);
        }
        sum
    }
}

/// A list with one of so many passages takes longer to add up than a column.
const LONG_LIST: usize = 5;

/// How much `rest` may be off, for being added up in another order.
const SLACK: Score = 1e-5;

/// The values of these passages.
fn of<'v, T>(passages: &Range<DocId>, values: &'v [T]) -> &'v [T] {
    &values[passages.start as usize..passages.end as usize]
}

/// Of equally good ones, the first is better, whatever the order in which they come.
fn is_better(one: Scored, other: Scored) -> bool {
    one.1 > other.1 || (one.1 == other.1 && one.0 < other.0)
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
            best: Vec::with_capacity(4 * most),
            least: 0.0,
        }
    }

    /// What a score must reach to be offered.
    fn bar(&self) -> Score {
        match self.most {
            0 => Score::INFINITY,
            _ => self.least.max(Score::MIN_POSITIVE),
        }
    }

    fn offer(&mut self, passage: DocId, score: Score) {
        if score <= self.least || self.most == 0 {
            return;
        }
        self.best.push((passage, score));
        if self.best.len() == 4 * self.most {
            self.cut();
            self.least = self.best[self.most - 1].1;
        }
    }

    /// Of equal scores, the earlier passage stays.
    fn cut(&mut self) {
        if let Some(last) = self.most.checked_sub(1)
            && last < self.best.len()
        {
            self.best.select_nth_unstable_by(last, |one, other| {
                let by_score = other.1.total_cmp(&one.1);
                by_score.then_with(|| one.0.cmp(&other.0))
            });
            self.best.truncate(self.most);
        }
    }

    fn into_best(mut self) -> Vec<Scored> {
        self.cut();
        self.best
    }
}
