//! Passages brought near the processor before they are read.
//!
//! Memory answers many questions at a time, if they are asked before the first answer is waited for; who reads passage by
//! passage waits for each. The passages of a search lie apart from each other, and other searches have used the caches since.

use std::hint::black_box;

use tantivy::DocId;

use super::model::Match;
use super::passage_index::PassageIndex;
use crate::corpus::Corpus;

/// Bytes that a processor gets from memory together, or fewer.
const CACHE_LINE_BYTES: usize = 64;

/// Brings the words of these passages near.
pub(super) fn prefetch_words(index: &PassageIndex, passages: impl Iterator<Item = DocId>) {
    prefetch(passages.map(|passage| index.stored_words(passage).as_flattened()));
}

/// Brings the texts of these passages near.
pub(super) fn prefetch_texts(index: &PassageIndex, corpus: &Corpus, passages: &[Match]) {
    prefetch(passages.iter().map(|one| {
        let text = corpus.books[one.book].text.bytes();
        &text[index.bytes_of(one.document)]
    }));
}

/// Reads as little of each part as brings all of it near.
fn prefetch<'b>(parts: impl Iterator<Item = &'b [u8]>) {
    let bytes = parts.flat_map(|part| part.iter().step_by(CACHE_LINE_BYTES));
    black_box(bytes.fold(0, |all, byte| all | byte));
}
