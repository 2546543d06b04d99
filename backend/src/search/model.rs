//! What methods of search have in common: the steps, and what a method brings to each of them.
//!
//! Every method splits the query, weighs it, reads posting lists, ranks and shows. So that a phase is one span and one
//! function whatever the method, the phases (`preprocess_query`, `vectorize_query`, `compute_similarity`,
//! `process_results`, `generate_snippet`) are written once, over a [`Model`], and [`answer`] runs them in order.

use shared::Suggestion;
use shared::semconv::attribute;
use tantivy::{DocId, Score};
use telemetry::{Context, KeyValue, TraceContextExt};

use super::compute_similarity::compute_similarity;
use super::deadline::Deadline;
use super::filter::Filter;
use super::generate_snippet::Snippet;
use super::preprocess_query::{Query, preprocess_query};
use super::process_results::{Cut, process_results};
use super::vectorize_query::vectorize_query;
use super::{Answer, Library, Request, SearchError};
use crate::corpus::{Book, Corpus};

/// A way to tell how well a document answers a query.
pub(super) trait Model {
    /// A query as this model weighs it.
    type Vector: Vector;

    /// Splits the text of a query as the texts of the index were split.
    fn split(&self, text: &str) -> Query;

    /// Looks the terms of a query up and weighs them.
    fn weigh(&self, query: &Query) -> Result<Self::Vector, SearchError>;

    /// Reads the posting lists, as far as the filter lets through. Matches that are not among the best `most` may be
    /// counted only.
    fn score(
        &self,
        vector: &Self::Vector,
        filter: &Filter,
        most: usize,
        deadline: &Deadline,
    ) -> Result<Scores, SearchError>;

    /// Has a closer look at what the posting lists gave.
    fn refine(
        &self,
        _vector: &Self::Vector,
        scores: Scores,
        _deadline: &Deadline,
    ) -> Result<Vec<Match>, SearchError> {
        Ok(scores.matches)
    }

    /// Hears which matches are shown next.
    fn announce(&self, _corpus: &Corpus, _matches: &[Match]) {}

    /// The passage of `book` to show for a match.
    fn show(
        &self,
        book: &Book,
        vector: &Self::Vector,
        document: DocId,
    ) -> Result<Snippet, SearchError>;
}

/// A weighed query.
pub(super) trait Vector {
    /// Dimensions that are not zero.
    fn nonzero(&self) -> usize;

    /// Terms of the query that the index does not know.
    fn unknown(&self) -> &[String];

    /// What was found in place of unknown words already, as typed; nothing where they were not looked for.
    fn looked_up(&self) -> &[Suggestion] {
        &[]
    }
}

/// A document that shares a term with the query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Match {
    /// How well it answers.
    pub(super) score: Score,
    /// Its book, by the place in the corpus.
    pub(super) book: usize,
    /// Its number in the index.
    pub(super) document: DocId,
}

/// What the posting lists gave.
#[derive(Clone, Debug, Default)]
pub(super) struct Scores {
    /// The documents that go on; of a book at least one, if one matches.
    pub(super) matches: Vec<Match>,
    /// Further books that match, none of which is among as many of the best as were asked for.
    pub(super) others: usize,
    /// Whether only one book is searched: then each of its passages is a hit, and not the best one alone.
    pub(super) is_one_book: bool,
    /// Documents that shared a term with the query and passed the filter.
    pub(super) documents: usize,
    /// Postings that were read.
    pub(super) postings: u64,
}

/// A question, and all that is needed to answer it.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) library: &'a Library,
    pub(super) request: &'a Request<'a>,
    pub(super) deadline: &'a Deadline,
}

/// Answers a question by the steps of `model`; `cx` is the span of the method.
pub(super) fn answer(
    cx: &Context,
    asked: Asked<'_>,
    model: &impl Model,
    cut: Cut,
) -> Result<Answer, SearchError> {
    steps(cx, asked, model, cut).inspect_err(|error| error.record(cx))
}

fn steps(
    cx: &Context,
    asked: Asked<'_>,
    model: &impl Model,
    cut: Cut,
) -> Result<Answer, SearchError> {
    let query = preprocess_query(model, asked);
    let vector = vectorize_query(model, &query)?;
    asked.deadline.check()?;
    let scores = compute_similarity(model, asked, &query, &vector, cut.most())?;
    let others = scores.others;
    asked.deadline.check()?;
    let matches = model.refine(&vector, scores, asked.deadline)?;
    let results = process_results(asked, model, &vector, matches, others, cut)?;
    cx.span().set_attributes([
        KeyValue::new(attribute::SEARCH_MAX_RESULTS, asked.request.limit as i64),
        KeyValue::new(attribute::SEARCH_THRESHOLD, results.threshold),
        KeyValue::new(
            attribute::SEARCH_TOTAL_MATCHES,
            results.total_matches as i64,
        ),
    ]);
    if let Some(best) = results.hits.first() {
        cx.span()
            .set_attribute(KeyValue::new(attribute::SEARCH_TOP_SCORE, best.score));
    }
    Ok(Answer {
        hits: results.hits,
        total_matches: results.total_matches,
        unknown_words: query.typed(vector.unknown()),
        suggestions: vector.looked_up().to_vec(),
        dropped_words: query.dropped,
        hints: query.hints,
    })
}
