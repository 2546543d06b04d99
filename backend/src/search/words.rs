//! Text to words for the search of passages: every word counts, and what an apostrophe joins is taken apart.
//!
//! `we're` is `we are`, `don't` is `do not`, `pluck'd` is `plucked`, and of `Hamlet's` the ending is left out. Hyphens and
//! dashes part words. So a phrase is found in whichever of its forms it stands.

use std::ops::Range;

/// Visits every word of `characters`, which come with their positions: where it stands, and its letters in lower case.
pub(super) fn for_each_word(
    characters: impl Iterator<Item = (usize, char)>,
    end: usize,
    visit: impl FnMut(Range<usize>, &str),
) {
    let mut reader = Reader {
        word: Part::default(),
        part: Part::default(),
        joint: Joint::None,
        visit,
    };
    for (at, character) in characters {
        reader.read(at, character);
    }
    reader.close_part(end);
    reader.close_word();
}

/// Letters that stand together.
#[derive(Default)]
struct Part {
    from: usize,
    to: usize,
    letters: String,
}

/// What stands between the word and the part behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joint {
    /// Anything but a single apostrophe.
    None,
    /// A single apostrophe.
    Apostrophe,
}

struct Reader<V> {
    /// The word that what follows may still change.
    word: Part,
    /// The part that is being read.
    part: Part,
    joint: Joint,
    visit: V,
}

impl<V: FnMut(Range<usize>, &str)> Reader<V> {
    fn read(&mut self, at: usize, character: char) {
        if character.is_ascii_lowercase() {
            self.begin(at);
            self.part.letters.push(character);
        } else if character.is_alphanumeric() {
            self.begin(at);
            self.push_folded(character);
        } else {
            let is_part = !self.part.letters.is_empty();
            self.close_part(at);
            let is_joint = is_part && matches!(character, '\'' | '\u{2019}');
            self.joint = match is_joint && !self.word.letters.is_empty() {
                true => Joint::Apostrophe,
                false => Joint::None,
            };
            if self.joint == Joint::None {
                self.close_word();
            }
        }
    }

    fn begin(&mut self, at: usize) {
        if self.part.letters.is_empty() {
            self.part.from = at;
        }
    }

    fn push_folded(&mut self, character: char) {
        match character {
            '\u{c6}' | '\u{e6}' => self.part.letters.push_str("ae"),
            other if other.is_ascii() => self.part.letters.push(other.to_ascii_lowercase()),
            other => self.part.letters.extend(other.to_lowercase()),
        }
    }

    fn close_part(&mut self, at: usize) {
        if self.part.letters.is_empty() {
            return;
        }
        self.part.to = at;
        match self.joint {
            Joint::Apostrophe => self.join(),
            Joint::None => {
                self.close_word();
                std::mem::swap(&mut self.word, &mut self.part);
            }
        }
        self.part.letters.clear();
        self.joint = Joint::None;
    }

    /// Joins the part to the word in front of its apostrophe.
    fn join(&mut self) {
        let word = self.word.letters.as_str();
        match self.part.letters.as_str() {
            "s" => self.close_word(),
            "d" if PRONOUNS.contains(&word) => self.append("would"),
            "d" => {
                self.word.letters.push_str("ed");
                self.word.to = self.part.to;
            }
            "t" => match negated(word).map(str::to_owned) {
                Some(verb) => {
                    self.word.letters = verb;
                    self.append("not");
                }
                None => self.append("it"),
            },
            "re" => self.append("are"),
            "ll" => self.append("will"),
            "ve" => self.append("have"),
            "m" => self.append("am"),
            "em" => self.append("them"),
            other => {
                self.word.letters.push_str(other);
                self.word.to = self.part.to;
            }
        }
    }

    /// Ends the word and visits another one, which stands where the part does.
    fn append(&mut self, word: &str) {
        self.close_word();
        (self.visit)(self.part.from..self.part.to, word);
    }

    fn close_word(&mut self) {
        if !self.word.letters.is_empty() {
            (self.visit)(self.word.from..self.word.to, &self.word.letters);
            self.word.letters.clear();
        }
    }
}

/// Behind these, `'d` is a word of its own and no ending.
const PRONOUNS: [&str; 9] = ["i", "you", "thou", "he", "she", "it", "we", "they", "who"];

/// The verb in front of `'t`, without the `n` of `not`.
fn negated(word: &str) -> Option<&str> {
    match word {
        "can" => Some("can"),
        "won" => Some("will"),
        "shan" => Some("shall"),
        "don" | "doesn" | "didn" | "isn" | "aren" | "wasn" | "weren" | "haven" | "hasn"
        | "hadn" | "wouldn" | "couldn" | "shouldn" | "mustn" | "mightn" | "needn" | "daren"
        | "ain" => word.strip_suffix('n'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let mut found = Vec::new();
        for_each_word(text.char_indices(), text.len(), |range, word| {
            found.push((text[range].to_owned(), word.to_owned()));
        });
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(typed, word)| (typed.as_str(), word.as_str()))
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn every_word_counts_and_knows_where_it_stands() {
        check(
            "I saw-- the SEA-shore,",
            &[
                ("I", "i"),
                ("saw", "saw"),
                ("the", "the"),
                ("SEA", "sea"),
                ("shore", "shore"),
            ],
        );
        check(
            "C\u{e6}sar 1:12",
            &[("C\u{e6}sar", "caesar"), ("1", "1"), ("12", "12")],
        );
        check("", &[]);
        check("--' ' ''", &[]);
    }

    #[test]
    fn what_an_apostrophe_joins_is_taken_apart() {
        check("we're mad", &[("we", "we"), ("re", "are"), ("mad", "mad")]);
        check("Don\u{2019}t!", &[("Don", "do"), ("t", "not")]);
        check(
            "I'd pluck'd",
            &[("I", "i"), ("d", "would"), ("pluck'd", "plucked")],
        );
        check(
            "Hamlet's o'clock is't",
            &[
                ("Hamlet", "hamlet"),
                ("o'clock", "oclock"),
                ("is", "is"),
                ("t", "it"),
            ],
        );
        check(
            "'who' 'tis the whales' sea",
            &[
                ("who", "who"),
                ("tis", "tis"),
                ("the", "the"),
                ("whales", "whales"),
                ("sea", "sea"),
            ],
        );
    }

    proptest::proptest! {
        #[test]
        fn words_stand_in_order_and_do_not_overlap(text in "[a-zA-Z' ,\u{e6}\u{2019}d]{0,80}") {
            let mut end = 0;
            let mut apart = true;
            for_each_word(text.char_indices(), text.len(), |range, word| {
                apart &= end <= range.start && range.start < range.end && range.end <= text.len() && !word.is_empty();
                end = range.end;
            });
            proptest::prop_assert!(apart);
        }
    }
}
