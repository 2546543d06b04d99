//! Answers to searches, as JSON.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::Method;

/// Answer to `GET /search`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchResponse {
    /// The query as it was received.
    pub query: String,
    /// The method that answered.
    pub method: Method,
    /// Hits in `results`.
    pub total_results: usize,
    /// Hits found, before the cut to the limit.
    pub total_matches: usize,
    /// Time the search took inside the backend, in microseconds.
    pub took_us: u64,
    /// Hits by descending score.
    pub results: Vec<Hit>,
    /// Words of the query that no book contains, as typed and in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown_words: Vec<String>,
    /// What may have been meant by unknown words, where words of the books are spelled much like them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggestion>,
    /// Words of the query that were dropped because they are stop words or too short, as typed and in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dropped_words: Vec<String>,
    /// How the query was read, where that may not be what was meant: a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hints: Vec<String>,
}

/// An unknown word with words of the books that are spelled much like it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suggestion {
    /// The word as typed.
    pub word: String,
    /// Words of the books in lower case, the most widely used first.
    pub instead: Vec<String>,
}

/// One book that answers a query.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hit {
    /// Id of the book, such as `austen-emma.txt`.
    pub id: Cow<'static, str>,
    /// True title.
    pub title: Cow<'static, str>,
    /// True author; absent where the work names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Cow<'static, str>>,
    /// Year of first publication.
    pub year: u16,
    /// How well it answers: for `tfidf` the cosine, 0 to 1; for `bm25` above 0 without an upper bound; for `hybrid` 0 to 1.
    /// Scores of different methods are not comparable.
    pub score: f64,
    /// A passage around the best matches, as plain text.
    pub snippet: String,
    /// Half-open ranges of matched words in `snippet`, counted in Unicode scalar values.
    pub highlights: Vec<(usize, usize)>,
    /// Where the passage stands in the book.
    pub location: Location,
}

/// Place of a passage in its book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Heading of the chapter, where one was recognised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chapter: Option<String>,
    /// Line of the book's text in which the passage begins, from 1; only methods that search passages know it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// First byte of the passage in the book's text.
    pub from: usize,
    /// Byte after the passage.
    pub to: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_empty_is_left_out_and_may_be_missing() {
        let answer = SearchResponse {
            query: "love".into(),
            method: Method::Tfidf,
            total_results: 0,
            total_matches: 0,
            took_us: 1,
            results: Vec::new(),
            unknown_words: Vec::new(),
            suggestions: vec![],
            dropped_words: Vec::new(),
            hints: Vec::new(),
        };
        let json = serde_json::to_value(&answer).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "query": "love", "method": "tfidf", "total_results": 0, "total_matches": 0, "took_us": 1,
                "results": [],
            })
        );
        assert_eq!(
            serde_json::from_value::<SearchResponse>(json).unwrap(),
            answer
        );
    }
}
