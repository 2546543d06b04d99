//! The place in a book where most of the query stands together, and about forty words around it.
//!
//! The index knows the byte of every occurrence, so only the passage itself is ever looked at.

use std::cell::RefCell;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use tantivy::postings::{Postings, SegmentPostings};
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet};

use super::SearchError;
use super::cosine::CosineWeight;
use super::generate_snippet::{Snippet, is_space, word_from};
use super::index::TfidfIndex;
use super::terms::{last_separator, word_at};
use super::window::{Marks, Word, best_window};
use crate::corpus::Book;

/// The passage of `book`, which has the number `document` in `index`, that shows most of the query.
pub(super) fn best_passage(
    book: &Book,
    index: &TfidfIndex,
    weight: &CosineWeight,
    document: DocId,
) -> Result<Snippet, SearchError> {
    // Kept by the thread: the places of frequent words fill pages, and new ones would have to come from the system.
    thread_local! {
        static KEPT: RefCell<(Vec<u32>, Marks)> = RefCell::default();
    }
    KEPT.with_borrow_mut(|(places, marks)| {
        places.clear();
        let words = read_places(index, weight, document, places)?;
        let mut words: Vec<Word<'_>> = words
            .into_iter()
            .map(|(rarity, range)| Word {
                places: &places[range],
                rarity,
            })
            .collect();
        let passage = passage(book, best_window(&mut words, marks));
        let mut inside: Vec<u32> = Vec::new();
        for word in &words {
            let from = word
                .places
                .partition_point(|&at| (at as usize) < passage.start);
            let behind = word.places[from..].iter();
            inside.extend(behind.take_while(|&&at| (at as usize) < passage.end));
        }
        inside.sort_unstable();
        let text = book.text.bytes();
        let splitting = index.features.splitting();
        let matched = inside
            .iter()
            .map(|&at| word_at(text, at as usize, splitting));
        Ok(Snippet::new(book, passage, inside.len(), matched))
    })
}

/// The posting lists of the single words of a query, which are opened for the first hit and kept for the others: to open
/// one costs more than to read most of what it says of a book. A pair stands where its words do.
#[derive(Default)]
pub(super) struct Lists(Mutex<Vec<List>>);

/// One of them.
struct List {
    /// Rarities in millionths add up and cancel out exactly.
    rarity: u64,
    /// At the first document, because hits are in order of their scores and a list can only be read forwards.
    opened: SegmentPostings,
    /// As far as it was read.
    read: SegmentPostings,
}

impl Lists {
    fn open(index: &TfidfIndex, weight: &CosineWeight) -> Result<Vec<List>, SearchError> {
        let reader = index.searcher.segment_reader(0);
        let terms = reader.inverted_index(index.field)?;
        let words = weight.terms.iter().filter(|term| !term.text.contains(' '));
        words
            .map(|term| {
                let option = IndexRecordOption::WithFreqsAndPositions;
                let opened = terms
                    .read_postings_from_terminfo(&term.info, option)
                    .map_err(tantivy::TantivyError::from)?;
                Ok(List {
                    rarity: (term.idf * 1e6) as u64,
                    read: opened.clone(),
                    opened,
                })
            })
            .collect()
    }
}

/// Appends to `places` where the words of the query stand in the document, and says how rare each word is and which part
/// is its own.
fn read_places(
    index: &TfidfIndex,
    weight: &CosineWeight,
    document: DocId,
    places: &mut Vec<u32>,
) -> Result<Vec<(u64, Range<usize>)>, SearchError> {
    let mut lists = weight
        .lists
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    if lists.is_empty() {
        *lists = Lists::open(index, weight)?;
    }
    let mut words = Vec::with_capacity(lists.len());
    for list in lists.iter_mut() {
        if list.read.doc() > document {
            list.read = list.opened.clone();
        }
        if list.read.doc() > document || list.read.seek(document) != document {
            continue;
        }
        let from = places.len();
        list.read.append_positions_with_offset(0, places);
        words.push((list.rarity, from..places.len()));
    }
    Ok(words)
}

/// Fewest and most words of a passage, unless the book is shorter or the window longer.
const FEWEST_WORDS: usize = 30;
const MOST_WORDS: usize = 45;
/// Most words in front of the first match.
const MOST_LEADING_WORDS: usize = 14;

/// The bytes of the passage around `window`, from the start of a sentence where one is near, and not beyond a heading.
fn passage(book: &Book, window: Range<usize>) -> Range<usize> {
    let chapter = book
        .chapters
        .around(window.clone(), book.text.bytes().len());
    let text = &book.text.bytes()[..chapter.end];
    let before = |to: usize| word_before(text, to).filter(|word| word.start >= chapter.start);
    let from = last_separator(&text[..window.start]).map_or(0, |at| at + 1);
    let (mut first, mut words) = (from, 0);
    let mut last = from..from;
    while let Some(word) = word_from(text, last.end).filter(|word| word.start <= window.end) {
        last = word;
        words += 1;
    }
    for _ in 0..MOST_LEADING_WORDS {
        match before(first) {
            Some(word) if words < MOST_WORDS && !is_sentence_end(text, &word, first) => {
                first = word.start;
                words += 1;
            }
            _ => break,
        }
    }
    while let Some(word) = word_from(text, last.end).filter(|_| words < MOST_WORDS) {
        let sentence_ends = words > 0 && is_sentence_end(text, &last, word.start);
        if sentence_ends && words >= FEWEST_WORDS {
            break;
        }
        last = word;
        words += 1;
    }
    // At the end of a chapter, what is missing is taken from before.
    while words < FEWEST_WORDS
        && let Some(word) = before(first)
    {
        first = word.start;
        words += 1;
    }
    first..last.end
}

/// The last word before `to`.
fn word_before(text: &[u8], to: usize) -> Option<Range<usize>> {
    let end = text[..to].iter().rposition(|&byte| !is_space(byte))? + 1;
    let start = last_separator(&text[..end]).map_or(0, |at| at + 1);
    Some(start..end)
}

/// Whether a sentence or a paragraph ends with `word`; `next` is where the next word starts.
fn is_sentence_end(text: &[u8], word: &Range<usize>, next: usize) -> bool {
    let between = &text[word.end..next];
    // Most words have a single blank behind them.
    let ends_paragraph =
        between.len() > 1 && between.iter().filter(|&&byte| byte == b'\n').count() > 1;
    let word = &text[word.clone()];
    let closing = word
        .iter()
        .rev()
        .take_while(|byte| b"\"')]_".contains(byte))
        .count();
    let bare = &word[..word.len() - closing];
    let ends_with_mark = matches!(bare, [.., b'.' | b'!' | b'?']);
    ends_paragraph || (ends_with_mark && !ABBREVIATIONS.contains(&bare))
}

const ABBREVIATIONS: [&[u8]; 6] = [b"Mr.", b"Mrs.", b"Dr.", b"St.", b"Capt.", b"M."];
