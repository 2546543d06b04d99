//! Where single words stand in a text, by their numbers.
//!
//! A passage of sixty words is shown with a few of them marked. So the text is not split: its letters become a bit each, and
//! whole words are passed over by counting where such bits begin.

use memchr::memchr_iter;

use super::byte_set::ByteSet;
use super::words::for_each_word;

/// Makes `words` those of a text in ISO-8859-1, as runs in the order in which [`for_each_word`] visits them.
pub(super) fn find_words(text: &[u8], words: &mut ByteSet) {
    let is_ascii_letter =
        |byte: u8| ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b'0') < 10);
    words.become_class(text, is_ascii_letter, char::is_alphanumeric);
    join(words, text);
}

/// Makes what single apostrophes join one run for each of its words: no two of them stand without one in between.
fn join(letters: &mut ByteSet, text: &[u8]) {
    let mut end = 0;
    for at in memchr_iter(b'\'', text) {
        let is_joint = at > 0 && letters.contains(at - 1) && letters.contains(at + 1);
        // Others of the same whole were joined with its first.
        if !is_joint || at < end {
            continue;
        }
        let is_part = |at: usize| {
            letters.contains(at) || (text.get(at) == Some(&b'\'') && letters.contains(at + 1))
        };
        let start = (end..at)
            .rev()
            .take_while(|&at| letters.contains(at))
            .last()
            .unwrap_or(at);
        end = (at..).find(|&at| !is_part(at)).unwrap_or(text.len());
        let whole = &text[start..end];
        (start..end).for_each(|at| letters.remove(at));
        let characters = whole.iter().map(|&byte| char::from(byte));
        for_each_word(characters.enumerate(), whole.len(), |word, _| {
            word.for_each(|at| letters.insert(start + at));
        });
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

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
            let mut set = ByteSet::new();
            find_words(&bytes, &mut set);
            let found: Vec<Range<usize>> = set.runs(numbers.into_iter()).collect();
            proptest::prop_assert_eq!(wanted, found);
        }
    }
}
