//! All words of all books in their order, each by the number of its term: where words stand, and next to which others.
//!
//! A search over passages looks at few of them closely, and those it reads from end to end. So the place of a word is its
//! place in this list, and no list of positions has to be found, opened and decoded for each word of a query.

use std::ops::Range;

use tantivy::directory::OwnedBytes;

/// The list, four bytes for each word, the lowest first.
#[derive(Debug)]
pub(super) struct Words(OwnedBytes);

const BYTES: usize = 4;

impl Words {
    /// The list that `bytes` are.
    pub(super) fn new(bytes: OwnedBytes) -> Self {
        Self(bytes)
    }

    /// What [`Words::new`] reads.
    pub(super) fn to_bytes(words: &[u32]) -> Vec<u8> {
        words.iter().copied().flat_map(u32::to_le_bytes).collect()
    }

    /// Number of words; a rest of fewer than four bytes is no word, but counts, so that it is noticed.
    pub(super) fn len(&self) -> usize {
        self.0.len().div_ceil(BYTES)
    }

    /// The words at these places; places behind the last word are left out.
    pub(super) fn at(&self, places: Range<u32>) -> impl ExactSizeIterator<Item = u32> {
        let end = self.0.len();
        let byte = |place: u32| (place as usize * BYTES).min(end);
        let (words, _) = self.0[byte(places.start)..byte(places.end)].as_chunks::<BYTES>();
        words.iter().map(|word| u32::from_le_bytes(*word))
    }
}

/// Terms of a query to be recognised in a passage.
#[derive(Debug, Default)]
pub(super) struct TermSet {
    /// Numbers of terms, in order, with the places of the terms in the query.
    terms: Vec<(u32, usize)>,
    /// A bit for each of 64 classes of numbers, set where a term is of the class: most words are of none.
    classes: u64,
}

impl TermSet {
    /// These numbers of terms; what is found by them is their place.
    pub(super) fn new(numbers: impl Iterator<Item = u32>) -> Self {
        let mut terms: Vec<(u32, usize)> = numbers
            .enumerate()
            .map(|(place, number)| (number, place))
            .collect();
        terms.sort_unstable();
        let classes = terms
            .iter()
            .fold(0, |all, &(number, _)| all | class(number));
        Self { terms, classes }
    }

    /// Whether the word is one of the terms.
    pub(super) fn contains(&self, word: u32) -> bool {
        !self.found(word).is_empty()
    }

    /// The places of the terms that the word is, each with the word itself.
    pub(super) fn found(&self, word: u32) -> &[(u32, usize)] {
        if self.classes & class(word) == 0 {
            return &[];
        }
        let from = self.terms.partition_point(|&(number, _)| number < word);
        let rest = &self.terms[from..];
        &rest[..rest
            .iter()
            .take_while(|&&(number, _)| number == word)
            .count()]
    }
}

fn class(number: u32) -> u64 {
    1 << (number % 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_they_were_written() {
        let words = Words::new(OwnedBytes::new(Words::to_bytes(&[7, 0x0102_0304, 0])));
        let at = |places| words.at(places).collect::<Vec<u32>>();
        assert_eq!((words.len(), at(0..3)), (3, vec![7, 0x0102_0304, 0]));
        assert_eq!(
            (at(1..2), at(2..9), at(5..9)),
            (vec![0x0102_0304], vec![0], vec![])
        );
        assert_eq!(Words::new(OwnedBytes::new(vec![0; 5])).len(), 2);
    }

    #[test]
    fn terms_are_recognised_with_all_their_places() {
        let set = TermSet::new([70, 6, 70].into_iter());
        assert_eq!(set.found(70), [(70, 0), (70, 2)]);
        assert_eq!(
            (set.contains(6), set.contains(134), set.contains(5)),
            (true, false, false)
        );
        assert!(!TermSet::default().contains(0));
    }
}
