//! Text to terms, the same for books and queries: lower case, without ASCII punctuation, without stop words and words of
//! at most two letters.
//!
//! This is how the system searched that scores are compatible with: `don't` becomes `dont`, `sea-shore` becomes
//! `seashore`, and of NLTK's six contractions only a first half is ever long enough and no stop word (`gonna` becomes
//! `gon`). There, `whale--and` becomes one word too; [`Splitting::AtDashes`] is what the full vocabulary does instead.

use std::ops::Range;

use super::stop_words::is_stop_word;

/// What ends a word besides white space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Splitting {
    /// Nothing.
    AtSpaces,
    /// Two hyphens in a row, which the texts write for a dash.
    AtDashes,
}

/// A word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'b> {
    /// Position of its first letter; where it has none, of its first character.
    pub(super) at: usize,
    /// Position after its last character, which may be punctuation.
    pub(super) end: usize,
    /// Its term; `None` for a stop word and for one that is too short.
    pub(super) term: Option<&'b str>,
}

/// Visits every word of `characters`, which come with their positions; `end` is the position after the last of them.
pub(super) fn for_each_word(
    characters: impl Iterator<Item = (usize, char)>,
    end: usize,
    splitting: Splitting,
    mut visit: impl FnMut(Word<'_>),
) {
    // The word so far: where it starts, whether it has a letter, and its letters in lower case.
    let mut start = None;
    let mut letters = String::new();
    let mut before = ' ';
    for (at, character) in characters {
        let is_dash = character == '-' && before == '-' && splitting == Splitting::AtDashes;
        before = character;
        if is_dash || is_separator(character) {
            if let Some(start) = start.take() {
                visit(Word {
                    at: start,
                    end: at,
                    term: term(&letters),
                });
                letters.clear();
            }
        } else if character.is_ascii_punctuation() {
            start.get_or_insert(at);
        } else {
            if letters.is_empty() {
                start = Some(at);
            }
            match character.is_ascii() {
                true => letters.push(character.to_ascii_lowercase()),
                false => letters.extend(character.to_lowercase()),
            }
        }
    }
    if let Some(start) = start {
        visit(Word {
            at: start,
            end,
            term: term(&letters),
        });
    }
}

/// Visits every term of a text in ISO-8859-1 with the position of its first letter.
pub(super) fn for_each_term(text: &[u8], splitting: Splitting, mut visit: impl FnMut(usize, &str)) {
    let characters = text.iter().map(|&byte| char::from(byte)).enumerate();
    for_each_word(characters, text.len(), splitting, |word| {
        if let Some(term) = word.term {
            visit(word.at, term);
        }
    });
}

/// Where the word that starts at `at` ends, without punctuation behind it.
pub(super) fn word_at(text: &[u8], at: usize, splitting: Splitting) -> Range<usize> {
    let rest = &text[at..];
    let is_end = |(index, &byte): (usize, &u8)| {
        is_separator(char::from(byte))
            || (splitting == Splitting::AtDashes && rest[index..].starts_with(b"--"))
    };
    let length = rest
        .iter()
        .enumerate()
        .position(is_end)
        .unwrap_or(rest.len());
    let behind = rest[..length]
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_punctuation())
        .count();
    at..at + length - behind
}

/// White space, control characters (two of the texts end in old end-of-file marks), and punctuation beyond ASCII.
pub(super) fn is_separator(character: char) -> bool {
    match character.is_ascii() {
        true => character <= ' ' || character == '\x7f',
        false => !character.is_alphanumeric(),
    }
}

/// The first separator of a text in ISO-8859-1.
pub(super) fn first_separator(text: &[u8]) -> Option<usize> {
    let (eights, rest) = text.as_chunks();
    for (number, eight) in eights.iter().enumerate() {
        let mut suspects = suspects(*eight);
        while suspects != 0 {
            let at = number * 8 + suspects.trailing_zeros() as usize / 8;
            if is_separator(char::from(text[at])) {
                return Some(at);
            }
            suspects &= suspects - 1;
        }
    }
    let is_separator = |&byte: &u8| is_separator(char::from(byte));
    let at = rest.iter().position(is_separator)?;
    Some(text.len() - rest.len() + at)
}

/// The last separator of a text in ISO-8859-1.
pub(super) fn last_separator(text: &[u8]) -> Option<usize> {
    let (rest, eights) = text.as_rchunks();
    for (number, eight) in eights.iter().enumerate().rev() {
        let mut suspects = suspects(*eight);
        while suspects != 0 {
            let bit = suspects.ilog2();
            let at = rest.len() + number * 8 + bit as usize / 8;
            if is_separator(char::from(text[at])) {
                return Some(at);
            }
            suspects ^= 1 << bit;
        }
    }
    let is_separator = |&byte: &u8| is_separator(char::from(byte));
    rest.iter().rposition(is_separator)
}

/// Which of eight bytes may be separators, by their highest bits: those that are not printable ASCII. All are looked at
/// at once, because whoever asks each byte whether the word is over mostly guesses wrong when it is.
fn suspects(eight: [u8; 8]) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let eight = u64::from_le_bytes(eight);
    // Without the highest bits, no sum reaches the next byte.
    let low = eight & (0x7f * EACH);
    let above_blank = low + 0x5f * EACH;
    let is_delete = low + EACH;
    (!above_blank | is_delete | eight) & (0x80 * EACH)
}

/// Shortest term, in letters.
const SHORTEST: usize = 3;

fn term(letters: &str) -> Option<&str> {
    let letters = match letters {
        "cannot" => return None,
        "gimme" | "gonna" | "gotta" | "lemme" | "wanna" => &letters[..3],
        other => other,
    };
    let long_enough = letters.chars().nth(SHORTEST - 1).is_some();
    (long_enough && !is_stop_word(letters)).then_some(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, splitting: Splitting, expected: &[(usize, &str)]) {
        let mut found = Vec::new();
        let bytes: Vec<u8> = text.chars().map(|character| character as u8).collect();
        for_each_term(&bytes, splitting, |at, term| {
            found.push((at, term.to_owned()))
        });
        let found: Vec<_> = found
            .iter()
            .map(|(at, term)| (*at, term.as_str()))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    proptest::proptest! {
        #[test]
        fn separators_are_those_of_a_look_at_each_byte(
            text in proptest::collection::vec(
                proptest::sample::select(b"azAZ~!\x00\x1a \n\x7f\x80\xa0\xaa\xe6\xff".as_slice()),
                0..40,
            ),
            letters in 0usize..20,
        ) {
            let text = [vec![b'x'; letters], text, vec![b'x'; letters]].concat();
            let is_separator = |&byte: &u8| is_separator(char::from(byte));
            assert_eq!(first_separator(&text), text.iter().position(is_separator));
            assert_eq!(last_separator(&text), text.iter().rposition(is_separator));
        }
    }

    #[test]
    fn terms_are_lower_case_without_punctuation_and_know_where_they_stand() {
        check(
            "The \"Whale\"--and I",
            Splitting::AtSpaces,
            &[(5, "whaleand")],
        );
        check(
            "The \"Whale\"--and Ahab!",
            Splitting::AtDashes,
            &[(5, "whale"), (17, "ahab")],
        );
        check("--- a---ship -- b", Splitting::AtDashes, &[(8, "ship")]);
        check(
            "Don't, sea-shore",
            Splitting::AtDashes,
            &[(0, "dont"), (7, "seashore")],
        );
        check(
            "cannot gonna wanna",
            Splitting::AtSpaces,
            &[(7, "gon"), (13, "wan")],
        );
        check(
            "C\u{e6}sar\u{a0}end\u{1a}\u{1a}",
            Splitting::AtSpaces,
            &[(0, "c\u{e6}sar"), (6, "end")],
        );
    }

    #[test]
    fn the_end_of_a_word_leaves_out_what_stands_behind_it() {
        let check =
            |text: &[u8], splitting, expected| assert_eq!(word_at(text, 0, splitting), 0..expected);
        check(b"whale,\" he", Splitting::AtDashes, 5);
        check(b"whale--and", Splitting::AtDashes, 5);
        check(b"whale--and", Splitting::AtSpaces, 10);
        check(b"sea-shore", Splitting::AtDashes, 9);
        check(b"whale", Splitting::AtDashes, 5);
    }
}
