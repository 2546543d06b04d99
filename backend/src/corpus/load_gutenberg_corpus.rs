//! All books from one source, several at a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use shared::semconv::{attribute, span};
use telemetry::{Context, KeyValue, TraceContextExt, fail, in_span};

use super::process_book::{BookError, process_book};
use super::{Book, Corpus, MANIFEST, Skipped, Source};
use crate::progress::{Phase, Progress};

/// Why no book can be served.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// The directory is missing, is no directory, or cannot be read.
    #[error("the corpus directory {} cannot be opened: {reason}", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Not one book is left.
    #[error("none of the {} books is usable; {first}: {reason}", MANIFEST.len())]
    NoBook {
        /// The first of them.
        first: &'static str,
        /// Why that one is not usable.
        reason: BookError,
    },
}

/// Loads all books of `source`, on as many threads as there are processors, and tells `progress` of each.
///
/// # Errors
/// The source cannot be opened, or not one of its books is usable.
pub fn load_gutenberg_corpus(source: Source, progress: &Progress) -> Result<Corpus, CorpusError> {
    in_span(span::LOAD_GUTENBERG_CORPUS, |cx| {
        cx.span()
            .set_attribute(KeyValue::new(attribute::CORPUS_SOURCE, source.as_str()));
        progress.begin(Phase::ReadingBooks, MANIFEST.len() as u64);
        let corpus =
            load(source, progress).inspect_err(|error| fail(cx, "corpus", error.to_string()))?;
        cx.span().set_attributes([
            KeyValue::new(attribute::CORPUS_BOOKS, corpus.books.len() as i64),
            KeyValue::new(attribute::CORPUS_BOOKS_SKIPPED, corpus.skipped.len() as i64),
        ]);
        Ok(corpus)
    })
}

fn load(source: Source, progress: &Progress) -> Result<Corpus, CorpusError> {
    if let Some(path) = source.directory() {
        fs::read_dir(path).map_err(|error| CorpusError::Directory {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
    }
    let results = process_all(source.directory(), progress);
    let mut corpus = Corpus {
        source,
        books: Vec::new(),
        skipped: Vec::new(),
    };
    for (entry, result) in MANIFEST.iter().zip(results) {
        match result {
            Ok(book) => corpus.books.push(book),
            Err(error) => {
                tracing::warn!(book = entry.id, error = %error, "a book is left out");
                corpus.skipped.push(Skipped {
                    id: entry.id,
                    error,
                });
            }
        }
    }
    if corpus.books.is_empty() {
        let first = corpus.skipped.swap_remove(0);
        return Err(CorpusError::NoBook {
            first: first.id,
            reason: first.error,
        });
    }
    Ok(corpus)
}

/// Every book of the manifest, in its order.
fn process_all(directory: Option<&Path>, progress: &Progress) -> Vec<Result<Book, BookError>> {
    // The longest books go first: one of them is a third of everything and would otherwise finish alone.
    let mut order: Vec<usize> = (0..MANIFEST.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(MANIFEST[index].bytes));

    let next = AtomicUsize::new(0);
    let (done, results) = mpsc::channel();
    let parent = Context::current();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            let (order, next, done, parent) = (&order, &next, done.clone(), parent.clone());
            scope.spawn(move || {
                let _current = parent.attach();
                while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let result = process_book(&MANIFEST[index], directory);
                    progress.advance(1);
                    done.send((index, result))
                        .expect("the receiver outlives the scope");
                }
            });
        }
    });
    drop(done);
    let mut results: Vec<_> = results.into_iter().collect();
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
