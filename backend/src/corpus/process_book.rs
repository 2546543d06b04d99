//! One book from its source to what is served: found, checked, its words counted, its headings found.

use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};
use shared::semconv::{attribute, span};
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
    directory: Option<&Path>,
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

fn open(entry: &'static Entry, directory: &Path) -> Result<Book, BookError> {
    let path = directory.join(entry.id);
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => BookError::Missing,
        _ => BookError::Unreadable(error),
    };
    let of_size = |found| match found == entry.bytes {
        true => Ok(()),
        false => Err(BookError::Size {
            found,
            expected: entry.bytes,
        }),
    };
    // Asked first, because opening a pipe would wait for somebody to write into it.
    let metadata = fs::metadata(&path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(BookError::Unreadable(io::Error::other("it is not a file")));
    }
    of_size(metadata.len())?;
    let text = Text::read(&path, entry.bytes).map_err(unreadable)?;
    of_size(text.bytes().len() as u64)?;
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
    Book {
        entry,
        sha256: hex(&Sha256::digest(bytes)),
        word_count: count_words(bytes),
        chapters: Chapters::find(bytes),
        text,
    }
}

/// Words separated by white space, by the places where one begins.
fn count_words(text: &[u8]) -> usize {
    let Some((first, behind)) = text.split_first() else {
        return 0;
    };
    let begins = |(before, byte): (&u8, &u8)| {
        u8::from(before.is_ascii_whitespace() & !byte.is_ascii_whitespace())
    };
    // Counted in bytes, so that the compiler counts many at a time.
    let parts = text.chunks(255).zip(behind.chunks(255));
    let words = parts.map(|(before, part)| before.iter().zip(part).map(begins).sum::<u8>());
    usize::from(!first.is_ascii_whitespace()) + words.map(usize::from).sum::<usize>()
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn words_are_what_white_space_parts(text in "[ab \n\t\r]{0,1200}") {
            proptest::prop_assert_eq!(count_words(text.as_bytes()), text.split_whitespace().count());
        }
    }
}
