//! From the corpus to the index of whole books that `tfidf` searches.

use std::sync::Arc;

use shared::semconv::{attribute, span};
use tantivy::directory::RamDirectory;
use telemetry::{KeyValue, TraceContextExt, fail, in_span};

use super::SearchError;
use super::features::{FEATURES, Features, fit};
use super::index::Books;
use super::occurrences::Occurrences;
use super::terms::for_each_term;
use crate::corpus::{Corpus, Text};
use crate::progress::Progress;

/// Indexes the books of `corpus`; the index comes with the files it was opened from.
///
/// # Errors
/// tantivy cannot build the index.
pub(super) fn tfidf_vectorization(
    corpus: &Corpus,
    progress: &Progress,
) -> Result<(Books, RamDirectory), SearchError> {
    in_span(span::TFIDF_VECTORIZATION, |cx| {
        let built = build(corpus, progress);
        let (books, files) = built.inspect_err(|error| fail(cx, "index", error.to_string()))?;
        cx.span().set_attributes([
            KeyValue::new(
                attribute::TFIDF_VOCABULARY_SIZE,
                books.vocabulary_size()? as i64,
            ),
            KeyValue::new(attribute::TFIDF_DOCUMENTS, corpus.books.len() as i64),
        ]);
        Ok((books, files))
    })
}

fn build(corpus: &Corpus, progress: &Progress) -> Result<(Books, RamDirectory), SearchError> {
    let texts: Vec<Text> = corpus.books.iter().map(|book| book.text.clone()).collect();
    let bytes: Vec<&[u8]> = texts.iter().map(Text::bytes).collect();
    let most_frequent = fit(&bytes, FEATURES).into_iter().map(Arc::new);
    let most_frequent: Vec<Arc<Occurrences>> = most_frequent.collect();
    let of_all = texts.clone();
    let files = Books::write(
        texts.len(),
        [
            Arc::new(move |book| Arc::new(occurrences(of_all[book].bytes()))),
            Arc::new(move |book| Arc::clone(&most_frequent[book])),
        ],
        |book| progress.advance(texts[book].bytes().len() as u64),
    )?;
    Ok((Books::open(files.clone(), texts.len())?, files))
}

/// Every term of the full vocabulary in `text`.
fn occurrences(text: &[u8]) -> Occurrences {
    let mut found = Occurrences::default();
    for_each_term(text, Features::All.splitting(), |at, term| {
        found.push(at, &[term]);
    });
    found
}
