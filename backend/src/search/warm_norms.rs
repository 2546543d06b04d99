//! What `tfidf` needs beside its index: how long the vector of every book is.
//!
//! A length depends on how rare every term is among all books, so it is computed from the whole index when that is built,
//! and kept beside it; a start reads eighteen numbers where it would have to read all posting lists.

use shared::semconv::span;
use telemetry::{fail, in_span};

use super::SearchError;
use super::features::Features;
use super::index::{Books, TfidfIndex};

/// What `tfidf` searches.
pub struct TfidfIndexes {
    all: TfidfIndex,
    most_frequent: TfidfIndex,
    version: String,
}

impl TfidfIndexes {
    /// Fingerprint of the corpus and of what the indexes hold: 16 hexadecimal digits.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Asks for a word of either choice of features.
    ///
    /// # Errors
    /// The index cannot be read or does not find its own word.
    pub(super) fn check(&self) -> Result<(), SearchError> {
        self.all.check()?;
        self.most_frequent.check()
    }

    pub(super) fn of(&self, features: Features) -> &TfidfIndex {
        match features {
            Features::All => &self.all,
            Features::MostFrequent => &self.most_frequent,
        }
    }
}

/// Reads the lengths of all books.
///
/// # Errors
/// The index cannot be read.
pub(super) fn warm_norms(books: &Books, version: String) -> Result<TfidfIndexes, SearchError> {
    in_span(span::WARM_NORMS, |cx| {
        let warm = |features| {
            let index = books.warm(features);
            index.inspect_err(|error| fail(cx, "index", error.to_string()))
        };
        Ok(TfidfIndexes {
            all: warm(Features::All)?,
            most_frequent: warm(Features::MostFrequent)?,
            version,
        })
    })
}
