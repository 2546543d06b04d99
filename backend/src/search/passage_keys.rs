//! The keys of the words of a corpus while its passages are indexed, as numbers.

use std::collections::HashMap;
use std::rc::Rc;

use super::spelling::Spelling;

/// The keys of the words met so far. Every word is stemmed once, not each time it occurs.
#[derive(Default)]
pub(super) struct Keys {
    spelling: Spelling,
    /// Numbers of keys, by words.
    of_words: HashMap<String, u32>,
    /// The same, by keys.
    of_keys: HashMap<Rc<str>, u32>,
    keys: Vec<Rc<str>>,
}

impl Keys {
    /// The number of the key of `word`.
    pub(super) fn of(&mut self, word: &str) -> u32 {
        if let Some(&number) = self.of_words.get(word) {
            return number;
        }
        let key: Rc<str> = self.spelling.key(word).into();
        let next = self.keys.len() as u32;
        let number = *self.of_keys.entry(Rc::clone(&key)).or_insert(next);
        if number == next {
            self.keys.push(key);
        }
        self.of_words.insert(word.to_owned(), number);
        number
    }

    /// Writes keys with blanks between them.
    pub(super) fn join(&self, numbers: &[u32], joined: &mut String) {
        joined.clear();
        for &number in numbers {
            joined.push_str(&self.keys[number as usize]);
            joined.push(' ');
        }
    }

    /// Turns numbers of keys into those of terms, which tantivy gives by the alphabet, and says how many there are.
    pub(super) fn number_by_the_alphabet(self, words: &mut [u32]) -> usize {
        let mut order: Vec<usize> = (0..self.keys.len()).collect();
        order.sort_unstable_by(|&one, &other| self.keys[one].cmp(&self.keys[other]));
        let mut terms = vec![0; order.len()];
        for (term, number) in (0..).zip(order) {
            terms[number] = term;
        }
        words
            .iter_mut()
            .for_each(|word| *word = terms[*word as usize]);
        terms.len()
    }
}
