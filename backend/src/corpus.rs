//! The books: which there are, where their texts come from, and what is known about each of them.
//!
//! A corpus is loaded once at start-up and never changes. Sources are tried in this order: the directory that was asked
//! for, the cache of an earlier download, the sample that is built into the program. A book that is missing or damaged is
//! left out and named; the others are served.

mod chapters;
pub mod fetch;
mod file_stamps;
mod load_gutenberg_corpus;
mod manifest;
mod process_book;
mod sample;
mod source;
mod text;

pub use chapters::Chapters;
pub use file_stamps::FileStamps;
pub use load_gutenberg_corpus::{CorpusError, load_gutenberg_corpus};
pub use manifest::{Entry, MANIFEST};
pub use process_book::BookError;
pub(crate) use source::cache;
pub use source::{Source, cache_directory};
pub use text::Text;

/// All books that are served.
#[derive(Debug)]
pub struct Corpus {
    /// Where the texts came from.
    pub source: Source,
    /// Books in the order of their ids.
    pub books: Vec<Book>,
    /// Books that are left out, and why.
    pub skipped: Vec<Skipped>,
}

/// One book with its text.
#[derive(Debug)]
pub struct Book {
    /// What is known about it beforehand.
    pub entry: &'static Entry,
    /// The whole text.
    pub text: Text,
    /// SHA-256 of the text, in hexadecimal digits.
    pub sha256: String,
    /// Words separated by white space.
    pub word_count: usize,
    /// Headings and where they stand.
    pub chapters: Chapters,
}

/// A book that is left out.
#[derive(Debug)]
pub struct Skipped {
    /// Id of the book.
    pub id: &'static str,
    /// Why.
    pub error: BookError,
}
