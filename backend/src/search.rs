//! Search: the index of a corpus, and from a query to hits with passages.
//!
//! The way of a query, one file and one span for each step: `perform_search` chooses the method; `tfidf_search`,
//! `bm25_search`, `hybrid_search`, `phrase_search` or `fuzzy_search` runs `preprocess_query` (text to terms), `vectorize_query` (terms to a weighted
//! vector), `compute_similarity` (posting lists to scores) and `process_results`, which asks `generate_snippet` for a
//! passage of every hit. The steps are the same for all methods; what differs is the `model` that they are given.
//!
//! The indexes are made from the corpus when the program starts: `tfidf_vectorization` makes those of whole books,
//! `bm25_indexing` that of passages.

mod best_window;
mod bm25_indexing;
mod bm25_search;
mod compute_similarity;
mod cosine;
mod features;
mod fuzzy_search;
mod generate_snippet;
mod hybrid_search;
mod index;
mod model;
mod occurrences;
mod passage_index;
mod passage_vector;
mod passages;
mod perform_search;
mod phrase_search;
mod preprocess_query;
mod process_results;
mod rerank_passages;
mod similar_words;
mod spelling;
mod stop_words;
mod terms;
mod tfidf_search;
mod tfidf_vectorization;
mod vectorize_query;
mod words;

pub use features::{FEATURES, Features};
pub use perform_search::perform_search;
pub use tfidf_vectorization::TfidfIndexes;

use std::thread;

use shared::{Hit, Method, Suggestion};
use tantivy::TantivyError;
use telemetry::Context;

use bm25_indexing::bm25_indexing;
use passage_index::PassageIndex;
use tfidf_vectorization::tfidf_vectorization;

use crate::corpus::Corpus;

/// Most hits that an answer holds.
pub const MOST_RESULTS: usize = 20;

/// The corpus together with its indexes: all that a search needs.
pub struct Library {
    /// The books.
    pub corpus: Corpus,
    /// The indexes of whole books; document numbers are places in `corpus.books`.
    pub indexes: TfidfIndexes,
    /// The index of their passages.
    passages: PassageIndex,
}

impl Library {
    /// Indexes `corpus`: whole books and passages at the same time.
    ///
    /// # Errors
    /// tantivy cannot build an index.
    pub fn index(corpus: Corpus) -> Result<Self, SearchError> {
        let parent = Context::current();
        let (indexes, passages) = thread::scope(|scope| {
            let passages = scope.spawn(|| {
                let _current = parent.attach();
                bm25_indexing(&corpus)
            });
            let indexes = tfidf_vectorization(&corpus);
            let passages = passages.join();
            (indexes, passages.expect("building an index does not panic"))
        });
        Ok(Self {
            indexes: indexes?,
            passages: passages?,
            corpus,
        })
    }

    /// Asks every index for a word that it holds.
    ///
    /// # Errors
    /// An index cannot be read or does not find its own word.
    pub fn check(&self) -> Result<(), SearchError> {
        self.indexes.check()?;
        self.passages.check()
    }
}

/// A question to [`perform_search`].
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Text as it was typed.
    pub query: &'a str,
    /// How to search.
    pub method: Method,
    /// Which terms count.
    pub features: Features,
    /// Most hits to return, at most [`MOST_RESULTS`].
    pub limit: usize,
    /// Score that a hit must exceed; `None` leaves it to the method.
    pub threshold: Option<f64>,
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
}

/// The index could not be built or read.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// tantivy cannot build or read the index.
    #[error("the index failed")]
    Index(#[from] TantivyError),
    /// A word of the index leads to no book.
    #[error("the index does not find its own word {0:?}")]
    Unfindable(String),
}
