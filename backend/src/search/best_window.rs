//! The place in a book where most of the query stands together, and about forty words around it.
//!
//! The index knows the byte of every occurrence, so only the passage itself is ever looked at.

use std::ops::Range;

use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet};

use super::SearchError;
use super::cosine::CosineWeight;
use super::generate_snippet::{Snippet, is_space, word_from};
use super::index::TfidfIndex;
use super::terms::word_at;
use crate::corpus::Book;

/// The passage of `book`, which has the number `document` in `index`, that shows most of the query.
pub(super) fn best_passage(
    book: &Book,
    index: &TfidfIndex,
    weight: &CosineWeight,
    document: DocId,
) -> Result<Snippet, SearchError> {
    let matches = matches(index, weight, document)?;
    let passage = passage(book, best_window(&matches, weight));
    let inside = &matches[matches.partition_point(|one| one.at() < passage.start)..];
    let text = book.text.bytes();
    let splitting = index.features.splitting();
    let matched = inside.iter().map(|one| word_at(text, one.at(), splitting));
    Ok(Snippet::new(book, passage, matched))
}

/// An occurrence of a word of the query: its first byte, and in the lowest bits which word it is, by its number in the
/// query's vector. As one number, because thousands of them are put in order for a frequent word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Match(u64);

/// Bits for the number of a word: a query is too short for more words.
const WORD_BITS: u32 = 16;

impl Match {
    fn new(at: u32, word: usize) -> Self {
        Self((u64::from(at) << WORD_BITS) | word as u64)
    }

    fn at(self) -> usize {
        (self.0 >> WORD_BITS) as usize
    }

    fn word(self) -> usize {
        (self.0 & ((1 << WORD_BITS) - 1)) as usize
    }
}

/// Bytes within which matches belong together, about thirty words.
const WINDOW_BYTES: usize = 170;
/// Fewest and most words of a passage, unless the book is shorter or the window longer.
const FEWEST_WORDS: usize = 30;
const MOST_WORDS: usize = 45;
/// Most words in front of the first match.
const MOST_LEADING_WORDS: usize = 14;

/// The occurrences of the single words of the query in the document, in order. A pair occurs where its words do.
fn matches(
    index: &TfidfIndex,
    weight: &CosineWeight,
    document: DocId,
) -> Result<Vec<Match>, SearchError> {
    let reader = index.searcher.segment_reader(0);
    let terms = reader.inverted_index(index.field)?;
    let mut found = Vec::new();
    let mut positions = Vec::new();
    for (number, term) in weight.terms.iter().enumerate() {
        if term.text.contains(' ') {
            continue;
        }
        let option = IndexRecordOption::WithFreqsAndPositions;
        let mut postings = terms
            .read_postings_from_terminfo(&term.info, option)
            .map_err(tantivy::TantivyError::from)?;
        if postings.doc() > document || postings.seek(document) != document {
            continue;
        }
        postings.positions(&mut positions);
        found.extend(positions.iter().map(|&at| Match::new(at, number)));
    }
    // The stable sort, because it merges what is already in order: the matches of each word.
    found.sort();
    Ok(found)
}

/// The first of the windows with the most and rarest different words of the query, and then the most matches: the first
/// byte of its first and of its last match.
fn best_window(matches: &[Match], weight: &CosineWeight) -> Range<usize> {
    // Rarities in millionths add up and cancel out exactly.
    let rarities: Vec<u64> = weight
        .terms
        .iter()
        .map(|term| (term.idf * 1e6) as u64)
        .collect();
    let mut best = 0..0;
    let mut best_value = (0, 0);
    let mut inside = vec![0u32; rarities.len()];
    let mut rarity = 0;
    let mut first = 0;
    for (last, one) in matches.iter().enumerate() {
        if inside[one.word()] == 0 {
            rarity += rarities[one.word()];
        }
        inside[one.word()] += 1;
        while one.at() - matches[first].at() > WINDOW_BYTES {
            let left = matches[first].word();
            inside[left] -= 1;
            if inside[left] == 0 {
                rarity -= rarities[left];
            }
            first += 1;
        }
        let value = (rarity, last - first);
        if value > best_value {
            best_value = value;
            best = matches[first].at()..one.at();
        }
    }
    best
}

/// The bytes of the passage around `window`, from the start of a sentence where one is near, and not beyond a heading.
fn passage(book: &Book, window: Range<usize>) -> Range<usize> {
    let chapter = book
        .chapters
        .around(window.clone(), book.text.bytes().len());
    let text = &book.text.bytes()[..chapter.end];
    let before = |to: usize| word_before(text, to).filter(|word| word.start >= chapter.start);
    let from = text[..window.start]
        .iter()
        .rposition(|&byte| is_space(byte))
        .map_or(0, |at| at + 1);
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
    let start = text[..end]
        .iter()
        .rposition(|&byte| is_space(byte))
        .map_or(0, |at| at + 1);
    Some(start..end)
}

/// Whether a sentence or a paragraph ends with `word`; `next` is where the next word starts.
fn is_sentence_end(text: &[u8], word: &Range<usize>, next: usize) -> bool {
    let ends_paragraph = text[word.end..next]
        .iter()
        .filter(|&&byte| byte == b'\n')
        .count()
        > 1;
    let word = &text[word.clone()];
    let closing = word
        .iter()
        .rev()
        .take_while(|byte| b"\"')]_".contains(byte))
        .count();
    let bare = &word[..word.len() - closing];
    let is_title = ABBREVIATIONS.contains(&bare);
    ends_paragraph || (matches!(bare, [.., b'.' | b'!' | b'?']) && !is_title)
}

const ABBREVIATIONS: [&[u8]; 6] = [b"Mr.", b"Mrs.", b"Dr.", b"St.", b"Capt.", b"M."];
