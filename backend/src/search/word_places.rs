//! Where single words stand in a text, by their numbers.
//!
//! A passage of sixty words is shown with a few of them marked. So the text is not split: its letters become a bit each, and
//! whole words are passed over by counting where such bits begin.

use std::ops::Range;

use super::byte_set::ByteSet;
use super::words::for_each_word;

/// The places of the words with these `numbers`, which are in order, of a text in ISO-8859-1. Words are numbered from 0 as
/// [`for_each_word`] visits them; numbers behind the last word are left out.
pub(super) fn word_places(text: &[u8], numbers: &[u32]) -> Vec<Range<usize>> {
    let is_ascii_letter =
        |byte: u8| ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b'0') < 10);
    let mut letters = ByteSet::of_class(text, is_ascii_letter, char::is_alphanumeric);
    match join(&mut letters, text) {
        // Only what apostrophes join is one word or several.
        true => among_parts(text, &letters, numbers),
        false => letters.runs(numbers),
    }
}

/// Counts single apostrophes between letters as letters, and says whether there are any.
fn join(letters: &mut ByteSet, text: &[u8]) -> bool {
    if !text.contains(&b'\'') {
        return false;
    }
    let mut any = false;
    for (at, _) in text.iter().enumerate().filter(|(_, byte)| **byte == b'\'') {
        if at > 0 && letters.contains(at - 1) && letters.contains(at + 1) {
            letters.insert(at);
            any = true;
        }
    }
    any
}

/// The places of the words with these numbers, some of which are parts of what apostrophes join.
fn among_parts(text: &[u8], letters: &ByteSet, numbers: &[u32]) -> Vec<Range<usize>> {
    let mut places = Vec::with_capacity(numbers.len());
    let mut wanted = numbers.iter().copied().peekable();
    let (mut number, mut end) = (0, 0);
    while let Some(part) = letters.next_run(end).filter(|_| wanted.peek().is_some()) {
        end = part.end;
        let mut visit = |place| {
            places.extend(wanted.next_if_eq(&number).map(|_| place));
            number += 1;
        };
        if !text[part.clone()].contains(&b'\'') {
            visit(part);
            continue;
        }
        let characters = text[part.clone()].iter().map(|&byte| char::from(byte));
        for_each_word(characters.enumerate(), part.len(), |range, _| {
            visit(part.start + range.start..part.start + range.end);
        });
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn places_are_those_of_the_words(
            text in "([a-eA-D]{1,3}|[a-z]{70}|'|'s|'d|n't|'ll| |,|\u{e6}|\u{b2}|1){0,60}",
            numbers in proptest::collection::btree_set(0..70_u32, 0..30),
        ) {
            let bytes: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
            let mut words = Vec::new();
            let characters = bytes.iter().map(|&byte| char::from(byte)).enumerate();
            for_each_word(characters, bytes.len(), |range, _| words.push(range));
            let wanted = numbers.iter().filter_map(|&number| words.get(number as usize).cloned());
            let wanted: Vec<Range<usize>> = wanted.collect();
            let numbers: Vec<u32> = numbers.into_iter().collect();
            proptest::prop_assert_eq!(wanted, word_places(&bytes, &numbers));
        }
    }
}
