//! The second stage of `hybrid`: how much of the query stands in each candidate, and how much of it in one piece.

use std::ops::RangeInclusive;

use shared::semconv::{attribute, span};
use tantivy::postings::Postings;
use tantivy::{DocSet, Score, TantivyError};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::SearchError;
use super::deadline::Deadline;
use super::model::Match;
use super::passage_index::PassageIndex;
use super::passage_vector::PassageVector;

/// Scores the candidates again, which come by their numbers, and keeps the best one of each book.
///
/// The new score is the mean of three shares, each between 0 and 1: of the highest BM25 among the candidates; of the
/// words of the query that occur, by weight; and of the words of the query in the longest run that occurs word for word.
pub(super) fn rerank_passages(
    index: &PassageIndex,
    vector: &PassageVector,
    mut candidates: Vec<Match>,
    deadline: &Deadline,
) -> Result<Vec<Match>, SearchError> {
    in_span(span::RERANK_PASSAGES, |cx| {
        cx.span().set_attribute(KeyValue::new(
            attribute::RERANK_CANDIDATES,
            candidates.len() as i64,
        ));
        let highest = candidates.iter().map(|one| one.score).fold(0.0, Score::max);
        // A single word is the whole query wherever it stands.
        let shares = match vector.sequence.len() {
            1 => vec![(1.0, 1.0); candidates.len()],
            _ => shares(index, vector, &candidates, deadline)?,
        };
        for (candidate, (coverage, run)) in candidates.iter_mut().zip(shares) {
            candidate.score = (candidate.score / highest + coverage + run) / 3.0;
        }
        Ok(best_of_each_book(candidates))
    })
}

/// Which share of the query occurs in each of the candidates, and which share of it in one run.
fn shares(
    index: &PassageIndex,
    vector: &PassageVector,
    candidates: &[Match],
    deadline: &Deadline,
) -> Result<Vec<(Score, Score)>, SearchError> {
    let mut reading = Reading::new(vector);
    let occurrences = occurrences(index, vector, candidates, deadline)?.into_iter();
    Ok(occurrences
        .map(|occurrences| {
            let longest = reading.read(vector, occurrences);
            (
                reading.coverage / reading.words_weight,
                longest.weight / reading.sequence_weight,
            )
        })
        .collect())
}

/// What makes up the two shares of one candidate, by words of the query: the distinct ones that occur, and the places of
/// those in its longest run.
pub(super) fn shared_words(
    index: &PassageIndex,
    vector: &PassageVector,
    candidate: Match,
) -> Result<(Vec<usize>, RangeInclusive<usize>), SearchError> {
    let mut reading = Reading::new(vector);
    let mut occurrences = occurrences(index, vector, &[candidate], &Deadline::none())?;
    let longest = reading.read(vector, occurrences.pop().unwrap_or_default());
    let seen = (0..vector.words.len()).filter(|&word| reading.seen[word]);
    Ok((seen.collect(), longest.from..=longest.to))
}

/// A word of the query in a passage: its number among the words of the passage, and which word it is.
type Occurrence = (u32, usize);

/// The occurrences of the query's words in each of the candidates.
fn occurrences(
    index: &PassageIndex,
    vector: &PassageVector,
    candidates: &[Match],
    deadline: &Deadline,
) -> Result<Vec<Vec<Occurrence>>, SearchError> {
    let mut found = vec![Vec::new(); candidates.len()];
    let mut positions = Vec::new();
    for term in &vector.terms {
        deadline.check()?;
        let mut postings = index.positions(&term.info).map_err(TantivyError::from)?;
        for (candidate, found) in candidates.iter().zip(&mut found) {
            if postings.doc() < candidate.document {
                postings.seek(candidate.document);
            }
            if postings.doc() == candidate.document {
                postings.positions(&mut positions);
                found.extend(positions.iter().map(|&position| (position, term.word)));
            }
        }
    }
    Ok(found)
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
        }
    }

    /// Reads one passage: which words of the query occur, and the longest run, which is returned.
    fn read(&mut self, vector: &PassageVector, mut occurrences: Vec<Occurrence>) -> Run {
        occurrences.sort_unstable();
        self.seen.fill(false);
        self.runs.fill(Run::default());
        self.coverage = 0.0;
        let mut longest = Run::default();
        let mut last = None;
        for (position, word) in occurrences {
            if !std::mem::replace(&mut self.seen[word], true) {
                self.coverage += vector.words[word];
            }
            let goes_on = last == position.checked_sub(1);
            last = Some(position);
            for (place, &wanted) in vector.sequence.iter().enumerate() {
                let before = match place.checked_sub(1) {
                    Some(before) if goes_on && self.runs[before].weight > 0.0 => self.runs[before],
                    _ => Run {
                        from: place,
                        ..Run::default()
                    },
                };
                self.next_runs[place] = match wanted == Some(word) {
                    true => Run {
                        weight: before.weight + vector.words[word],
                        from: before.from,
                        to: place,
                    },
                    false => Run::default(),
                };
                if self.next_runs[place].weight > longest.weight {
                    longest = self.next_runs[place];
                }
            }
            std::mem::swap(&mut self.runs, &mut self.next_runs);
        }
        longest
    }
}

/// Of each book the best passage; of equally good ones, the first.
fn best_of_each_book(mut candidates: Vec<Match>) -> Vec<Match> {
    candidates.sort_by(|one, other| {
        let by_book = one.book.cmp(&other.book);
        by_book.then_with(|| other.score.total_cmp(&one.score))
    });
    candidates.dedup_by_key(|one| one.book);
    candidates
}
