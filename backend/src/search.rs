//! Search: the index of a corpus, and from a query to hits with passages.
//!
//! The way of a query, one file and one span for each step: `perform_search` chooses the method; `tfidf_search`,
//! `bm25_search`, `hybrid_search`, `phrase_search` or `fuzzy_search` runs `preprocess_query` (text to terms), `vectorize_query` (terms to a weighted
//! vector), `compute_similarity` (posting lists to scores) and `process_results`, which asks `generate_snippet` for a
//! passage of every hit. The steps are the same for all methods; what differs is the `model` that they are given.
//!
//! When the program starts, `library` opens the indexes that an earlier start has kept (`open_index`), or has them made
//! (`build_index`): `tfidf_vectorization` makes that of whole books, `bm25_indexing` that of passages.

mod admission;
mod best_books;
mod best_passages;
mod best_window;
mod block_maxima;
mod bm25_indexing;
mod bm25_search;
mod build_index;
mod byte_set;
mod compare_methods;
mod compute_similarity;
mod cosine;
mod deadline;
mod edit_automaton;
mod explain_score;
mod features;
mod filter;
mod frequent_terms;
mod fuzzy_search;
mod generate_snippet;
mod hybrid_search;
mod index;
mod index_folder;
mod index_version;
mod length_norms;
mod library;
mod matching_words;
mod model;
mod occurrences;
mod open_index;
mod passage_index;
mod passage_keys;
mod passage_vector;
mod passage_words;
mod passages;
mod perform_search;
mod phrase_places;
mod phrase_search;
mod posting_sums;
mod prefetch;
mod preprocess_query;
mod process_results;
mod query_syntax;
mod rerank_passages;
mod score_addends;
mod similar_words;
mod slow_tfidf_search;
mod spelling;
mod stop_words;
mod stored_files;
mod term_rows;
mod terms;
mod tfidf_search;
mod tfidf_vectorization;
mod vectorize_query;
mod warm_norms;
mod window;
mod word_places;
mod words;

pub use admission::{Admission, Limits};
pub use compare_methods::{Compared, compare_methods};
pub use deadline::Deadline;
pub use explain_score::{Explained, Place, explain};
pub use features::{FEATURES, Features};
pub use library::{IndexSettings, Library};
pub use matching_words::matching_words;
pub use perform_search::perform_search;
pub use stop_words::is_stop_word;
pub use warm_norms::TfidfIndexes;

use std::borrow::Cow;

use shared::{Hit, Method, Suggestion};
use tantivy::TantivyError;
use telemetry::{CANCELLED, Context, KeyValue, TraceContextExt, fail};

/// Most hits that an answer holds.
pub const MOST_RESULTS: usize = 20;

/// A question to [`perform_search`].
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// Text as it was typed.
    pub query: Cow<'a, str>,
    /// How to search.
    pub method: Method,
    /// Which terms count.
    pub features: Features,
    /// Most hits to return, at most [`MOST_RESULTS`].
    pub limit: usize,
    /// Score that a hit must exceed; `None` leaves it to the method.
    pub threshold: Option<f64>,
    /// The only book to search, by its place in the corpus; `None` for all.
    pub book: Option<usize>,
}

impl<'a> Request<'a> {
    /// A question with everything but the method left open.
    pub fn new(query: impl Into<Cow<'a, str>>, method: Method) -> Self {
        Self {
            query: query.into(),
            method,
            features: Features::All,
            limit: MOST_RESULTS,
            threshold: None,
            book: None,
        }
    }

    /// The same question with a text of its own.
    pub(crate) fn into_owned(self) -> Request<'static> {
        Request {
            query: Cow::Owned(self.query.into_owned()),
            ..self
        }
    }
}

/// What [`perform_search`] found.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Hits by descending score; of equal ones, the first of the corpus comes first.
    pub hits: Vec<Hit>,
    /// Hits found before the cut to the limit.
    pub total_matches: usize,
    /// Words that no book contains, as typed and in order.
    pub unknown_words: Vec<String>,
    /// What may have been meant by the unknown words.
    pub suggestions: Vec<Suggestion>,
    /// Words that were dropped as stop words or as too short, as typed and in order.
    pub dropped_words: Vec<String>,
    /// How the query was read where that may not be what was meant: a sentence each.
    pub hints: Vec<String>,
}

/// There is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// tantivy cannot build or read the index.
    #[error("the index failed")]
    Index(#[from] TantivyError),
    /// A word of the index leads to no book.
    #[error("the index does not find its own word {0:?}")]
    Unfindable(String),
    /// The time for the search is over.
    #[error("the search took too long")]
    DeadlineExceeded,
    /// Too many expensive searches wait already.
    #[error("too many expensive searches wait already")]
    Overloaded,
    /// Nobody waits for the answer any more.
    #[error("nobody waits for the answer any more")]
    Abandoned,
    /// The thread of the search panicked.
    #[error("the search panicked")]
    Panicked,
}

impl SearchError {
    /// Marks the span of `cx`; that nobody waits any more is no error of the search.
    fn record(&self, cx: &Context) {
        let error_type = match self {
            SearchError::Abandoned => {
                return cx.span().set_attribute(KeyValue::new(CANCELLED, true));
            }
            SearchError::Index(_) | SearchError::Unfindable(_) => "index",
            SearchError::DeadlineExceeded => "deadline_exceeded",
            SearchError::Overloaded => "overloaded",
            SearchError::Panicked => "panic",
        };
        fail(cx, error_type, self.to_string());
    }
}
