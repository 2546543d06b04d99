//! The second stage of `hybrid`: how much of the query stands in each candidate, and how much of it in one piece.

use std::ops::RangeInclusive;

use shared::semconv::{attribute, span};
use tantivy::{DocId, Score};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::SearchError;
use super::deadline::Deadline;
use super::model::{Match, Scores};
use super::passage_index::PassageIndex;
use super::passage_vector::{PassageVector, best_of_each_book};

/// Scores the candidates again, which come by their numbers, and keeps the best one of each book; all where only one book is
/// searched.
///
/// The new score is the mean of three shares, each between 0 and 1: of the highest BM25 among the candidates; of the
/// words of the query that occur, by weight; and of the words of the query in the longest run that occurs word for word.
pub(super) fn rerank_passages(
    index: &PassageIndex,
    vector: &PassageVector,
    scores: Scores,
    deadline: &Deadline,
) -> Result<Vec<Match>, SearchError> {
    let mut candidates = scores.matches;
    in_span(span::RERANK_PASSAGES, |cx| {
        cx.span().set_attribute(KeyValue::new(
            attribute::RERANK_CANDIDATES,
            candidates.len() as i64,
        ));
        let mut reading = Reading::new(vector);
        let mut shares = Vec::with_capacity(candidates.len());
        // A single term is scored whole already, and it is the whole query wherever it stands.
        let is_single = vector.sequence.len() == 1 && vector.terms.len() == 1;
        for candidate in candidates.iter_mut() {
            if is_single {
                shares.push((1.0, 1.0));
                continue;
            }
            deadline.check()?;
            let longest = reading.read(index, vector, candidate.document);
            let norm = index.length_norms.of(candidate.document);
            candidate.score = vector.sum(&reading.frequencies, norm);
            // A single word is the whole query wherever it stands.
            shares.push(match vector.sequence.len() {
                1 => (1.0, 1.0),
                _ => (
                    reading.coverage / reading.words_weight,
                    longest.weight / reading.sequence_weight,
                ),
            });
        }
        let highest = candidates.iter().map(|one| one.score).fold(0.0, Score::max);
        for (candidate, (coverage, run)) in candidates.iter_mut().zip(shares) {
            candidate.score = (candidate.score / highest + coverage + run) / 3.0;
        }
        Ok(match scores.is_one_book {
            true => candidates,
            false => best_of_each_book(candidates),
        })
    })
}

/// What makes up the two shares of one candidate, by words of the query: the distinct ones that occur, and the places of
/// those in its longest run.
pub(super) fn shared_words(
    index: &PassageIndex,
    vector: &PassageVector,
    passage: DocId,
) -> (Vec<usize>, RangeInclusive<usize>) {
    let mut reading = Reading::new(vector);
    let longest = reading.read(index, vector, passage);
    let seen = (0..vector.words.len()).filter(|&word| reading.seen[word]);
    (seen.collect(), longest.from..=longest.to)
}

/// Reads passages one after the other.
struct Reading {
    /// Sum of the weights of the distinct words, and of all words in order.
    words_weight: f32,
    sequence_weight: f32,
    /// For each word of the query in order: the run that ends with it at the last position.
    runs: Vec<Run>,
    next_runs: Vec<Run>,
    /// Which of the distinct words were met in the passage, and their weight.
    seen: Vec<bool>,
    coverage: f32,
    /// How often each term was.
    frequencies: Vec<u32>,
}

/// Words of the query that stand in a row, by their places in it.
#[derive(Clone, Copy, Default)]
struct Run {
    weight: f32,
    from: usize,
    to: usize,
}

impl Reading {
    fn new(vector: &PassageVector) -> Self {
        let known = vector.sequence.iter().flatten();
        Self {
            words_weight: vector.words.iter().sum(),
            sequence_weight: known.map(|&word| vector.words[word]).sum(),
            runs: vec![Run::default(); vector.sequence.len()],
            next_runs: vec![Run::default(); vector.sequence.len()],
            seen: vec![false; vector.words.len()],
            coverage: 0.0,
            frequencies: vec![0; vector.terms.len()],
        }
    }

    /// Reads one passage: which words of the query occur, how often its terms do, and the longest run, which is returned.
    fn read(&mut self, index: &PassageIndex, vector: &PassageVector, passage: DocId) -> Run {
        self.seen.fill(false);
        self.frequencies.fill(0);
        self.coverage = 0.0;
        let mut longest = Run::default();
        let mut last = None;
        for (position, word) in (0..).zip(index.words(index.words_of(passage))) {
            for &(_, place) in vector.set.found(word) {
                let word = vector.terms[place].word;
                self.frequencies[place] += 1;
                if !std::mem::replace(&mut self.seen[word], true) {
                    self.coverage += vector.words[word];
                }
                if last != Some(position) {
                    let goes_on = last.is_some_and(|last: usize| last + 1 == position);
                    self.step(goes_on);
                    last = Some(position);
                }
                longest = self.extend(vector, word, longest);
            }
        }
        longest
    }

    /// Goes on to the next word of the passage: right behind the last one of the query, or farther away.
    fn step(&mut self, goes_on: bool) {
        std::mem::swap(&mut self.runs, &mut self.next_runs);
        if !goes_on {
            self.runs.fill(Run::default());
        }
        self.next_runs.fill(Run::default());
    }

    /// Extends the runs in which `word` comes next, and returns the longest one so far.
    fn extend(&mut self, vector: &PassageVector, word: usize, mut longest: Run) -> Run {
        let places = vector.sequence.iter().enumerate();
        for (place, _) in places.filter(|(_, wanted)| **wanted == Some(word)) {
            let before = place.checked_sub(1).map(|before| self.runs[before]);
            let run = match before.filter(|run| run.weight > 0.0) {
                Some(before) => Run {
                    weight: before.weight + vector.words[word],
                    from: before.from,
                    to: place,
                },
                None => Run {
                    weight: vector.words[word],
                    from: place,
                    to: place,
                },
            };
            if run.weight > longest.weight {
                longest = run;
            }
            self.next_runs[place] = run;
        }
        longest
    }
}
