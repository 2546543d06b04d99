//! Which words are spelled almost like a word: an automaton that is walked together with a dictionary.
//!
//! tantivy's own first makes a table of all its states, which takes longer than the walk. Here a state is a few numbers,
//! and its bits are the letters of the word that may be next, so that one step of all of them is a few shifts: the bit
//! `i` of the row `e` says that the first `i` letters of the word can be had from what was read with `e` edits or fewer.

use std::array;

use tantivy_fst::Automaton;

/// Accepts what is made of a word by fewer than `ROWS` edits: a letter added, left out, changed, or swapped with the next.
/// No letter is edited twice.
pub(super) struct EditAutomaton<const ROWS: usize> {
    /// For each ASCII letter, where the word has it.
    letters: [u64; 128],
    /// The bit of the whole word.
    end: u64,
}

/// What may have been read so far.
#[derive(Clone, Copy)]
pub(super) struct State<const ROWS: usize> {
    rows: [u64; ROWS],
    /// Where the letter read last is the next but one of the word, so that the next one may follow now.
    swaps: [u64; ROWS],
}

/// Longest word: a bit for each letter, one for the whole, and room to shift.
const LONGEST: usize = 60;

impl<const ROWS: usize> EditAutomaton<ROWS> {
    /// The automaton of `word`, if that is ASCII and not too long.
    pub(super) fn new(word: &str) -> Option<Self> {
        if !word.is_ascii() || word.len() > LONGEST {
            return None;
        }
        let mut letters = [0; 128];
        for (at, letter) in word.bytes().enumerate() {
            letters[usize::from(letter)] |= 1 << at;
        }
        let end = 1 << word.len();
        Some(Self { letters, end })
    }

    /// Drops what is behind the end of the word.
    fn within(&self, row: u64) -> u64 {
        row & (self.end | (self.end - 1))
    }
}

impl<const ROWS: usize> Automaton for EditAutomaton<ROWS> {
    type State = State<ROWS>;

    fn start(&self) -> State<ROWS> {
        State {
            // So many letters may be left out.
            rows: array::from_fn(|edits| self.within((2 << edits) - 1)),
            swaps: [0; ROWS],
        }
    }

    fn is_match(&self, state: &State<ROWS>) -> bool {
        state.rows[ROWS - 1] & self.end != 0
    }

    fn can_match(&self, state: &State<ROWS>) -> bool {
        state.rows[ROWS - 1] | state.swaps[ROWS - 1] != 0
    }

    #[inline]
    fn accept(&self, state: &State<ROWS>, byte: u8) -> State<ROWS> {
        let same = match self.letters.get(usize::from(byte)) {
            Some(&same) => same,
            // The first byte of a letter in UTF-8 stands for all of it, and the word has no such letter.
            None if byte & 0b1100_0000 == 0b1000_0000 => return *state,
            None => 0,
        };
        let mut next = State {
            rows: [0; ROWS],
            swaps: [0; ROWS],
        };
        next.rows[0] = (state.rows[0] & same) << 1;
        for edits in 1..ROWS {
            let before = state.rows[edits - 1];
            let read = (state.rows[edits] & same) << 1;
            let swapped = (state.swaps[edits] & same) << 2;
            let (added, changed, left_out) = (before, before << 1, next.rows[edits - 1] << 1);
            next.rows[edits] = self.within(read | swapped | added | changed | left_out);
            next.swaps[edits] = before & (same >> 1);
        }
        next
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use tantivy::Term;
    use tantivy::query::FuzzyTermQuery;
    use tantivy::schema::Field;

    use super::*;

    /// By the table of the distances of all beginnings.
    pub(in super::super) fn distance(one: &str, other: &str) -> usize {
        let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
        let mut table = vec![vec![0; other.len() + 1]; one.len() + 1];
        for i in 0..=one.len() {
            for j in 0..=other.len() {
                table[i][j] = match (i, j) {
                    (0, _) | (_, 0) => i + j,
                    _ => {
                        let changed = usize::from(one[i - 1] != other[j - 1]);
                        (table[i - 1][j - 1] + changed)
                            .min(table[i - 1][j] + 1)
                            .min(table[i][j - 1] + 1)
                    }
                };
                let is_swap =
                    i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
                if is_swap {
                    table[i][j] = table[i][j].min(table[i - 2][j - 2] + 1);
                }
            }
        }
        table[one.len()][other.len()]
    }

    /// Whether `automaton` accepts `text`, and never gave it up before.
    fn accepts(automaton: &impl Automaton, text: &str) -> bool {
        let mut state = automaton.start();
        let mut given_up = false;
        for byte in text.bytes() {
            given_up |= !automaton.can_match(&state);
            state = automaton.accept(&state, byte);
        }
        let is_match = automaton.is_match(&state);
        assert!(!(is_match && given_up), "{text:?} was given up");
        is_match
    }

    fn check(word: &str, text: &str) {
        let distance = distance(word, text);
        let one = accepts(&EditAutomaton::<2>::new(word).unwrap(), text);
        let two = accepts(&EditAutomaton::<3>::new(word).unwrap(), text);
        assert_eq!((one, two), (distance <= 1, distance <= 2), "{word} {text}");
        for (edits, found) in [(1, one), (2, two)] {
            let term = Term::from_field_text(Field::from_field_id(0), word);
            let other = FuzzyTermQuery::new(term, edits, true).automaton().unwrap();
            assert_eq!(found, accepts(&other, text), "tantivy: {word} {text}");
        }
    }

    #[test]
    fn each_edit_counts_once() {
        for text in [
            "leviathan",
            "leviathen",
            "levithan",
            "leviiathan",
            "elviathan",
            "leviathna",
        ] {
            check("leviathan", text);
        }
        // Swapped, and then one between them: three edits, as none is edited twice.
        check("ab", "bca");
        check("cesar", "c\u{e6}sar");
        check("", "ab");
    }

    #[test]
    fn what_has_no_bits_has_no_automaton() {
        assert!(EditAutomaton::<2>::new("c\u{e6}sar").is_none());
        assert!(EditAutomaton::<2>::new(&"a".repeat(LONGEST + 1)).is_none());
        let longest = "ab".repeat(LONGEST / 2);
        check(&longest, &longest[2..]);
        check(&longest, &longest.replacen("ab", "ba", 3));
    }

    proptest! {
        #[test]
        fn it_is_what_the_table_of_distances_says(word in "[abc]{0,9}", text in "[abc\u{e6}]{0,10}") {
            check(&word, &text);
        }

        #[test]
        fn it_is_so_for_edited_words(
            word in "[a-d]{1,12}",
            edits in proptest::collection::vec((0usize..4, 0usize..12, "[a-e]"), 0..4),
        ) {
            let mut text: Vec<char> = word.chars().collect();
            for (edit, at, letter) in edits {
                let (at, letter) = (at % (text.len() + 1), letter.chars().next().unwrap());
                match edit {
                    0 => text.insert(at, letter),
                    1 if at < text.len() => text[at] = letter,
                    2 if at < text.len() => drop(text.remove(at)),
                    3 if at + 1 < text.len() => text.swap(at, at + 1),
                    _ => {}
                }
            }
            check(&word, &text.into_iter().collect::<String>());
        }
    }
}
