//! The few lines of a document that hold most of a query, found from the places of its words.
//!
//! A place is looked at closely only if what stands around it can be better than the best window so far. That is
//! `MaxScore`, an algorithm for the best documents, over windows of one document: words are taken from the fewest places
//! to the most, the windows with a place of the word are tried, and the word is done with. As soon as all words that are
//! left are together worth less than the best window, none of their places needs a look; and those are the most of all.
//! What stands around a place is known roughly, and without a search, from marks for every few bytes of the document.

use std::cmp::Reverse;
use std::ops::Range;

/// Bytes within which matches belong together, about thirty words.
pub(super) const WINDOW_BYTES: u32 = 170;

/// A word of the query in one document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'p> {
    /// Where it stands, in order. No other word stands in one of these places.
    pub(super) places: &'p [u32],
    /// How much it is worth that a window holds it.
    pub(super) rarity: u64,
}

/// The first of the windows with the most and rarest different words, and then the most matches: where its first and its
/// last match start. Orders the words by how often they occur.
pub(super) fn best_window(words: &mut [Word<'_>], marks: &mut Marks) -> Range<usize> {
    words.sort_by_key(|word| word.places.len());
    if words.len() > 1 {
        marks.set(words);
    }
    let mut best = Best::default();
    // Kept for all words, because to allocate costs more than to try a rare one.
    let (mut ahead, mut near) = (Vec::with_capacity(words.len()), Near::default());
    let mut left: u64 = words.iter().map(|word| word.rarity).sum();
    for number in 0..words.len() {
        if left < best.value.0 {
            break;
        }
        ahead.clear();
        ahead.resize(words.len() - number - 1, 0);
        windows_with_first(words, number, marks, (&mut ahead, &mut near), &mut best);
        left -= words[number].rarity;
        marks.forget(number);
    }
    best.window
}

/// Which words stand in every few bytes of a document. Kept by whoever looks for windows, because they fill pages.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// A bit for each class of words.
    classes: Vec<u16>,
    /// The classes that are not done with.
    left: u16,
    /// What every choice of the lower and of the higher classes is worth.
    worth: [Vec<u64>; 2],
}

/// Bytes for which there is one mark, as a power of two.
const BYTES_OF_MARK: u32 = 7;
/// Classes of words: one for each of the first words, and one for all others.
const CLASSES: usize = u16::BITS as usize;
/// Marks that stand for all bytes a window can have before and behind a place.
const MARKS_AROUND: usize = ((2 * WINDOW_BYTES as usize) >> BYTES_OF_MARK) + 2;

fn class(word: usize) -> usize {
    word.min(CLASSES - 1)
}

fn bit(word: usize) -> u16 {
    1 << class(word)
}

impl Marks {
    fn set(&mut self, words: &[Word<'_>]) {
        let last = words.iter().filter_map(|word| word.places.last()).max();
        let last = last.map_or(0, |&last| last >> BYTES_OF_MARK);
        self.classes.clear();
        self.classes.resize(last as usize + MARKS_AROUND, 0);
        let mut rarities = [0; CLASSES];
        for (number, word) in words.iter().enumerate() {
            rarities[class(number)] += word.rarity;
            for &place in word.places {
                self.classes[(place >> BYTES_OF_MARK) as usize] |= bit(number);
            }
        }
        self.left = u16::MAX;
        let used = &rarities[..words.len().min(CLASSES)];
        let (lower, higher) = used.split_at(used.len().min(8));
        for (worth, rarities) in self.worth.iter_mut().zip([lower, higher]) {
            worth.clear();
            worth.push(0);
            for rarity in rarities {
                let without = worth.len();
                worth.extend_from_within(..);
                worth[without..].iter_mut().for_each(|with| *with += rarity);
            }
        }
    }

    /// From now on a word counts nothing, if it has a class of its own.
    fn forget(&mut self, word: usize) {
        if word < CLASSES - 1 {
            self.left &= !bit(word);
        }
    }

    /// The classes, of those not done with, that a window with the place `at` can hold.
    fn around(&self, at: u32) -> u16 {
        let from = (at.saturating_sub(WINDOW_BYTES) >> BYTES_OF_MARK) as usize;
        let around = &self.classes[from..from + MARKS_AROUND];
        around.iter().fold(0, |all, mark| all | mark) & self.left
    }

    /// What words of these classes are worth together.
    fn worth(&self, classes: u16) -> u64 {
        let [lower, higher] = classes.to_le_bytes().map(usize::from);
        self.worth[0][lower] + self.worth[1][higher]
    }
}

/// By what windows are compared: the sum of the rarities of their words, their matches, and how near the start they end.
type Value = (u64, usize, Reverse<u32>);

/// The best window so far.
#[derive(Debug)]
struct Best {
    value: Value,
    window: Range<usize>,
}

impl Default for Best {
    fn default() -> Self {
        Self {
            value: (0, 0, Reverse(u32::MAX)),
            window: 0..0,
        }
    }
}

/// Tries the windows that hold the word with this `number` and none before it; `ahead` has the next place of each word
/// behind it.
fn windows_with_first(
    words: &[Word<'_>],
    number: usize,
    marks: &Marks,
    (ahead, near): (&mut [usize], &mut Near),
    best: &mut Best,
) {
    let (anchor, others) = (&words[number], &words[number + 1..]);
    for (here, &at) in anchor.places.iter().enumerate() {
        let around = match others.is_empty() {
            true => 0,
            false => marks.around(at),
        };
        if !others.is_empty() && marks.worth(around) < best.value.0 {
            continue;
        }
        let end = at.saturating_add(WINDOW_BYTES);
        // A word that stands alone needs a look at one place: that of the match it has to have to be better.
        let needed = best.value.1 + usize::from(Reverse(at) <= best.value.2);
        if others.is_empty()
            && anchor.rarity == best.value.0
            && (anchor.places.get(here + needed - 1)).is_none_or(|&place| place > end)
        {
            continue;
        }
        // What holds an earlier place of the anchor was tried there.
        let tried = here
            .checked_sub(1)
            .map_or(0, |before| anchor.places[before] + 1);
        let start = tried.max(at.saturating_sub(WINDOW_BYTES));
        near.matches.clear();
        near.add(number, until(&anchor.places[here..], end));
        let mut rarity = anchor.rarity;
        for ((number, word), next) in (number + 1..).zip(others).zip(&mut *ahead) {
            if around & bit(number) == 0 {
                continue;
            }
            *next = first_from(word.places, *next, start);
            let places = until(&word.places[*next..], end);
            if !places.is_empty() {
                rarity += word.rarity;
                near.add(number, places);
            }
        }
        if (rarity, near.matches.len(), Reverse(at)) > best.value {
            near.try_windows(words, at, best);
        }
    }
}

/// The first of `places`, until `end`.
fn until(places: &[u32], end: u32) -> &[u32] {
    let near = places.iter().take_while(|&&place| place <= end).count();
    &places[..near]
}

/// Places that are counted without a branch for each, which nobody could foresee.
const AT_ONCE: usize = 8;

/// The number of the first of `places` that is not before `at`; those before the number `from` are.
fn first_from(places: &[u32], from: usize, at: u32) -> usize {
    let is_before = |number: usize| places.get(number).is_some_and(|&place| place < at);
    let (mut low, mut step) = (from, AT_ONCE);
    while is_before(low + step - 1) {
        low += step;
        step *= 2;
    }
    while step > AT_ONCE {
        step /= 2;
        if is_before(low + step - 1) {
            low += step;
        }
    }
    let before = |places: &[u32]| {
        places
            .iter()
            .map(|&place| u32::from(place < at))
            .sum::<u32>()
    };
    let rest = places.get(low..).unwrap_or_default();
    low + match rest.first_chunk::<AT_ONCE>() {
        Some(rest) => before(rest) as usize,
        None => before(rest) as usize,
    }
}

/// What stands around a place.
#[derive(Default)]
struct Near {
    /// The places with the numbers of their words.
    matches: Vec<(u32, usize)>,
    /// How often each word occurs in a window.
    inside: Vec<u32>,
}

impl Near {
    fn add(&mut self, word: usize, places: &[u32]) {
        self.matches
            .extend(places.iter().map(|&place| (place, word)));
    }

    /// Tries the windows that hold the place `anchor`.
    fn try_windows(&mut self, words: &[Word<'_>], anchor: u32, best: &mut Best) {
        self.matches.sort_unstable();
        self.inside.clear();
        self.inside.resize(words.len(), 0);
        let (mut rarity, mut first) = (0, 0);
        for (last, &(at, word)) in self.matches.iter().enumerate() {
            if self.inside[word] == 0 {
                rarity += words[word].rarity;
            }
            self.inside[word] += 1;
            while at - self.matches[first].0 > WINDOW_BYTES {
                let left = self.matches[first].1;
                self.inside[left] -= 1;
                if self.inside[left] == 0 {
                    rarity -= words[left].rarity;
                }
                first += 1;
            }
            let value = (rarity, last - first + 1, Reverse(at));
            if at >= anchor && value > best.value {
                best.value = value;
                best.window = self.matches[first].0 as usize..at as usize;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Goes over all places of all words.
    fn by_looking_at_all(words: &[Word<'_>]) -> Range<usize> {
        let mut all: Vec<(u32, usize)> = Vec::new();
        for (number, word) in words.iter().enumerate() {
            all.extend(word.places.iter().map(|&at| (at, number)));
        }
        all.sort_unstable();
        let mut best = ((0, 0), 0..0);
        for (last, &(end, _)) in all.iter().enumerate() {
            let inside: Vec<(u32, usize)> = all[..=last]
                .iter()
                .copied()
                .filter(|(at, _)| end - at <= WINDOW_BYTES)
                .collect();
            let rarity: u64 = (words.iter().enumerate())
                .filter(|(number, _)| inside.iter().any(|(_, word)| word == number))
                .map(|(_, word)| word.rarity)
                .sum();
            let value = (rarity, inside.len());
            if value > best.0 {
                best = (value, inside[0].0 as usize..end as usize);
            }
        }
        best.1
    }

    fn check(given: Vec<(u64, Vec<u32>)>) {
        let words: Vec<Word<'_>> = given
            .iter()
            .map(|(rarity, places)| Word {
                places,
                rarity: *rarity,
            })
            .collect();
        let expected = by_looking_at_all(&words);
        assert_eq!(
            best_window(&mut words.clone(), &mut Marks::default()),
            expected,
            "{given:?}"
        );
    }

    #[test]
    fn rarity_counts_first_then_matches_then_the_order() {
        check(vec![]);
        check(vec![(1, vec![])]);
        check(vec![(1, vec![7])]);
        // As far apart as may be, and one byte more.
        check(vec![(1, vec![0]), (1, vec![170])]);
        check(vec![(1, vec![0]), (1, vec![171])]);
        // One rare word against two frequent ones.
        check(vec![(5, vec![900]), (2, vec![10, 400]), (2, vec![20, 500])]);
        check(vec![(3, vec![900]), (2, vec![10, 400]), (2, vec![20, 410])]);
        // The word with most places stands in the best window, which holds no other.
        check(vec![(1, vec![900]), (2, vec![10, 20, 30, 2_000])]);
        check(vec![(1, vec![u32::MAX - 1]), (1, vec![u32::MAX])]);
    }

    proptest! {
        #[test]
        fn it_is_what_looking_at_all_places_finds(
            owners in vec((0usize..6, 1u32..200), 0..80),
            often in vec((0usize..2, 1u32..40), 0..80),
            rarities in vec(1u64..4, 6),
        ) {
            let mut words: Vec<(u64, Vec<u32>)> =
                rarities.into_iter().map(|rarity| (rarity, Vec::new())).collect();
            let mut at = 0;
            for (owner, gap) in owners.into_iter().chain(often) {
                at += gap;
                words[owner].1.push(at);
            }
            check(words);
        }
    }
}
