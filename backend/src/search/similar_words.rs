//! Words of the books that are spelled much like a word that none of them holds: what was probably meant.

use std::io;

use shared::Suggestion;
use tantivy::postings::TermInfo;
use tantivy::query::FuzzyTermQuery;
use tantivy::termdict::{TermDictionary, TermStreamer};
use tantivy::{TantivyError, Term};
use tantivy_fst::Automaton;

use super::SearchError;
use super::edit_automaton::EditAutomaton;
use super::index::TfidfIndex;
use super::spelling::Spelling;

/// A word of the books.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SimilarWord {
    /// The word, in lower case.
    pub(super) letters: String,
    /// Letters to add, leave out, change or swap with their neighbours.
    distance: u8,
    /// Books that hold it.
    books: u32,
}

/// The keys of the words closest to `typed`, and how much each is like it: 1/2 with one difference, 1/3 with two.
pub(super) fn similar_keys(
    index: &TfidfIndex,
    spelling: &Spelling,
    typed: &str,
) -> Result<Vec<(String, f32)>, SearchError> {
    Ok(keys(spelling, &similar_words(index, typed)?))
}

/// The keys of similar words, and how much each is like the word that they are similar to.
pub(super) fn keys(spelling: &Spelling, words: &[SimilarWord]) -> Vec<(String, f32)> {
    let likeness = |word: &SimilarWord| 1.0 / (1.0 + f32::from(word.distance));
    let mut keys: Vec<(String, f32)> = Vec::with_capacity(words.len());
    for word in words {
        let key = spelling.key(&word.letters);
        // Words that differ in their endings share a key, which counts once.
        if !keys.iter().any(|(other, _)| *other == key) {
            keys.push((key, likeness(word)));
        }
    }
    keys
}

/// What to suggest in place of `typed`, for which these words may stand.
pub(super) fn suggestion(typed: &str, words: &[SimilarWord]) -> Suggestion {
    let letters = words.iter().map(|word| word.letters.clone());
    Suggestion {
        word: typed.to_owned(),
        instead: letters.take(MOST_SUGGESTED).collect(),
    }
}

/// Most unknown words of one query that others are looked for: each costs a walk through the dictionary, and whoever sends
/// dozens has not mistyped them.
pub(super) const MOST_REPLACED: usize = 8;
/// Most words that are suggested in place of one; more would be a riddle.
const MOST_SUGGESTED: usize = 3;
/// Most words that stand for another one.
const MOST: usize = 8;
/// Fewest letters of a word in which one letter may differ, and in which two may: in shorter ones chance is too great.
const ONE_FROM: usize = 4;
const TWO_FROM: usize = 8;

/// The words closest to `typed`; of equally close ones, those that more books hold.
pub(super) fn similar_words(
    index: &TfidfIndex,
    typed: &str,
) -> Result<Vec<SimilarWord>, SearchError> {
    let word: String = typed
        .chars()
        .filter(|letter| letter.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let most = match word.chars().count() {
        0..ONE_FROM => return Ok(Vec::new()),
        ONE_FROM..TWO_FROM => 1,
        _ => 2,
    };
    // Whoever mistypes a word mostly gets one letter wrong: two are only looked at where one leads nowhere.
    let mut found = within(index, &word, 1)?;
    if found.is_empty() && most > 1 {
        found = within(index, &word, most)?;
    }
    found.sort_by(|one, other| {
        let by_books = other.books.cmp(&one.books);
        by_books.then_with(|| one.letters.cmp(&other.letters))
    });
    found.truncate(MOST);
    Ok(found)
}

/// The words spelled like `word` but for one or two letters.
fn within(index: &TfidfIndex, word: &str, distance: u8) -> Result<Vec<SimilarWord>, SearchError> {
    let terms = index
        .searcher
        .segment_reader(0)
        .inverted_index(index.field)?;
    let mut search = Search {
        terms: terms.terms(),
        word,
        distance,
        found: Vec::new(),
    };
    if distance == 1
        && let Some(automaton) = EditAutomaton::<2>::new(word)
    {
        search.walk_behind_first_letter(&automaton)?;
        search.walk_beyond_ascii(&automaton)?;
        search.look_up_other_first_letters()?;
    } else if distance == 2
        && let Some(automaton) = EditAutomaton::<3>::new(word)
    {
        search.walk_behind_first_letter(&automaton)?;
    } else {
        // A word with other letters, or an endless one, is rare enough to be looked for the slow way.
        let term = Term::from_field_text(index.field, word);
        let automaton = FuzzyTermQuery::new(term, distance, true).automaton()?;
        match distance {
            1 => search.walk(terms.terms().search(automaton).into_stream())?,
            _ => search.walk_behind_first_letter(automaton)?,
        }
    }
    Ok(search.found)
}

/// A search for words that are spelled like `word` but for `distance` letters.
struct Search<'s> {
    terms: &'s TermDictionary,
    word: &'s str,
    distance: u8,
    found: Vec<SimilarWord>,
}

impl Search<'_> {
    fn add(&mut self, letters: &[u8], info: &TermInfo) {
        // Nobody means by a word that very word: another method may know it, and it is not misspelled.
        if letters != self.word.as_bytes() {
            self.found.push(SimilarWord {
                letters: String::from_utf8_lossy(letters).into_owned(),
                distance: self.distance,
                books: info.doc_freq,
            });
        }
    }

    /// Adds what `words` gives.
    fn walk<A: Automaton>(
        &mut self,
        words: io::Result<TermStreamer<'_, A>>,
    ) -> Result<(), SearchError> {
        let mut words = words.map_err(TantivyError::from)?;
        while let Some((letters, info)) = words.next() {
            self.add(letters, info);
        }
        Ok(())
    }

    /// Two letters are hardly ever wrong with the first one among them, and a letter is most of the dictionary less.
    fn walk_behind_first_letter(
        &mut self,
        automaton: impl Automaton<State: Clone>,
    ) -> Result<(), SearchError> {
        let first = self.word.chars().take(1).collect::<String>().into_bytes();
        let mut behind = first.clone();
        if let Some(last) = behind.last_mut() {
            *last += 1;
        }
        self.walk(
            self.terms
                .search(automaton)
                .ge(first)
                .lt(behind)
                .into_stream(),
        )
    }

    /// Words that start with a letter beyond ASCII are few.
    fn walk_beyond_ascii(
        &mut self,
        automaton: impl Automaton<State: Clone>,
    ) -> Result<(), SearchError> {
        self.walk(self.terms.search(automaton).ge([0x80]).into_stream())
    }

    /// Adds what one edit makes of the first letter of an ASCII word. To look each of these up is faster than a walk,
    /// which has to turn into most branches of the dictionary to see that they lead nowhere.
    fn look_up_other_first_letters(&mut self) -> Result<(), SearchError> {
        let (word, mut edited) = (self.word.as_bytes(), Vec::new());
        let mut look_up = |first: &[u8], rest: &[u8]| -> Result<(), SearchError> {
            edited.clear();
            edited.extend_from_slice(first);
            edited.extend_from_slice(rest);
            if edited.first() != word.first()
                && let Some(info) = self.terms.get(&edited).map_err(TantivyError::from)?
            {
                self.add(&edited, &info);
            }
            Ok(())
        };
        for letter in (b'a'..=b'z').chain(b'0'..=b'9') {
            look_up(&[letter], word)?;
            look_up(&[letter], &word[1..])?;
        }
        // Left out, or swapped with the second one.
        look_up(&[], &word[1..])?;
        look_up(&[word[1], word[0]], &word[2..])?;
        self.found
            .sort_by(|one, other| one.letters.cmp(&other.letters));
        self.found.dedup();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::super::edit_automaton::tests::distance;
    use super::super::features::Features;
    use super::super::index::Books;
    use super::super::occurrences::Occurrences;
    use super::*;

    /// The index of one book with these words.
    fn index(words: &BTreeSet<String>) -> TfidfIndex {
        let mut book = Occurrences::default();
        for (number, word) in words.iter().enumerate() {
            book.push(number, &[word]);
        }
        let book = Arc::new(book);
        let choices: [Arc<dyn Fn(usize) -> Arc<Occurrences> + Send + Sync>; 2] = [0, 1].map(|_| {
            let book = Arc::clone(&book);
            Arc::new(move |_| Arc::clone(&book)) as _
        });
        let files = Books::write(1, choices, |_| ()).unwrap();
        let books = Books::open(files, 1).unwrap();
        books.warm(Features::All).unwrap()
    }

    /// Goes over all words.
    fn by_looking_at_all(words: &BTreeSet<String>, typed: &str) -> Vec<(String, u8)> {
        let within = |most: usize| -> Vec<(String, u8)> {
            let similar = words.iter().filter(|word| {
                let has_first = most < 2 || word.chars().next() == typed.chars().next();
                *word != typed && has_first && distance(word, typed) <= most
            });
            similar
                .map(|word| (word.clone(), most as u8))
                .take(MOST)
                .collect()
        };
        match within(1) {
            found if found.is_empty() && typed.chars().count() >= TWO_FROM => within(2),
            found => found,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn it_is_what_looking_at_all_words_finds(
            words in btree_set("[ab1\u{e6}]{1,3}[abc]{2,7}", 1..60),
            typed in proptest::collection::vec("[abc1\u{e6}][abc]{3,8}", 20),
        ) {
            let index = index(&words);
            for typed in typed {
                let found: Vec<(String, u8)> = similar_words(&index, &typed)
                    .unwrap()
                    .into_iter()
                    .map(|word| (word.letters, word.distance))
                    .collect();
                prop_assert_eq!(found, by_looking_at_all(&words, &typed), "{}", typed);
            }
        }
    }
}
