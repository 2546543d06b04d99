//! One book from its source to what is served: found, checked, its words counted, its headings found.

use std::io;

use sha2::{Digest, Sha256};
use shared::semconv::{attribute, span};
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::OpenReadError;
use telemetry::{KeyValue, TraceContextExt, fail, in_span};

use super::manifest::Entry;
use super::text::Text;
use super::{Book, Chapters, sample};

/// Why a book cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// There is no such file.
    #[error("the file is missing")]
    Missing,
    /// The file is there and cannot be read.
    #[error("the file cannot be read: {0}")]
    Unreadable(io::Error),
    /// The file is shorter or longer than the book.
    #[error("the file has {found} bytes, the book has {expected}")]
    Size {
        /// Length of the file.
        found: u64,
        /// Length of the book.
        expected: u64,
    },
    /// The file is as long as the book and differs from it.
    #[error("the text is damaged: its SHA-256 is {found}, not {expected}")]
    Damaged {
        /// SHA-256 of the file, in hexadecimal digits.
        found: String,
        /// SHA-256 of the book, in hexadecimal digits.
        expected: &'static str,
    },
}

impl BookError {
    /// Name of low cardinality for `error.type`.
    fn error_type(&self) -> &'static str {
        match self {
            BookError::Missing => "book_missing",
            BookError::Unreadable(_) => "book_unreadable",
            BookError::Size { .. } => "book_size",
            BookError::Damaged { .. } => "book_damaged",
        }
    }
}

/// Opens and checks the book `entry` from `directory`, or from the sample where there is none.
///
/// # Errors
/// See [`BookError`]; the span says the same.
pub(super) fn process_book(
    entry: &'static Entry,
    directory: Option<&MmapDirectory>,
) -> Result<Book, BookError> {
    in_span(span::PROCESS_BOOK, |cx| {
        cx.span()
            .set_attribute(KeyValue::new(attribute::BOOK_ID, entry.id));
        let book = match directory {
            Some(directory) => open(entry, directory),
            None => sample::sample(entry.id)
                .map(|text| describe(entry, Text::built_in(text)))
                .ok_or(BookError::Missing),
        };
        match &book {
            Ok(book) => {
                let bytes = book.text.bytes().len() as i64;
                cx.span()
                    .set_attribute(KeyValue::new(attribute::BOOK_BYTES, bytes));
            }
            Err(error) => fail(cx, error.error_type(), error.to_string()),
        }
        book
    })
}

fn open(entry: &'static Entry, directory: &MmapDirectory) -> Result<Book, BookError> {
    let text = Text::map(directory, entry.id).map_err(|error| match error {
        OpenReadError::FileDoesNotExist(_) => BookError::Missing,
        OpenReadError::IoError { io_error, .. } => {
            BookError::Unreadable(io::Error::new(io_error.kind(), io_error))
        }
        other => BookError::Unreadable(io::Error::other(other)),
    })?;
    let found = text.bytes().len() as u64;
    if found != entry.bytes {
        return Err(BookError::Size {
            found,
            expected: entry.bytes,
        });
    }
    let book = describe(entry, text);
    if book.sha256 != entry.sha256 {
        return Err(BookError::Damaged {
            found: book.sha256,
            expected: entry.sha256,
        });
    }
    Ok(book)
}

fn describe(entry: &'static Entry, text: Text) -> Book {
    let bytes = text.bytes();
    let is_space = |byte: &u8| byte.is_ascii_whitespace();
    Book {
        entry,
        sha256: hex(&Sha256::digest(bytes)),
        word_count: bytes
            .split(is_space)
            .filter(|word| !word.is_empty())
            .count(),
        chapters: Chapters::find(bytes),
        text,
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
