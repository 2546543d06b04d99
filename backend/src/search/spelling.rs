//! Words to what they are searched by: one key for all inflections and spellings of a word.
//!
//! The plays are set in the spelling of the First Folio of 1623: `loue`, `haue`, `vs`, `selfe`, `iudge`, `starre`. Whoever
//! looks for `love` means them too. So a word is first brought nearer to the spelling of today, as far as that changes
//! what the stemmer (Porter2) makes of it; then it is stemmed; then letters that were one letter then become one. The
//! same is done to books and queries, so a rule may turn a word into nonsense, but not two words into one.

use frostem::{Algorithm, Stemmer};

/// Makes keys of words.
pub(super) struct Spelling {
    stemmer: Stemmer,
}

impl Default for Spelling {
    fn default() -> Self {
        Self {
            stemmer: Stemmer::new(Algorithm::English),
        }
    }
}

impl Spelling {
    /// The key of `word`, which is in lower case and without punctuation.
    pub(super) fn key(&self, word: &str) -> String {
        let end = word
            .char_indices()
            .nth(LONGEST)
            .map_or(word.len(), |(at, _)| at);
        let modern = modernise(&word[..end]);
        fold(&self.stemmer.stem(&modern))
    }
}

/// Letters by which words are told apart: none is longer, and the index takes no endless ones.
const LONGEST: usize = 64;

/// `haue` to `have`, `vpon` to `upon`, `starre` to `starr`.
fn modernise(word: &str) -> String {
    let letters: Vec<char> = word.chars().collect();
    let mut modern = String::with_capacity(word.len());
    for (at, &letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(at + 1).copied();
        modern.push(match letter {
            'u' if before.is_some_and(is_vowel) && after.is_some_and(is_vowel) => 'v',
            'v' if before.is_none() && after.is_some_and(|after| !is_vowel(after)) => 'u',
            other => other,
        });
    }
    // `darknesse` would keep its ending, `darkness` loses it.
    if let [.., one, other, 'e'] = letters.as_slice()
        && one == other
        && !is_vowel(*one)
        && letters.len() > 3
    {
        modern.pop();
    }
    modern
}

/// Shortest word in which a doubled consonant counts once: `inn` is not `in`.
const SHORTEST_FOLDED: usize = 4;

/// `v` is `u`, `j` and `y` are `i`, and a doubled consonant is a single one.
fn fold(stem: &str) -> String {
    let undouble = stem.len() >= SHORTEST_FOLDED;
    let mut key = String::with_capacity(stem.len());
    let mut before = None;
    for letter in stem.chars() {
        let is_doubled = before == Some(letter) && letter.is_alphabetic() && !is_vowel(letter);
        before = Some(letter);
        if is_doubled && undouble {
            continue;
        }
        key.push(match letter {
            'v' => 'u',
            'j' | 'y' => 'i',
            other => other,
        });
    }
    key
}

fn is_vowel(letter: char) -> bool {
    matches!(letter, 'a' | 'e' | 'i' | 'o' | 'u')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_a_word_share_their_key() {
        let spelling = Spelling::default();
        for (now, then) in [
            ("love", "loue"),
            ("loved", "loued"),
            ("have", "haue"),
            ("us", "vs"),
            ("upon", "vpon"),
            ("unkindness", "vnkindnesse"),
            ("self", "selfe"),
            ("judge", "iudge"),
            ("joy", "ioy"),
            ("star", "starre"),
            ("stars", "starres"),
            ("toil", "toyle"),
            ("tiger", "tyger"),
            ("brevity", "breuitie"),
            ("soul", "soule"),
            ("hour", "houre"),
            ("old", "olde"),
            ("sick", "sicke"),
            ("twelve", "twelue"),
            ("themselves", "themselues"),
            ("serve", "serue"),
            ("servant", "seruant"),
            ("son", "sonne"),
            ("divine", "diuine"),
            ("denmark", "denmarke"),
            ("whale", "whales"),
        ] {
            assert_eq!(spelling.key(now), spelling.key(then), "{now} and {then}");
        }
    }

    #[test]
    fn words_stay_apart() {
        let spelling = Spelling::default();
        for (one, other) in [
            ("mad", "made"),
            ("her", "here"),
            ("hop", "hope"),
            ("on", "one"),
            ("in", "inn"),
            ("of", "off"),
            ("the", "thee"),
            ("then", "than"),
            ("love", "live"),
            ("sun", "son"),
        ] {
            assert_ne!(spelling.key(one), spelling.key(other), "{one} and {other}");
        }
    }
}
