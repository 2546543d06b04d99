//! Terms that stand in many passages: how often in each one, as a column with a byte for every passage.
//!
//! A posting list is short where a term is rare. Where every tenth passage has the term, it is longer than a column, has to
//! be decoded, and cannot be asked for one passage. A column can, and is added up many passages at a time.

use tantivy::directory::OwnedBytes;

/// The columns.
#[derive(Debug)]
pub(super) struct FrequentTerms {
    /// Numbers of terms, in order: which column is whose.
    terms: Vec<u32>,
    /// One column behind the other.
    columns: OwnedBytes,
    passages: usize,
}

/// A term has a column if it stands in at least one passage of so many.
const ONE_PASSAGE_IN: usize = 16;
/// Bytes of a number in front of the columns: how many there are, and whose.
const NUMBER: usize = 4;

impl FrequentTerms {
    /// What [`FrequentTerms::from_bytes`] reads, of all `words` in their order, by the numbers of their terms, of which there
    /// are so many, and of how many words each passage has.
    pub(super) fn to_bytes(words: &[u32], terms: usize, words_of_passages: &[u32]) -> Vec<u8> {
        let mut counts = vec![Count::default(); terms];
        for_each_frequency(
            words,
            words_of_passages,
            &mut vec![0; terms],
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
        let mut column_of = vec![None; terms];
        let mut bytes = vec![0; NUMBER];
        let mut columns = 0;
        for (term, _) in (0_u32..)
            .zip(&counts)
            .filter(|(_, count)| has_column(count))
        {
            column_of[term as usize] = Some(columns);
            bytes.extend(term.to_le_bytes());
            columns += 1;
        }
        bytes[..NUMBER].copy_from_slice(&(columns as u32).to_le_bytes());
        let first = bytes.len();
        bytes.resize(first + columns * passages, 0);
        for_each_frequency(
            words,
            words_of_passages,
            &mut vec![0; terms],
            |passage, term, frequency| {
                if let Some(column) = column_of[term as usize] {
                    bytes[first + column * passages + passage] = frequency as u8;
                }
            },
        );
        bytes
    }

    /// The columns that `bytes` are, if they are those of so many passages.
    pub(super) fn from_bytes(bytes: &OwnedBytes, passages: usize) -> Option<Self> {
        let number = u32::from_le_bytes(*bytes.first_chunk::<NUMBER>()?) as usize;
        let first = number.checked_add(1)?.checked_mul(NUMBER)?;
        let (terms, _) = bytes.get(NUMBER..first)?.as_chunks::<NUMBER>();
        let terms: Vec<u32> = terms.iter().map(|term| u32::from_le_bytes(*term)).collect();
        let columns = bytes.slice(first..bytes.len());
        let is_whole = columns.len() == number.checked_mul(passages)?;
        (is_whole && terms.is_sorted()).then_some(Self {
            terms,
            columns,
            passages,
        })
    }

    /// How often the term with this number stands in each passage; `None` where it has no column.
    pub(super) fn column(&self, term: u32) -> Option<&[u8]> {
        let column = self.terms.binary_search(&term).ok()?;
        let from = column * self.passages;
        Some(&self.columns[from..from + self.passages])
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
        let bytes = OwnedBytes::new(FrequentTerms::to_bytes(&words, 3, &lengths));
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
        let bytes = FrequentTerms::to_bytes(&words, 1, &[256]);
        let read = FrequentTerms::from_bytes(&OwnedBytes::new(bytes), 1).unwrap();
        assert_eq!(read.column(0), None);
    }

    #[test]
    fn bytes_of_another_index_are_refused() {
        let bytes = FrequentTerms::to_bytes(&[0, 1, 0], 2, &[2, 1]);
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
