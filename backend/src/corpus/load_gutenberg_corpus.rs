//! All books from one source, several at a time.

use std::cmp::Reverse;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, mpsc};
use std::thread;

use shared::semconv::{attribute, span};
use telemetry::{Context, KeyValue, TraceContextExt, fail, in_span};

use super::process_book::{BookError, Described, Origin, process_book};
use super::sample::sample;
use super::{Book, Corpus, MANIFEST, Skipped, Source, Text};
use crate::large_memory::LargeMemory;
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
    /// There is no memory for the books.
    #[error("there is no memory for the books: {0}")]
    Memory(io::Error),
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
    let results = process_all(&source, progress).map_err(CorpusError::Memory)?;
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
fn process_all(source: &Source, progress: &Progress) -> io::Result<Vec<Result<Book, BookError>>> {
    let Some(directory) = source.directory() else {
        let all = process_each(MANIFEST.each_ref().map(|_| Origin::BuiltIn), progress);
        let texts = MANIFEST
            .iter()
            .map(|entry| Text::built_in(sample(entry.id).unwrap_or_default()));
        return Ok(books(all, texts));
    };
    let lengths = || MANIFEST.iter().map(|entry| entry.bytes as usize);
    let mut memory = LargeMemory::new(lengths().sum())?;
    let parts = memory.parts(lengths()).into_iter();
    let all = process_each(parts.map(|part| Origin::File(directory, part)), progress);
    let texts = memory.freeze(lengths())?.into_iter().map(Text::read);
    Ok(books(all, texts))
}

/// What is known about the books, with their texts.
fn books(
    all: Vec<Result<Described, BookError>>,
    texts: impl Iterator<Item = Text>,
) -> Vec<Result<Book, BookError>> {
    let book = |((entry, text), described): (_, Result<Described, _>)| {
        described.map(|described| Book {
            entry,
            text,
            sha256: described.sha256,
            word_count: described.word_count,
            chapters: described.chapters,
        })
    };
    MANIFEST.iter().zip(texts).zip(all).map(book).collect()
}

/// Processes the books of the manifest, whose origins come in its order.
fn process_each<'b>(
    origins: impl IntoIterator<Item = Origin<'b>>,
    progress: &Progress,
) -> Vec<Result<Described, BookError>> {
    let mut books: Vec<_> = MANIFEST.iter().zip(origins).enumerate().collect();
    // The longest books go first: one of them is a third of everything and would otherwise finish alone.
    books.sort_by_key(|(_, (entry, _))| Reverse(entry.bytes));
    let books = Mutex::new(books.into_iter());
    let next = || {
        books
            .lock()
            .expect("nobody panics while taking a book")
            .next()
    };

    let (done, results) = mpsc::channel();
    let parent = Context::current();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            let (done, parent, next) = (done.clone(), parent.clone(), &next);
            scope.spawn(move || {
                let _current = parent.attach();
                while let Some((index, (entry, origin))) = next() {
                    let result = process_book(entry, origin);
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
