//! The passage to show for one hit, on one line and with the words of the query in it.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::LazyLock;

use shared::Location;
use shared::semconv::{attribute, span};
use tantivy::DocId;
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::SearchError;
use super::byte_set::ByteSet;
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
    /// Writes a `part` of `book` on one line and highlights what is `matched` in it, which is in order, and at `most` so
    /// many words.
    pub(super) fn new(
        book: &Book,
        part: Range<usize>,
        most: usize,
        matched: impl Iterator<Item = Range<usize>>,
    ) -> Self {
        // Kept by the thread, because to allocate takes as long as to look at a passage.
        thread_local! {
            static LEFT_OUT: RefCell<ByteSet> = const { RefCell::new(ByteSet::new()) };
        }
        let bytes = &book.text.bytes()[part.clone()];
        let mut highlights = Vec::with_capacity(most);
        let mut first_match = None;
        let inside = matched
            .skip_while(|one| one.start < part.start)
            .take_while(|one| one.start < part.end);
        let text = LEFT_OUT.with_borrow_mut(|left_out| {
            let line = Line::new(bytes, left_out);
            for one in inside {
                first_match.get_or_insert(one.start);
                let (from, to) = (one.start - part.start, one.end - part.start);
                // No white space is inside of a word.
                let place = line.place(from);
                highlights.push((place, place + to.min(bytes.len()) - from));
            }
            line.text()
        });
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

/// A text in ISO-8859-1 as one line: every run of white space is one blank, and none is at either end.
struct Line<'t> {
    text: &'t [u8],
    /// White space behind white space, or in front of everything.
    left_out: &'t ByteSet,
}

impl<'t> Line<'t> {
    /// What `left_out` holds before is forgotten.
    fn new(text: &'t [u8], left_out: &'t mut ByteSet) -> Self {
        left_out.become_class(text, is_ascii_space, is_separator);
        left_out.keep_behind_another(true);
        Self { text, left_out }
    }

    /// Where in the line the byte `at` of the text stands, in letters.
    fn place(&self, at: usize) -> usize {
        at - self.left_out.count_before(at)
    }

    fn text(&self) -> String {
        let mut line = Vec::with_capacity(self.text.len());
        let mut end = 0;
        while let Some(left_out) = self.left_out.next_run(end) {
            line.extend_from_slice(&self.text[end..left_out.start]);
            end = left_out.end;
        }
        line.extend_from_slice(&self.text[end..]);
        if line.last().is_some_and(|&byte| is_space(byte)) {
            line.pop();
        }
        let is_ascii = line.is_ascii();
        for byte in &mut line {
            // As comparisons, because processors do these for many bytes at once.
            let is_space = match is_ascii {
                true => is_ascii_space(*byte),
                false => is_space(*byte),
            };
            *byte = if is_space { b' ' } else { *byte };
        }
        match is_ascii {
            true => String::from_utf8(line).unwrap_or_default(),
            false => line.into_iter().map(char::from).collect(),
        }
    }
}

/// What [`is_space`] says of ASCII, in comparisons.
fn is_ascii_space(byte: u8) -> bool {
    (byte <= b' ') | (byte == 0x7f)
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
