//! Scores to hits: ranked, cut, and each described with its passage.

use shared::Hit;
use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::generate_snippet::{Snippet, generate_snippet};
use super::model::{Asked, Match, Model};
use super::{Request, SearchError};
use crate::corpus::{Book, Corpus};

/// Which matches become hits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// Most hits.
    pub(super) limit: usize,
    /// Score that a hit must exceed.
    pub(super) threshold: f64,
    /// Whether every match becomes a hit when none exceeds the threshold.
    pub(super) may_fall_to_zero: bool,
}

impl Cut {
    /// What `request` asks for; `threshold` where it leaves that to the method.
    pub(super) fn at(request: &Request<'_>, threshold: f64) -> Self {
        Self {
            limit: request.limit,
            threshold: request.threshold.unwrap_or(threshold),
            may_fall_to_zero: false,
        }
    }

    /// How many of the best matches have to be known: all, if their scores decide how many there are.
    pub(super) fn most(self) -> usize {
        match self.threshold <= 0.0 {
            true => self.limit,
            false => usize::MAX,
        }
    }
}

/// Hits, and how they were cut.
#[derive(Debug)]
pub(super) struct Results {
    /// Hits by descending score.
    pub(super) hits: Vec<Hit>,
    /// Matches above the threshold.
    pub(super) total_matches: usize,
    /// The threshold that was applied.
    pub(super) threshold: f64,
}

/// Cuts matches, one of each book, by `cut`, orders and describes what is left. There are `others` that are above the
/// threshold and not among the best.
pub(super) fn process_results<M: Model>(
    asked: Asked<'_>,
    model: &M,
    vector: &M::Vector,
    mut matches: Vec<Match>,
    others: usize,
    cut: Cut,
) -> Result<Results, SearchError> {
    in_span(span::PROCESS_RESULTS, |cx| {
        let (threshold, found) = cut_off(&matches, cut);
        keep_best(&mut matches, found.min(cut.limit));
        let hits = describe_all(asked, model, vector, &matches)?;
        cx.span().set_attribute(KeyValue::new(
            attribute::RESULTS_RETURNED,
            hits.len() as i64,
        ));
        Ok(Results {
            hits,
            total_matches: found + others,
            threshold,
        })
    })
}

/// The threshold that applies to these matches, and how many of them are above it.
pub(super) fn cut_off(matches: &[Match], cut: Cut) -> (f64, usize) {
    let above = |threshold: f64| {
        let scores = matches.iter().map(|one| f64::from(one.score));
        scores.filter(|&score| score > threshold).count()
    };
    match above(cut.threshold) {
        0 if cut.may_fall_to_zero => (0.0, above(0.0)),
        found => (cut.threshold, found),
    }
}

/// Keeps the best `most` matches, by descending score; equally good ones are in the order of books.
fn keep_best(matches: &mut Vec<Match>, most: usize) {
    let order = |one: &Match, other: &Match| {
        let by_score = other.score.total_cmp(&one.score);
        by_score.then_with(|| (one.book, one.document).cmp(&(other.book, other.document)))
    };
    if most < matches.len() {
        matches.select_nth_unstable_by(most, order);
        matches.truncate(most);
    }
    matches.sort_unstable_by(order);
}

/// Describes matches in the order of documents, because posting lists can only be read forwards; hits are in the order of
/// `ranked`.
fn describe_all<M: Model>(
    asked: Asked<'_>,
    model: &M,
    vector: &M::Vector,
    ranked: &[Match],
) -> Result<Vec<Hit>, SearchError> {
    let mut by_document: Vec<(usize, &Match)> = ranked.iter().enumerate().collect();
    by_document.sort_unstable_by_key(|(_, found)| found.document);
    model.announce(&asked.library.corpus, ranked);
    let mut hits: Vec<Option<Hit>> = ranked.iter().map(|_| None).collect();
    for (rank, &found) in by_document {
        asked.deadline.check()?;
        hits[rank] = Some(describe(&asked.library.corpus, model, vector, found)?);
    }
    Ok(hits.into_iter().flatten().collect())
}

fn describe<M: Model>(
    corpus: &Corpus,
    model: &M,
    vector: &M::Vector,
    found: Match,
) -> Result<Hit, SearchError> {
    let book = &corpus.books[found.book];
    let snippet = generate_snippet(book, model, vector, found.document)?;
    Ok(hit(book, found, snippet))
}

/// A match with its passage, for the answer.
pub(super) fn hit(book: &Book, found: Match, snippet: Snippet) -> Hit {
    Hit {
        id: book.entry.id.into(),
        title: book.entry.title.into(),
        author: book.entry.author.map(Into::into),
        year: book.entry.year,
        score: f64::from(found.score),
        snippet: snippet.text,
        highlights: snippet.highlights,
        location: snippet.location,
    }
}
