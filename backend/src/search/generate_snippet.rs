//! The passage to show for one hit, on one line and with the words of the query in it.

use std::ops::Range;

use shared::Location;
use shared::semconv::{attribute, span};
use tantivy::DocId;
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::SearchError;
use super::model::Model;
use super::terms::{first_separator, is_separator};
use crate::corpus::Book;

/// A passage of a book.
#[derive(Debug)]
pub(super) struct Snippet {
    /// Its text on one line, with single blanks between words.
    pub(super) text: String,
    /// Half-open ranges of matched words, in Unicode scalar values of the text.
    pub(super) highlights: Vec<(usize, usize)>,
    /// Where it stands.
    pub(super) location: Location,
}

/// Finds the passage of `book` that `model` shows for the match `document`.
pub(super) fn generate_snippet<M: Model>(
    book: &Book,
    model: &M,
    vector: &M::Vector,
    document: DocId,
) -> Result<Snippet, SearchError> {
    in_span(span::GENERATE_SNIPPET, |cx| {
        let snippet = model.show(book, vector, document)?;
        cx.span().set_attributes([
            KeyValue::new(attribute::BOOK_ID, book.entry.id),
            KeyValue::new(
                attribute::SNIPPET_HIGHLIGHTS,
                snippet.highlights.len() as i64,
            ),
        ]);
        Ok(snippet)
    })
}

impl Snippet {
    /// Writes a `part` of `book` on one line and highlights what is `matched` in it, which is in order.
    pub(super) fn new(
        book: &Book,
        part: Range<usize>,
        matched: impl Iterator<Item = Range<usize>>,
    ) -> Self {
        let bytes = &book.text.bytes()[..part.end];
        // Nearly all parts are ASCII, which is found out once and not word by word.
        let ascii = str::from_utf8(&bytes[part.clone()]).ok();
        let ascii = ascii.filter(|part| part.is_ascii());
        let mut inside = matched.skip_while(|one| one.start < part.start).peekable();
        let first_match = inside.peek().map(|one| one.start);
        let mut text = String::with_capacity(part.len());
        let mut highlights = Vec::new();
        // One byte of the book is one letter of the snippet; only white space is shorter.
        let mut length = 0;
        let mut next = part.start;
        while let Some(word) = word_from(bytes, next) {
            next = word.end;
            if length > 0 {
                text.push(' ');
                length += 1;
            }
            while let Some(one) = inside.next_if(|one| one.start < word.end) {
                highlights.push((
                    length + one.start - word.start,
                    length + one.end - word.start,
                ));
            }
            length += word.len();
            match ascii {
                Some(ascii) => {
                    text.push_str(&ascii[word.start - part.start..word.end - part.start])
                }
                None => text.push_str(&book.text.decode(word)),
            }
        }
        let chapter = book.chapters.at(first_match.unwrap_or(part.start));
        Self {
            text,
            highlights,
            location: Location {
                chapter: chapter.map(str::to_owned),
                line: None,
                from: part.start,
                to: part.end,
            },
        }
    }
}

/// The first word at or after `from`.
pub(super) fn word_from(text: &[u8], from: usize) -> Option<Range<usize>> {
    let start = from + text[from..].iter().position(|&byte| !is_space(byte))?;
    let length = first_separator(&text[start..]).unwrap_or(text.len() - start);
    Some(start..start + length)
}

/// White space and what counts as such.
pub(super) fn is_space(byte: u8) -> bool {
    is_separator(char::from(byte))
}
