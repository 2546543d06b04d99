//! From the corpus to the two indexes that `tfidf` searches, built when the program starts.

use sha2::{Digest, Sha256};
use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, fail, in_span};

use super::SearchError;
use super::features::{FEATURES, Features, fit};
use super::index::{SCHEMA_VERSION, TfidfIndex};
use super::occurrences::Occurrences;
use super::terms::for_each_term;
use crate::corpus::Corpus;

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

    /// Asks both indexes for a word that they hold.
    ///
    /// # Errors
    /// An index cannot be read or does not find its own word.
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

/// Indexes `corpus`.
///
/// # Errors
/// tantivy cannot build the index.
pub(super) fn tfidf_vectorization(corpus: &Corpus) -> Result<TfidfIndexes, SearchError> {
    in_span(span::TFIDF_VECTORIZATION, |cx| {
        let indexes = build(corpus).inspect_err(|error| fail(cx, "index", error.to_string()))?;
        cx.span().set_attributes([
            KeyValue::new(
                attribute::TFIDF_VOCABULARY_SIZE,
                indexes.all.vocabulary_size()? as i64,
            ),
            KeyValue::new(attribute::TFIDF_DOCUMENTS, corpus.books.len() as i64),
        ]);
        Ok(indexes)
    })
}

fn build(corpus: &Corpus) -> Result<TfidfIndexes, SearchError> {
    let texts: Vec<&[u8]> = corpus.books.iter().map(|book| book.text.bytes()).collect();
    // One after the other: the index of passages takes as long as both, and an allocator that served two threads keeps
    // twice as much for later.
    let books = texts.iter().map(|text| occurrences(text)).collect();
    Ok(TfidfIndexes {
        all: TfidfIndex::build(Features::All, books)?,
        most_frequent: TfidfIndex::build(Features::MostFrequent, fit(&texts, FEATURES))?,
        version: version(corpus),
    })
}

/// Every term of the full vocabulary in `text`.
fn occurrences(text: &[u8]) -> Occurrences {
    let mut found = Occurrences::default();
    for_each_term(text, Features::All.splitting(), |at, term| {
        found.push(at, &[term]);
    });
    found
}

fn version(corpus: &Corpus) -> String {
    let mut hash = Sha256::new();
    hash.update(SCHEMA_VERSION.to_be_bytes());
    for book in &corpus.books {
        hash.update(book.entry.id);
        hash.update(&book.sha256);
    }
    hash.finalize()[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
