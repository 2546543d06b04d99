//! Which terms count: all of them, or the 5,000 that the compatible variant was fitted to.
//!
//! The compatible variant counts words and pairs of neighbours over the whole corpus and keeps the most frequent; of
//! equally frequent ones, the first in the alphabet. Nothing else of the corpus is searchable with it.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::occurrences::{Occurrences, narrow};
use super::terms::{Splitting, for_each_term};

/// How many features the compatible variant keeps.
pub const FEATURES: usize = 5_000;

/// Which terms count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Features {
    /// Every word; no pairs, so that a score says how much of a book is about the words and nothing else.
    #[default]
    All,
    /// The [`FEATURES`] most frequent words and pairs of neighbours (`features=5000`).
    MostFrequent,
}

impl Features {
    /// How texts and queries are split into words.
    pub(super) fn splitting(self) -> Splitting {
        match self {
            Features::All => Splitting::AtDashes,
            Features::MostFrequent => Splitting::AtSpaces,
        }
    }

    /// Whether pairs of neighbours count besides single words.
    pub(super) fn has_pairs(self) -> bool {
        self == Features::MostFrequent
    }
}

/// The occurrences of every feature of the compatible variant in each of `texts`, in the order of their positions.
pub(super) fn fit(texts: &[&[u8]], most: usize) -> Vec<Occurrences> {
    let mut numbers = Numbers::default();
    let books: Vec<Vec<(u32, u32)>> = texts.iter().map(|text| numbers.read(text)).collect();
    let Numbers { words, counts, .. } = &numbers;

    // No feature is rarer than the last word that would be kept if there were no pairs. So a pair is worth counting only
    // if both of its words reach that, which leaves out nine of ten.
    let mut by_count = counts.clone();
    by_count.sort_unstable_by_key(|&count| Reverse(count));
    let least = by_count.get(most.saturating_sub(1)).copied().unwrap_or(1);
    let reaches = |word: u32| counts[word as usize] >= least;

    let mut pairs: Vec<(u32, u32)> = books
        .iter()
        .flat_map(|book| book.windows(2).map(|two| (two[0].1, two[1].1)))
        .filter(|&(first, second)| reaches(first) && reaches(second))
        .collect();
    pairs.sort_unstable();

    let singles = (0..words.len() as u32)
        .filter(|&word| reaches(word))
        .map(|word| {
            (
                counts[word as usize],
                words[word as usize].clone(),
                Feature::Word(word),
            )
        });
    let counted = pairs
        .chunk_by(|one, other| one == other)
        .filter(|run| run.len() >= least as usize)
        .map(|run| (run.len() as u32, pair(words, run[0]), Feature::Pair(run[0])));
    let mut candidates: Vec<(u32, String, Feature)> = singles.chain(counted).collect();
    candidates.sort_unstable_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    candidates.truncate(most);

    let kept: HashSet<Feature> = candidates
        .into_iter()
        .map(|(_, _, feature)| feature)
        .collect();
    let is_single: Vec<bool> = (0..words.len() as u32)
        .map(|word| kept.contains(&Feature::Word(word)))
        .collect();
    let occurrences = |book: &Vec<(u32, u32)>| {
        let mut found = Occurrences::default();
        for (index, &(at, word)) in book.iter().enumerate() {
            let at = at as usize;
            if is_single[word as usize] {
                found.push(at, &[&words[word as usize]]);
            }
            let next = book.get(index + 1).map(|&(_, next)| next);
            if let Some(next) = next.filter(|&next| reaches(word) && reaches(next))
                && kept.contains(&Feature::Pair((word, next)))
            {
                found.push(at, &[&words[word as usize], " ", &words[next as usize]]);
            }
        }
        found
    };
    books.iter().map(occurrences).collect()
}

/// Two neighbours as one term.
pub(super) fn pair_of(first: &str, second: &str) -> String {
    format!("{first} {second}")
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Feature {
    Word(u32),
    Pair((u32, u32)),
}

fn pair(words: &[String], (first, second): (u32, u32)) -> String {
    pair_of(&words[first as usize], &words[second as usize])
}

/// Words as small numbers, with how often each occurs.
#[derive(Default)]
struct Numbers {
    numbers: HashMap<String, u32>,
    words: Vec<String>,
    counts: Vec<u32>,
}

impl Numbers {
    /// The positions and numbers of the words of `text`.
    fn read(&mut self, text: &[u8]) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        for_each_term(text, Features::MostFrequent.splitting(), |at, term| {
            let number = match self.numbers.get(term) {
                Some(&number) => number,
                None => self.add(term),
            };
            self.counts[number as usize] += 1;
            found.push((narrow(at), number));
        });
        found
    }

    fn add(&mut self, term: &str) -> u32 {
        let number = self.words.len() as u32;
        self.numbers.insert(term.to_owned(), number);
        self.words.push(term.to_owned());
        self.counts.push(0);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_words_and_pairs_are_kept_and_ties_go_by_the_alphabet() {
        let texts: [&[u8]; 2] = [b"white whale white whale", b"black whale -- dark ship"];
        let fitted = fit(&texts, 4);
        let terms: Vec<Vec<(usize, &str)>> = fitted
            .iter()
            .map(|book| (0..).map_while(|number| book.get(number)).collect())
            .collect();
        // Three times: whale; twice: white, white whale; once, and first in the alphabet: black.
        let first = [
            (0, "white"),
            (0, "white whale"),
            (6, "whale"),
            (12, "white"),
            (12, "white whale"),
            (18, "whale"),
        ];
        assert_eq!(terms[0], first);
        assert_eq!(terms[1], [(0, "black"), (6, "whale")]);
    }
}
