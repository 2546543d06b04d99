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
use super::prefetch::prefetch_words;

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
        prefetch_words(index, candidates.iter().map(|one| one.document));
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
    /// For each of the distinct words, where in the passage it stands: a bit for each place.
    places: Vec<u128>,
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
            places: vec![0; vector.words.len()],
            seen: vec![false; vector.words.len()],
            coverage: 0.0,
            frequencies: vec![0; vector.terms.len()],
        }
    }

    /// Reads one passage: which words of the query occur, how often its terms do, and the longest run, which is returned.
    fn read(&mut self, index: &PassageIndex, vector: &PassageVector, passage: DocId) -> Run {
        self.seen.fill(false);
        self.places.fill(0);
        self.frequencies.fill(0);
        index.for_each_found(passage, &vector.set, |place, terms| {
            for &(_, term) in terms {
                let word = vector.terms[term].word;
                self.frequencies[term] += 1;
                self.seen[word] = true;
                // Only a passage of a text without white space is longer than this; runs are looked for in its beginning.
                self.places[word] |= 1_u128.checked_shl(place).unwrap_or(0);
            }
        });
        let weights = self.seen.iter().zip(&vector.words);
        self.coverage = weights
            .map(|(&seen, &weight)| if seen { weight } else { 0.0 })
            .sum();
        self.longest_run(vector)
    }

    /// The longest run that stands somewhere; of equal ones, that which begins first in the query.
    fn longest_run(&self, vector: &PassageVector) -> Run {
        let mut longest = Run::default();
        for from in 0..vector.sequence.len() {
            // Where what was read of the run ends.
            let mut ends = u128::MAX;
            let mut weight = 0.0;
            for (to, word) in vector.sequence.iter().enumerate().skip(from) {
                ends &= word.map_or(0, |word| self.places[word]);
                let Some(word) = word.filter(|_| ends != 0) else {
                    break;
                };
                weight += vector.words[word];
                if weight > longest.weight {
                    longest = Run { weight, from, to };
                }
                ends <<= 1;
            }
        }
        longest
    }
}
