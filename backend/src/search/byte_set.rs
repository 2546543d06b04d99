//! Which bytes of a text belong to a class, a bit for each: sixty-four are looked at together.

use std::ops::Range;

/// A set of bytes of a text by their places, the first in the lowest bit.
#[derive(Clone, Debug)]
pub(super) struct ByteSet(Vec<u64>);

/// Bytes for one number of bits.
const BITS: usize = u64::BITS as usize;

impl ByteSet {
    /// The bytes of a text in ISO-8859-1 that are in a class: told of ASCII by `is_ascii_member`, which had better be a
    /// few comparisons, because processors do these for many bytes at once; and by `is_member` beyond.
    pub(super) fn of_class(
        text: &[u8],
        is_ascii_member: impl Fn(u8) -> bool,
        is_member: impl Fn(char) -> bool,
    ) -> Self {
        Self(match text.is_ascii() {
            true => bits(text, is_ascii_member),
            false => bits(text, |byte| match byte.is_ascii() {
                true => is_ascii_member(byte),
                false => is_member(char::from(byte)),
            }),
        })
    }

    /// Those right behind which another one stands; `is_first` says whether the first counts as well.
    pub(super) fn behind_another(&self, is_first: bool) -> Self {
        let mut last = u64::from(is_first);
        let behind = self.0.iter().map(|&bits| {
            let behind = bits & (bits << 1 | last);
            last = bits >> (BITS - 1);
            behind
        });
        Self(behind.collect())
    }

    pub(super) fn contains(&self, at: usize) -> bool {
        let bits = self.0.get(at / BITS);
        bits.is_some_and(|bits| bits >> (at % BITS) & 1 == 1)
    }

    /// Adds a byte of the text.
    pub(super) fn insert(&mut self, at: usize) {
        if let Some(bits) = self.0.get_mut(at / BITS) {
            *bits |= 1 << (at % BITS);
        }
    }

    /// How many stand before `at`.
    pub(super) fn count_before(&self, at: usize) -> usize {
        let whole = (at / BITS).min(self.0.len());
        let rest = self
            .0
            .get(whole)
            .map_or(0, |bits| bits & ((1 << (at % BITS)) - 1));
        let bits = self.0[..whole].iter().copied().chain([rest]);
        bits.map(|bits| bits.count_ones() as usize).sum()
    }

    /// The first place at or after `from` where bytes of the set stand in a row.
    pub(super) fn next_run(&self, from: usize) -> Option<Range<usize>> {
        let (mut chunk, mut bit) = (from / BITS, from % BITS);
        loop {
            let bits = self.0.get(chunk)? >> bit;
            if bits != 0 {
                let start = chunk * BITS + bit + bits.trailing_zeros() as usize;
                return Some(start..self.end_of_run(start));
            }
            (chunk, bit) = (chunk + 1, 0);
        }
    }

    /// The runs with these `numbers`, counted from 0, which are in order; those behind the last run are left out.
    pub(super) fn runs(&self, numbers: &[u32]) -> Vec<Range<usize>> {
        let mut runs = Vec::with_capacity(numbers.len());
        let mut wanted = numbers.iter().copied().peekable();
        let (mut passed, mut last) = (0, 0);
        for (chunk, &bits) in self.0.iter().enumerate() {
            let mut starts = bits & !(bits << 1 | last);
            last = bits >> (BITS - 1);
            let next = passed + starts.count_ones();
            while let Some(number) = wanted.next_if(|&number| number < next) {
                for _ in passed..number {
                    starts &= starts - 1;
                }
                passed = number;
                let start = chunk * BITS + starts.trailing_zeros() as usize;
                runs.push(start..self.end_of_run(start));
            }
            passed = next;
        }
        runs
    }

    fn end_of_run(&self, start: usize) -> usize {
        let (mut chunk, mut bit) = (start / BITS, start % BITS);
        loop {
            let length = (self.0[chunk] >> bit).trailing_ones() as usize;
            if bit + length < BITS || chunk + 1 == self.0.len() {
                return chunk * BITS + bit + length;
            }
            (chunk, bit) = (chunk + 1, 0);
        }
    }
}

fn bits(text: &[u8], is_member: impl Fn(u8) -> bool) -> Vec<u64> {
    let mut flags = [0; BITS];
    let chunks = text.chunks(BITS).map(|chunk| {
        for (flag, &byte) in flags.iter_mut().zip(chunk) {
            *flag = u8::from(is_member(byte));
        }
        flags[chunk.len()..].fill(0);
        let (eights, _) = flags.as_chunks();
        let eights = eights
            .iter()
            .map(|eight| gather(u64::from_le_bytes(*eight)));
        eights.rev().fold(0, |all, bits| all << 8 | bits)
    });
    chunks.collect()
}

/// Eight bytes of 0 or 1 as eight bits: byte `k` is multiplied so that it arrives at bit 56 + `k`.
fn gather(flags: u64) -> u64 {
    flags.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_set_is_what_looking_at_each_byte_gives(
            text in "[ab]{0,140}(\u{e6}[ab]{0,9})?",
            numbers in proptest::collection::btree_set(0..60_u32, 0..30),
            at in 0..200_usize,
        ) {
            let text: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
            let set = ByteSet::of_class(&text, |byte| byte == b'a', |letter| letter == '\u{e6}');
            let is_member = |at: usize| text.get(at).is_some_and(|byte| [b'a', 0xe6].contains(byte));
            let members = (0..text.len()).filter(|&at| is_member(at));
            proptest::prop_assert_eq!(set.contains(at), is_member(at));
            proptest::prop_assert_eq!(set.count_before(at), members.filter(|&one| one < at).count());

            let is_start = |&at: &usize| is_member(at) && (at == 0 || !is_member(at - 1));
            let end = |at: usize| (at..).find(|&at| !is_member(at)).unwrap_or(at);
            let runs: Vec<Range<usize>> = (0..text.len()).filter(is_start).map(|at| at..end(at)).collect();
            let wanted: Vec<_> = numbers.iter().filter_map(|&number| runs.get(number as usize).cloned()).collect();
            let numbers: Vec<u32> = numbers.into_iter().collect();
            proptest::prop_assert_eq!(set.runs(&numbers), wanted);
            let next = runs.iter().find(|run| run.start >= at).cloned();
            proptest::prop_assert_eq!(set.next_run(at).filter(|_| !is_member(at)), next.filter(|_| !is_member(at)));

            let behind = set.behind_another(true);
            let is_behind = is_member(at) && (at == 0 || is_member(at - 1));
            proptest::prop_assert_eq!(behind.contains(at), is_behind);
        }
    }
}
