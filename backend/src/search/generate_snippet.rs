//! The passage to show for one hit, on one line and with the words of the query in it.

use std::ops::Range;
use std::sync::LazyLock;

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
        let bytes = &book.text.bytes()[part.clone()];
        let mut highlights = Vec::new();
        let mut first_match = None;
        let inside = matched
            .skip_while(|one| one.start < part.start)
            .take_while(|one| one.start < part.end);
        let inside = inside.map(|one| {
            first_match.get_or_insert(one.start);
            (one.start - part.start, one.end - part.start)
        });
        let text = match only_breaks(bytes) {
            true => {
                highlights.extend(inside);
                unbroken(bytes)
            }
            false => {
                let mut line = Line::new(bytes);
                highlights.extend(inside.map(|(from, to)| (line.copy_to(from), line.copy_to(to))));
                line.finish()
            }
        };
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

/// Whether a text is ASCII and one line but for its line ends: no white space at either end, nor next to white space.
fn only_breaks(text: &[u8]) -> bool {
    let is_space = |byte: u8| byte <= b' ';
    let ends = [text.first(), text.last()];
    // Without a branch, so that many bytes are looked at together.
    let behind = text.iter().skip(1);
    let is_broken = text.iter().zip(behind).fold(false, |any, (&byte, &next)| {
        any | (byte >= 0x7f) | (is_space(byte) & is_space(next))
    });
    !is_broken
        && ends
            .into_iter()
            .all(|end| end.is_some_and(|&end| b' ' < end && end < 0x7f))
}

/// The same with blanks for line ends.
fn unbroken(text: &[u8]) -> String {
    let bytes = text.iter().map(|&byte| byte.max(b' ')).collect();
    String::from_utf8(bytes).unwrap_or_default()
}

/// A text in ISO-8859-1 that becomes one line: every run of white space one blank, none at either end.
struct Line<'t> {
    text: &'t [u8],
    /// Up to where the text was copied.
    read: usize,
    /// The line, in the same encoding, so that a place in it counts letters.
    line: Vec<u8>,
    /// Bytes of the line.
    length: usize,
    behind_space: bool,
}

impl<'t> Line<'t> {
    fn new(text: &'t [u8]) -> Self {
        Self {
            text,
            read: 0,
            line: vec![0; text.len()],
            length: 0,
            behind_space: true,
        }
    }

    /// Copies what stands before the byte `to`, and says where in the line that ends.
    fn copy_to(&mut self, to: usize) -> usize {
        let to = to.min(self.text.len());
        let is_space: &[bool; 256] = &IS_SPACE;
        for &byte in &self.text[self.read.min(to)..to] {
            let is_space = is_space[usize::from(byte)];
            // Written in any case and counted if it stays: a branch would be mistaken at every second word.
            self.line[self.length] = if is_space { b' ' } else { byte };
            self.length += usize::from(!(is_space && self.behind_space));
            self.behind_space = is_space;
        }
        self.read = self.read.max(to);
        self.length
    }

    fn finish(mut self) -> String {
        self.copy_to(self.text.len());
        self.line.truncate(self.length);
        if self.line.last() == Some(&b' ') {
            self.line.pop();
        }
        match self.line.is_ascii() {
            true => String::from_utf8(self.line).unwrap_or_default(),
            false => self.line.into_iter().map(char::from).collect(),
        }
    }
}

/// White space and what counts as such.
static IS_SPACE: LazyLock<[bool; 256]> =
    LazyLock::new(|| std::array::from_fn(|byte| is_separator(char::from(byte as u8))));

/// The first word at or after `from`.
pub(super) fn word_from(text: &[u8], from: usize) -> Option<Range<usize>> {
    let start = from + text[from..].iter().position(|&byte| !is_space(byte))?;
    let length = first_separator(&text[start..]).unwrap_or(text.len() - start);
    Some(start..start + length)
}

/// Whether the byte is white space or counts as such.
pub(super) fn is_space(byte: u8) -> bool {
    IS_SPACE[usize::from(byte)]
}
