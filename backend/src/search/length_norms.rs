//! What the lengths of passages do to how much occurrences count in them ([`length_norm`]).
//!
//! The norms stand twice: as numbers for who reads passages one after the other, and by lengths of one byte for who reads
//! some here and there, because four times as many of those fit into the cache of a processor.

use std::ops::Range;

use tantivy::DocId;

use super::passage_vector::length_norm;

/// The norms of all passages.
#[derive(Debug)]
pub(super) struct LengthNorms {
    /// Words of each passage. A passage of more than 255 words, which only a text without white space has, counts as one of
    /// 255.
    lengths: Vec<u8>,
    /// By lengths.
    norms: [f32; LENGTHS],
    /// By passages.
    all: Vec<f32>,
}

/// Lengths that a byte can be.
const LENGTHS: usize = 1 << u8::BITS;

impl LengthNorms {
    /// The norms of passages of so many words.
    pub(super) fn new(words: impl Iterator<Item = u32>) -> Self {
        let (mut sum, mut lengths) = (0, Vec::new());
        for words in words {
            sum += u64::from(words);
            lengths.push(u8::try_from(words).unwrap_or(u8::MAX));
        }
        let mean = sum as f32 / lengths.len().max(1) as f32;
        let norms: [f32; LENGTHS] = std::array::from_fn(|words| length_norm(words as f32 / mean));
        Self {
            all: lengths
                .iter()
                .map(|&length| norms[usize::from(length)])
                .collect(),
            lengths,
            norms,
        }
    }

    /// That of a passage.
    pub(super) fn of(&self, passage: DocId) -> f32 {
        self.norms[usize::from(self.lengths[passage as usize])]
    }

    /// Those of `passages`, to be asked for by their places here and there.
    pub(super) fn here_and_there(&self, passages: &Range<DocId>) -> impl Fn(usize) -> f32 {
        let lengths = &self.lengths[passages.start as usize..passages.end as usize];
        |place| self.norms[usize::from(lengths[place])]
    }

    /// Those of `passages`, one after the other.
    pub(super) fn in_order(&self, passages: &Range<DocId>) -> &[f32] {
        &self.all[passages.start as usize..passages.end as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn norms_are_the_same_however_they_are_asked_for() {
        let norms = LengthNorms::new([60, 0, 300, 255, 1].into_iter());
        let one_by_one: Vec<f32> = (1..4).map(|passage| norms.of(passage)).collect();
        let here_and_there: Vec<f32> = (0..3).map(norms.here_and_there(&(1..4))).collect();
        assert_eq!(norms.in_order(&(1..4)), one_by_one);
        assert_eq!(here_and_there, one_by_one);
        assert_eq!(one_by_one[1], one_by_one[2]);
        assert!(one_by_one[0] < one_by_one[1]);
        assert!((norms.of(0) - length_norm(60.0 / 123.2)).abs() < 1e-6);
    }
}
