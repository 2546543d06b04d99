//! How a score came about, as JSON.

use serde::{Deserialize, Serialize};

use super::Method;

/// Answer to `GET /search/explain`: how the score of one book came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// The query as it was received.
    pub query: String,
    /// The method whose score this is.
    pub method: Method,
    /// Id of the book.
    pub id: String,
    /// Title of the book.
    pub title: String,
    /// The score; 0 where the book does not match.
    pub score: f64,
    /// How the contributions become the score, in one sentence.
    pub formula: String,
    /// Documents in the index: books for `tfidf`, passages for the other methods.
    pub documents: u64,
    /// Length of the document that was scored: of the vector of the book for `tfidf`, in words of the passage for the
    /// other methods; 0 where nothing matches.
    pub document_length: f64,
    /// What a document has in the mean of all: words of a passage; absent for `tfidf`, whose lengths stand for themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_length: Option<f64>,
    /// What adds up to the score, the largest first.
    pub contributions: Vec<Contribution>,
    /// Words of the query that no book contains, as typed and in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_words: Vec<String>,
    /// Words that were dropped as stop words or as too short, as typed and in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped_words: Vec<String>,
}

/// One addend of a score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    /// Word or words of the query, as typed.
    pub word: String,
    /// The term of the index that stands for it, such as a stem.
    pub term: String,
    /// Which part of the score it belongs to.
    pub part: ScorePart,
    /// How often it occurs in the document.
    pub term_frequency: u32,
    /// Documents that hold it.
    pub document_frequency: u64,
    /// Its rarity.
    pub idf: f64,
    /// Its weight in the query.
    pub weight: f64,
    /// What it adds to the score.
    pub contribution: f64,
}

/// What a [`Contribution`] is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScorePart {
    /// A product of weights, as the cosine of `tfidf` sums them.
    Cosine,
    /// An addend of BM25.
    Bm25,
    /// The phrase as a whole, as if it were one word.
    Phrase,
    /// The word occurs at all: an addend of the coverage of `hybrid`.
    Coverage,
    /// The word stands in the longest run of words: an addend of the run of `hybrid`.
    Run,
}
