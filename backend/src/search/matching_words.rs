//! The words of a part of a book that a query looks for, to be marked where the book is read.

use std::collections::HashSet;
use std::ops::Range;

use super::query_syntax::QuerySyntax;
use super::similar_words::{MOST_REPLACED, similar_keys};
use super::stop_words::is_stop_word;
use super::words::for_each_word;
use super::{Features, Library, SearchError};

/// Half-open ranges of the words of `part`, in letters from its beginning, that `query` looks for in whatever form; `book`
/// is the place of the book in the corpus. Stop words count only where a query has nothing else.
///
/// # Errors
/// The index cannot be read.
pub fn matching_words(
    library: &Library,
    query: &str,
    book: usize,
    part: Range<usize>,
) -> Result<Vec<(usize, usize)>, SearchError> {
    let keys = keys(library, query)?;
    let spelling = &library.passages.spelling;
    let text = &library.corpus.books[book].text.bytes()[part];
    let characters = text.iter().map(|&byte| char::from(byte)).enumerate();
    let mut found = Vec::new();
    for_each_word(characters, text.len(), |range, word| {
        if keys.contains(&spelling.key(word)) {
            found.push((range.start, range.end));
        }
    });
    Ok(found)
}

/// The keys that the words of a query stand for.
fn keys(library: &Library, query: &str) -> Result<HashSet<String>, SearchError> {
    let passages = &library.passages;
    let syntax = QuerySyntax::read(query);
    let (mut telling, mut others, mut unknown) = (HashSet::new(), HashSet::new(), 0);
    let mut words = Vec::new();
    for_each_word(
        syntax.words.char_indices(),
        syntax.words.len(),
        |_, word| {
            words.push(word.to_owned());
        },
    );
    for word in words {
        let key = passages.spelling.key(&word);
        if passages.look_up(&key)?.is_none() && unknown < MOST_REPLACED {
            unknown += 1;
            let similar =
                similar_keys(library.indexes.of(Features::All), &passages.spelling, &word)?;
            telling.extend(similar.into_iter().map(|(key, _)| key));
        }
        // Stop words of at most two letters are on no list.
        match is_stop_word(&word) || word.len() < 3 {
            true => others.insert(key),
            false => telling.insert(key),
        };
    }
    Ok(if telling.is_empty() { others } else { telling })
}
