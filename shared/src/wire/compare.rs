//! Several methods side by side, as JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Hit, Method};

/// Answer to `GET /search/compare`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The query as it was received.
    pub query: String,
    /// What each method that was asked for answers.
    pub comparison: BTreeMap<Method, ComparedMethod>,
    /// Which of them was the fastest.
    pub performance: ComparedSpeed,
    /// How the query was read, where that may not be what was meant: a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// What one of several methods answers to the same query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedMethod {
    /// The method.
    pub method: Method,
    /// Hits in `results`.
    pub total_results: usize,
    /// Hits found, before the cut to the limit.
    pub total_matches: usize,
    /// Time from the start of this method to its answer, in milliseconds.
    pub duration_ms: f64,
    /// Hits by descending score; scores of different methods are not comparable.
    pub results: Vec<Hit>,
    /// Why this method has no answer; absent where it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The speed of several methods, side by side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedSpeed {
    /// The method that answered first; absent where none answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faster_method: Option<Method>,
    /// Time by which the slowest answer came later than the fastest, in milliseconds.
    pub speed_difference_ms: f64,
}
