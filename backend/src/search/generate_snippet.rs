//! The passage to show for one hit, on one line and with the words of the query in it.

use std::ops::Range;

use shared::Location;
use shared::semconv::{attribute, span};
use tantivy::DocId;
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::SearchError;
use super::model::Model;
use super::terms::is_separator;
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
    /// Writes `words` of `book` on one line and highlights what is `matched`; both are in order.
    pub(super) fn new(
        book: &Book,
        words: impl Iterator<Item = Range<usize>>,
        matched: impl Iterator<Item = Range<usize>>,
    ) -> Self {
        let bytes = book.text.bytes();
        let mut inside = matched.peekable();
        let (mut from, mut to, mut first_match) = (None, 0, None);
        let mut text = String::new();
        let mut highlights = Vec::new();
        // One byte of the book is one letter of the snippet; only white space is shorter.
        let mut length = 0;
        for word in words {
            if from.is_some() {
                text.push(' ');
                length += 1;
            }
            from.get_or_insert(word.start);
            to = word.end;
            while let Some(one) = inside.next_if(|one| one.start < word.end) {
                if one.start < word.start {
                    continue;
                }
                first_match.get_or_insert(one.start);
                highlights.push((
                    length + one.start - word.start,
                    length + one.end - word.start,
                ));
            }
            length += word.len();
            match std::str::from_utf8(&bytes[word.clone()]) {
                Ok(ascii) if ascii.is_ascii() => text.push_str(ascii),
                _ => text.push_str(&book.text.decode(word)),
            }
        }
        let from = from.unwrap_or(0);
        let chapter = book.chapters.at(first_match.unwrap_or(from));
        Self {
            text,
            highlights,
            location: Location {
                chapter: chapter.map(str::to_owned),
                line: None,
                from,
                to,
            },
        }
    }
}

/// The words of a part of a text, from white space to white space.
pub(super) fn words_in(text: &[u8], part: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let text = &text[..part.end];
    let mut next = part.start;
    std::iter::from_fn(move || {
        let word = word_from(text, next)?;
        next = word.end;
        Some(word)
    })
}

/// The first word at or after `from`.
pub(super) fn word_from(text: &[u8], from: usize) -> Option<Range<usize>> {
    let start = from + text[from..].iter().position(|&byte| !is_space(byte))?;
    let length = text[start..]
        .iter()
        .position(|&byte| is_space(byte))
        .unwrap_or(text.len() - start);
    Some(start..start + length)
}

/// White space and what counts as such.
pub(super) fn is_space(byte: u8) -> bool {
    is_separator(char::from(byte))
}
