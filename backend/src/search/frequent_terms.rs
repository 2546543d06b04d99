//! Terms that stand in many passages: how often in each one, as a column with a byte for every passage; and what they can
//! add to a score, with a byte for every block of passages ([`Maxima`]).
//!
//! A posting list is short where a term is rare. Where every tenth passage has the term, it is longer than a column, has to
//! be decoded, and cannot be asked for one passage. A column can, and is added up many passages at a time.

use tantivy::directory::OwnedBytes;

use super::block_maxima::{Blocks, Maxima};
use super::length_norms::LengthNorms;
use super::term_rows::{NewRows, TermRows};

/// The columns.
#[derive(Debug)]
pub(super) struct FrequentTerms(TermRows);

/// A term has a column if it stands in at least one passage of so many.
const ONE_PASSAGE_IN: usize = 16;

impl FrequentTerms {
    /// What [`FrequentTerms::from_bytes`] and [`Maxima::from_bytes`] read, of all `words` in their order, by the numbers of
    /// their terms, of which there are so many, and of how many words each passage has.
    pub(super) fn to_bytes(
        words: &[u32],
        terms: usize,
        words_of_passages: &[u32],
        blocks: &Blocks,
    ) -> [Vec<u8>; 2] {
        let mut frequencies = vec![0; terms];
        let mut counts = vec![Count::default(); terms];
        for_each_frequency(
            words,
            words_of_passages,
            &mut frequencies,
            |_, term, frequency| {
                let count = &mut counts[term as usize];
                count.passages += 1;
                count.highest = count.highest.max(frequency);
            },
        );
        let passages = words_of_passages.len();
        let has_column = |count: &Count| {
            count.passages > 0
                && count.passages * ONE_PASSAGE_IN >= passages
                && count.highest <= u32::from(u8::MAX)
        };
        let norms = LengthNorms::new(words_of_passages.iter().copied());
        let block_of = blocks.of_passages();
        let mut columns = NewRows::new(counts.iter().map(has_column), passages);
        let mut maxima = Maxima::rows(counts.iter().map(|count| count.passages), passages, blocks);
        for_each_frequency(
            words,
            words_of_passages,
            &mut frequencies,
            |passage, term, frequency| {
                if let Some(byte) = columns.at(term, passage) {
                    *byte = frequency as u8;
                }
                if let Some(highest) = maxima.at(term, block_of[passage] as usize) {
                    let norm = norms.of(passage as u32);
                    *highest = (*highest).max(Maxima::byte(frequency, norm));
                }
            },
        );
        [columns.into_bytes(), maxima.into_bytes()]
    }

    /// The columns that `bytes` are, if they are those of so many passages.
    pub(super) fn from_bytes(bytes: &OwnedBytes, passages: usize) -> Option<Self> {
        Some(Self(TermRows::from_bytes(bytes, passages)?))
    }

    /// How often the term with this number stands in each passage; `None` where it has no column.
    pub(super) fn column(&self, term: u32) -> Option<&[u8]> {
        self.0.of(term)
    }
}

/// In how many passages a term stands, and how often at most.
#[derive(Clone, Default)]
struct Count {
    passages: usize,
    highest: u32,
}

/// Visits each term of each passage once, with how often it is there. `frequencies` are zeros, by terms.
fn for_each_frequency(
    words: &[u32],
    words_of_passages: &[u32],
    frequencies: &mut [u32],
    mut visit: impl FnMut(usize, u32, u32),
) {
    let mut rest = words;
    for (passage, &number) in words_of_passages.iter().enumerate() {
        let inside;
        (inside, rest) = rest.split_at(number as usize);
        for &term in inside {
            frequencies[term as usize] += 1;
        }
        for &term in inside {
            match std::mem::take(&mut frequencies[term as usize]) {
                0 => (),
                frequency => visit(passage, term, frequency),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The columns of one book.
    fn columns(words: &[u32], terms: usize, words_of_passages: &[u32]) -> Vec<u8> {
        let blocks = Blocks::new(&[0, words_of_passages.len() as u32]);
        let [columns, _] = FrequentTerms::to_bytes(words, terms, words_of_passages, &blocks);
        columns
    }

    #[test]
    fn only_frequent_terms_have_a_column() {
        // Term 0 in every passage, term 1 in one of 40, term 2 in the first five, twice.
        let (mut words, mut lengths) = (Vec::new(), Vec::new());
        for passage in 0..40 {
            let before = words.len();
            words.push(0);
            words.extend((passage == 7).then_some(1));
            words.extend([2, 2].into_iter().filter(|_| passage < 5));
            lengths.push((words.len() - before) as u32);
        }
        let bytes = OwnedBytes::new(columns(&words, 3, &lengths));
        let read = FrequentTerms::from_bytes(&bytes, 40).unwrap();
        assert_eq!(read.column(0), Some([1; 40].as_slice()));
        assert_eq!(read.column(1), None);
        let twice = read.column(2).unwrap();
        assert_eq!(
            (&twice[..5], &twice[5..]),
            ([2; 5].as_slice(), [0; 35].as_slice())
        );
        assert_eq!(read.column(3), None);
    }

    #[test]
    fn a_term_that_a_byte_cannot_count_has_no_column() {
        let words = vec![0; 256];
        let bytes = columns(&words, 1, &[256]);
        let read = FrequentTerms::from_bytes(&OwnedBytes::new(bytes), 1).unwrap();
        assert_eq!(read.column(0), None);
    }

    #[test]
    fn bytes_of_another_index_are_refused() {
        let bytes = columns(&[0, 1, 0], 2, &[2, 1]);
        let read = |bytes: &[u8], passages| {
            FrequentTerms::from_bytes(&OwnedBytes::new(bytes.to_vec()), passages).is_some()
        };
        assert!(read(&bytes, 2));
        assert!(!read(&bytes, 3));
        assert!(!read(&bytes[..bytes.len() - 1], 2));
        assert!(!read(&[], 2));
        assert!(!read(&[255; 4], 2));
    }
}
