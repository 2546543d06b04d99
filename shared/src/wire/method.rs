//! Ways to search and their names.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How to search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Cosine similarity of TF-IDF vectors of whole books.
    #[default]
    Tfidf,
    /// BM25 over passages; a book is as good as its best passage.
    Bm25,
    /// BM25 over passages, then the order of the words; words that no book holds stand for similar ones.
    Hybrid,
    /// All words in a row, in order, in passages.
    Phrase,
    /// BM25 over passages; words that no book holds stand for similar ones.
    Fuzzy,
    /// `tfidf` done badly on purpose, to practise finding out from a trace what is slow.
    SlowTfidf,
}

impl Method {
    /// Every method, in the order in which they are offered.
    pub const ALL: [Method; 6] = [
        Method::Hybrid,
        Method::Tfidf,
        Method::Bm25,
        Method::Phrase,
        Method::Fuzzy,
        Method::SlowTfidf,
    ];

    /// Name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Tfidf => "tfidf",
            Method::Bm25 => "bm25",
            Method::Hybrid => "hybrid",
            Method::Phrase => "phrase",
            Method::Fuzzy => "fuzzy",
            Method::SlowTfidf => "slow_tfidf",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = UnknownMethod;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Method::ALL
            .into_iter()
            .find(|method| method.as_str() == name)
            .ok_or(UnknownMethod)
    }
}

/// A method name that is none of [`Method::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownMethod;

impl fmt::Display for UnknownMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown method; allowed:")?;
        Method::ALL
            .iter()
            .try_for_each(|method| write!(f, " {method}"))
    }
}

impl std::error::Error for UnknownMethod {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_has_one_name_in_text_and_json() {
        for method in Method::ALL {
            let json = serde_json::to_string(&method).unwrap();
            assert_eq!(json, format!("\"{method}\""));
            assert_eq!(method.to_string().parse(), Ok(method));
        }
        assert_eq!("TFIDF".parse::<Method>(), Err(UnknownMethod));
        assert_eq!(
            UnknownMethod.to_string(),
            "unknown method; allowed: hybrid tfidf bm25 phrase fuzzy slow_tfidf"
        );
    }
}
