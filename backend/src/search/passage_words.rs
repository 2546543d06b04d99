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
        let words = self.slice(places).iter();
        words.map(|word| u32::from_le_bytes(*word))
    }

    /// The same as they are stored.
    pub(super) fn slice(&self, places: Range<u32>) -> &[[u8; BYTES]] {
        let end = self.0.len();
        let byte = |place: u32| (place as usize * BYTES).min(end);
        let (words, _) = self.0[byte(places.start)..byte(places.end)].as_chunks();
        words
    }
}

/// Terms of a query to be recognised in a passage.
#[derive(Debug)]
pub(super) struct TermSet {
    /// Numbers of terms, in order, with the places of the terms in the query.
    terms: Vec<(u32, usize)>,
    /// For each of 256 classes of numbers whether a term is of it: most words are of none.
    classes: Classes,
}

/// By the lowest bytes of numbers.
type Classes = [bool; 1 << u8::BITS];

impl TermSet {
    /// These numbers of terms; what is found by them is their place.
    pub(super) fn new(numbers: impl Iterator<Item = u32>) -> Self {
        let mut terms: Vec<(u32, usize)> = numbers
            .enumerate()
            .map(|(place, number)| (number, place))
            .collect();
        terms.sort_unstable();
        let mut classes = [false; 1 << u8::BITS];
        for &(number, _) in &terms {
            classes[class(number.to_le_bytes())] = true;
        }
        Self { terms, classes }
    }

    /// Visits those of `words` that are terms: their numbers among them, and the places of the terms, each with the word
    /// itself.
    pub(super) fn for_each_found(
        &self,
        words: &[[u8; BYTES]],
        mut visit: impl FnMut(u32, &[(u32, usize)]),
    ) {
        for (first, words) in (0..).step_by(TOGETHER).zip(words.chunks(TOGETHER)) {
            // Without a branch for each word, because which of them are terms nobody could foresee.
            let mut suspects = 0_u64;
            for (number, &word) in words.iter().enumerate() {
                suspects |= u64::from(self.classes[class(word)]) << number;
            }
            while suspects != 0 {
                let number = suspects.trailing_zeros();
                suspects &= suspects - 1;
                let found = self.found(u32::from_le_bytes(words[number as usize]));
                if !found.is_empty() {
                    visit(first + number, found);
                }
            }
        }
    }

    /// The places of the terms that the word is, each with the word itself.
    fn found(&self, word: u32) -> &[(u32, usize)] {
        let from = self.terms.partition_point(|&(number, _)| number < word);
        let rest = &self.terms[from..];
        &rest[..rest
            .iter()
            .take_while(|&&(number, _)| number == word)
            .count()]
    }
}

/// So many words are looked at together.
const TOGETHER: usize = u64::BITS as usize;

fn class(number: [u8; BYTES]) -> usize {
    usize::from(number[0])
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
        let found = |terms: &[u32], words: &[u32]| {
            let words: Vec<[u8; BYTES]> = words.iter().map(|word| word.to_le_bytes()).collect();
            let mut found = Vec::new();
            let set = TermSet::new(terms.iter().copied());
            set.for_each_found(&words, |number, terms| {
                found.push((number, terms.to_vec()));
            });
            found
        };
        // 326 looks like 70, until it is looked at closely.
        assert_eq!(
            found(&[70, 6, 70], &[5, 70, 326, 6]),
            [(1, vec![(70, 0), (70, 2)]), (3, vec![(6, 1)])]
        );
        let mut words = [0; 70];
        words[63] = 7;
        words[64] = 8;
        assert_eq!(
            found(&[8, 7], &words),
            [(63, vec![(7, 1)]), (64, vec![(8, 0)])]
        );
        assert_eq!(found(&[], &[0]), []);
    }
}
