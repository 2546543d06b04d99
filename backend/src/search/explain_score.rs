//! How the score of one book came about: every term with its numbers, and what it adds to the score.
//!
//! The search is done again, by the same steps, and the addends of the score are taken from the same functions that made
//! it, so that they cannot tell another story.

use std::sync::Arc;

use shared::semconv::span;
use shared::{Contribution, Method};
use telemetry::in_span;

use super::admission::Admission;
use super::bm25_search::Probabilistic;
use super::compute_similarity::compute_similarity;
use super::deadline::Deadline;
use super::fuzzy_search::Forgiving;
use super::hybrid_search::TwoStages;
use super::model::{Asked, Match, Vector};
use super::phrase_search::Positional;
use super::preprocess_query::preprocess_query;
use super::score_addends::Additive;
use super::tfidf_search::VectorSpace;
use super::vectorize_query::vectorize_query;
use super::{Library, Request, SearchError};

/// How a score came about.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// The score; 0 where the book does not match.
    pub score: f64,
    /// How the contributions become the score, in one sentence.
    pub formula: &'static str,
    /// Documents in the index.
    pub documents: u64,
    /// Length of the document that was scored; 0 where nothing matches.
    pub document_length: f64,
    /// The mean length of documents, where lengths are measured by it.
    pub mean_length: Option<f64>,
    /// What adds up to the score, the largest first.
    pub contributions: Vec<Contribution>,
    /// Words that no book contains, as typed and in order.
    pub unknown_words: Vec<String>,
    /// Words that were dropped as stop words or as too short, as typed and in order.
    pub dropped_words: Vec<String>,
}

/// Explains which score `request` gives to the hit at `place`, as one expensive search.
///
/// # Errors
/// The index cannot be read, the time is over, or too many searches wait already.
pub async fn explain(
    library: &Arc<Library>,
    admission: &Admission,
    request: &Request<'_>,
    place: Place,
) -> Result<Explained, SearchError> {
    let deadline = Deadline::after(admission.limits.deadline);
    let (library, request) = (Arc::clone(library), request.clone().into_owned());
    let result = match admission.enter() {
        Ok(lane) => {
            let explain =
                move |deadline: &Deadline| explain_score(&library, &request, place, deadline);
            lane.run(&deadline, explain).await
        }
        Err(overloaded) => Err(overloaded),
    };
    admission.count(&result);
    result
}

/// Explains which score `request` gives to the hit at `place`.
///
/// # Errors
/// The index cannot be read, or the time is over.
fn explain_score(
    library: &Library,
    request: &Request<'_>,
    place: Place,
    deadline: &Deadline,
) -> Result<Explained, SearchError> {
    in_span(span::EXPLAIN_SCORE, |cx| {
        let asked = Asked {
            library,
            request,
            deadline,
        };
        let passages = &library.passages;
        let explained = match request.method {
            Method::Tfidf | Method::SlowTfidf => {
                take_apart(asked, &VectorSpace::of(library, request.features), place)
            }
            Method::Bm25 => take_apart(asked, &Probabilistic(passages), place),
            Method::Hybrid => take_apart(asked, &TwoStages::of(library), place),
            Method::Phrase => take_apart(asked, &Positional(passages), place),
            Method::Fuzzy => take_apart(asked, &Forgiving::of(library), place),
        };
        explained.inspect_err(|error| error.record(cx))
    })
}

/// Which hit: its book, by the place in the corpus, and a byte of its passage where that is not the best one of the book.
pub type Place = (usize, Option<usize>);

fn take_apart<M: Additive>(
    asked: Asked<'_>,
    model: &M,
    place: Place,
) -> Result<Explained, SearchError> {
    let query = preprocess_query(model, asked);
    let vector = vectorize_query(model, &query)?;
    let scores = compute_similarity(model, asked, &query, &vector, usize::MAX)?;
    let matches = scores.matches.clone();
    let refined = model.refine(&vector, scores, asked.deadline)?;
    let (book, byte) = place;
    let is_meant =
        |one: &Match| one.book == book && byte.is_none_or(|byte| model.holds(one.document, byte));
    let found = refined
        .into_iter()
        .filter(is_meant)
        .max_by(|one, other| one.score.total_cmp(&other.score));
    let mut contributions = match found {
        Some(found) => model.addends(&query, &vector, found, &matches)?,
        None => Vec::new(),
    };
    contributions.sort_by(|one, other| other.contribution.total_cmp(&one.contribution));
    let (documents, document_length, mean_length) = model.lengths(found.map(|one| one.document));
    Ok(Explained {
        score: found.map_or(0.0, |one| f64::from(one.score)),
        formula: M::FORMULA,
        documents,
        document_length,
        mean_length,
        contributions,
        unknown_words: query.typed(vector.unknown()),
        dropped_words: query.dropped,
    })
}
