//! The few lines of a document that hold most of a query, found from the places of its words.
//!
//! A place is looked at only if what stands around it can be better than the best window so far. That is `MaxScore`, an
//! algorithm for the best documents, over windows of one document: words are taken from the fewest places to the most,
//! the windows with a place of the word are tried, and the word is done with. As soon as all words that are left are
//! together worth less than the best window, none of their places needs a look; and those are the most of all.

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
pub(super) fn best_window(words: &mut [Word<'_>]) -> Range<usize> {
    words.sort_by_key(|word| word.places.len());
    let mut best = Best::default();
    // Kept for all words, because to allocate costs more than to try a rare one.
    let (mut ahead, mut near) = (Vec::with_capacity(words.len()), Near::default());
    let mut left: u64 = words.iter().map(|word| word.rarity).sum();
    for number in 0..words.len() {
        if left < best.value.0 {
            break;
        }
        windows_with_first(&words[number..], left, (&mut ahead, &mut near), &mut best);
        left -= words[number].rarity;
    }
    best.window
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

/// Tries the windows that hold the first of `words`, which are worth `all` together.
fn windows_with_first(
    words: &[Word<'_>],
    all: u64,
    (ahead, near): (&mut Vec<Ahead>, &mut Near),
    best: &mut Best,
) {
    let Some((anchor, others)) = words.split_first() else {
        return;
    };
    ahead.clear();
    ahead.extend(others.iter().map(|word| Ahead::of(word.places, 0)));
    let mut number = 0;
    'places: while let Some(&at) = anchor.places.get(number) {
        // What holds an earlier place of the anchor was tried there.
        let tried = number
            .checked_sub(1)
            .map_or(0, |before| anchor.places[before] + 1);
        let start = tried.max(at.saturating_sub(WINDOW_BYTES));
        let end = at.saturating_add(WINDOW_BYTES);
        let mut rarity = all;
        let mut nearest = u64::MAX;
        for (word, ahead) in others.iter().zip(&mut *ahead) {
            if ahead.place < u64::from(start) {
                *ahead = Ahead::of(word.places, first_from(word.places, ahead.next, start));
            }
            if ahead.place > u64::from(end) {
                nearest = nearest.min(ahead.place);
                rarity -= word.rarity;
                if rarity < best.value.0 {
                    // Before one of the missing words is near, no window is better.
                    let Ok(nearest) = u32::try_from(nearest) else {
                        return;
                    };
                    let from = nearest.saturating_sub(WINDOW_BYTES);
                    number += 1;
                    if anchor.places.get(number).is_some_and(|&place| place < from) {
                        number = first_from(anchor.places, number, from);
                    }
                    continue 'places;
                }
            }
        }
        let here = number;
        number += 1;
        // A word that stands alone needs a look at one place: that of the match it has to have to be better.
        let needed = best.value.1 + usize::from(Reverse(at) <= best.value.2);
        if others.is_empty()
            && rarity == best.value.0
            && (anchor.places.get(here + needed - 1)).is_none_or(|&place| place > end)
        {
            continue;
        }
        let of_anchor = until(&anchor.places[here..], end);
        let of_others = || {
            (others.iter().zip(&*ahead)).map(|(word, ahead)| until(&word.places[ahead.next..], end))
        };
        let matches = of_anchor.len() + of_others().map(<[u32]>::len).sum::<usize>();
        if (rarity, matches, Reverse(at)) <= best.value {
            continue;
        }
        near.matches.clear();
        near.add(0, of_anchor);
        for (number, places) in (1..).zip(of_others()) {
            near.add(number, places);
        }
        near.try_windows(words, at, best);
    }
}

/// The first of `places`, until `end`.
fn until(places: &[u32], end: u32) -> &[u32] {
    let near = places.iter().take_while(|&&place| place <= end).count();
    &places[..near]
}

/// The next place of a word.
struct Ahead {
    /// Its number.
    next: usize,
    /// The place; beyond all others where there is none.
    place: u64,
}

impl Ahead {
    fn of(places: &[u32], next: usize) -> Self {
        let place = places.get(next).map_or(u64::MAX, |&place| u64::from(place));
        Self { next, place }
    }
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
        assert_eq!(best_window(&mut words.clone()), expected, "{given:?}");
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
