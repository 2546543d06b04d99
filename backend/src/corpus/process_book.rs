//! One book from its source to what is served: found, checked, its words counted, its headings found.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, fail, in_span};

use super::manifest::Entry;
use super::{Chapters, sample};

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

/// Where the text of a book comes from.
pub(super) enum Origin<'b> {
    /// It is built into the program.
    BuiltIn,
    /// A file of this folder, and memory for it.
    File(&'b Path, &'b mut [u8]),
}

/// What a text tells about itself.
pub(super) struct Described {
    /// SHA-256, in hexadecimal digits.
    pub(super) sha256: String,
    pub(super) word_count: usize,
    pub(super) chapters: Chapters,
}

/// Reads, checks and describes the book `entry`.
///
/// # Errors
/// See [`BookError`]; the span says the same.
pub(super) fn process_book(
    entry: &'static Entry,
    origin: Origin<'_>,
) -> Result<Described, BookError> {
    in_span(span::PROCESS_BOOK, |cx| {
        cx.span()
            .set_attribute(KeyValue::new(attribute::BOOK_ID, entry.id));
        let book = match origin {
            Origin::File(directory, text) => open(entry, directory, text),
            Origin::BuiltIn => sample::sample(entry.id)
                .map(|text| (describe(text), text.len()))
                .ok_or(BookError::Missing),
        };
        match book {
            Ok((described, bytes)) => {
                cx.span()
                    .set_attribute(KeyValue::new(attribute::BOOK_BYTES, bytes as i64));
                Ok(described)
            }
            Err(error) => {
                fail(cx, error.error_type(), error.to_string());
                Err(error)
            }
        }
    })
}

/// Fills `text`, which is as long as the book.
fn open(
    entry: &'static Entry,
    directory: &Path,
    text: &mut [u8],
) -> Result<(Described, usize), BookError> {
    let path = directory.join(entry.id);
    let unreadable = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => BookError::Missing,
        _ => BookError::Unreadable(error),
    };
    // Asked first, because opening a pipe would wait for somebody to write into it.
    let metadata = fs::metadata(&path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(BookError::Unreadable(io::Error::other("it is not a file")));
    }
    if metadata.len() != entry.bytes {
        return Err(BookError::Size {
            found: metadata.len(),
            expected: entry.bytes,
        });
    }
    let read = File::open(&path).and_then(|mut file| file.read_exact(text));
    read.map_err(unreadable)?;
    let described = describe(text);
    match described.sha256 == entry.sha256 {
        true => Ok((described, text.len())),
        false => Err(BookError::Damaged {
            found: described.sha256,
            expected: entry.sha256,
        }),
    }
}

fn describe(text: &[u8]) -> Described {
    Described {
        sha256: hex(&Sha256::digest(text)),
        word_count: count_words(text),
        chapters: Chapters::find(text),
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
