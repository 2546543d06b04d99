//! Which bytes of a text belong to a class, a bit for each: sixty-four are looked at together.

use std::ops::Range;

/// A set of bytes of a text by their places, the first in the lowest bit. Who looks at many texts keeps one for all.
#[derive(Clone, Debug, Default)]
pub(super) struct ByteSet(Vec<u64>);

/// Bytes for one number of bits.
const BITS: usize = u64::BITS as usize;

impl ByteSet {
    /// Holds nothing.
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    /// Becomes the bytes of a text in ISO-8859-1 that are in a class: told of ASCII by `is_ascii_member`, which had better
    /// be a few comparisons, because processors do these for many bytes at once; and by `is_member` beyond.
    pub(super) fn become_class(
        &mut self,
        text: &[u8],
        is_ascii_member: impl Fn(u8) -> bool,
        is_member: impl Fn(char) -> bool,
    ) {
        self.0.resize(text.len().div_ceil(BITS), 0);
        match text.is_ascii() {
            true => set_bits(&mut self.0, text, is_ascii_member),
            false => set_bits(&mut self.0, text, |byte| match byte.is_ascii() {
                true => is_ascii_member(byte),
                false => is_member(char::from(byte)),
            }),
        }
    }

    /// Leaves those right behind which another one stands; `is_first` says whether the first counts as well.
    pub(super) fn keep_behind_another(&mut self, is_first: bool) {
        let mut last = u64::from(is_first);
        for bits in &mut self.0 {
            let behind = *bits & (*bits << 1 | last);
            last = *bits >> (BITS - 1);
            *bits = behind;
        }
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

    /// Takes a byte of the text out.
    pub(super) fn remove(&mut self, at: usize) {
        if let Some(bits) = self.0.get_mut(at / BITS) {
            *bits &= !(1 << (at % BITS));
        }
    }

    /// How many stand before `at`.
    pub(super) fn count_before(&self, at: usize) -> usize {
        let bits = &self.0;
        let whole = (at / BITS).min(bits.len());
        let rest = bits
            .get(whole)
            .map_or(0, |bits| bits & ((1 << (at % BITS)) - 1));
        let bits = bits[..whole].iter().copied().chain([rest]);
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
    pub(super) fn runs<N: Iterator<Item = u32>>(&self, numbers: N) -> Runs<'_, N> {
        Runs {
            set: self,
            bits: &self.0,
            numbers,
            chunks: 0,
            starts: 0,
            passed: 0,
            behind: 0,
            last: 0,
        }
    }

    fn end_of_run(&self, start: usize) -> usize {
        let bits = &self.0;
        let (mut chunk, mut bit) = (start / BITS, start % BITS);
        loop {
            let length = (bits[chunk] >> bit).trailing_ones() as usize;
            if bit + length < BITS || chunk + 1 == bits.len() {
                return chunk * BITS + bit + length;
            }
            (chunk, bit) = (chunk + 1, 0);
        }
    }
}

/// What [`ByteSet::runs`] gives.
pub(super) struct Runs<'s, N> {
    set: &'s ByteSet,
    bits: &'s [u64],
    numbers: N,
    /// Numbers of bits that were looked at.
    chunks: usize,
    /// Where runs start in the last one of them, without those that are passed.
    starts: u64,
    /// The number of the run that starts first there, and of the first one behind.
    passed: u32,
    behind: u32,
    /// The highest bit of the last one.
    last: u64,
}

impl<N: Iterator<Item = u32>> Iterator for Runs<'_, N> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let number = self.numbers.next()?;
        while number >= self.behind {
            let &bits = self.bits.get(self.chunks)?;
            self.chunks += 1;
            self.starts = bits & !(bits << 1 | self.last);
            self.last = bits >> (BITS - 1);
            self.passed = self.behind;
            self.behind += self.starts.count_ones();
        }
        for _ in self.passed..number {
            self.starts &= self.starts - 1;
        }
        self.passed = number;
        let start = (self.chunks - 1) * BITS + self.starts.trailing_zeros() as usize;
        Some(start..self.set.end_of_run(start))
    }
}

/// Sets the bits of the members.
fn set_bits(bits: &mut [u64], text: &[u8], is_member: impl Fn(u8) -> bool) {
    let bits_of = |chunk: &[u8; BITS]| {
        let flags = chunk.map(|byte| u8::from(is_member(byte)));
        let (eights, _) = flags.as_chunks();
        let eights = eights
            .iter()
            .map(|eight| gather(u64::from_le_bytes(*eight)));
        eights.rev().fold(0, |all, bits| all << 8 | bits)
    };
    let (chunks, rest) = text.as_chunks();
    for (bits, chunk) in bits.iter_mut().zip(chunks) {
        *bits = bits_of(chunk);
    }
    if let Some(bits) = bits.get_mut(chunks.len()) {
        let mut chunk = [0; BITS];
        chunk[..rest.len()].copy_from_slice(rest);
        // What was filled up is in no class.
        *bits = bits_of(&chunk) & ((1 << rest.len()) - 1);
    }
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
            text in "[ab]{0,140}(\u{e6}[ab]{0,9}|[ab]{1100})?",
            numbers in proptest::collection::btree_set(0..60_u32, 0..30),
            at in 0..200_usize,
            before in 0..9_usize,
        ) {
            let text: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
            // What it held before is forgotten.
            let mut set = ByteSet(vec![u64::MAX; before]);
            set.become_class(&text, |byte| byte == b'a', |letter| letter == '\u{e6}');
            let is_member = |at: usize| text.get(at).is_some_and(|byte| [b'a', 0xe6].contains(byte));
            let members = (0..text.len()).filter(|&at| is_member(at));
            proptest::prop_assert_eq!(set.contains(at), is_member(at));
            let (mut with, mut without) = (set.clone(), set.clone());
            with.insert(at);
            without.remove(at);
            proptest::prop_assert_eq!((with.contains(at), without.contains(at)), (at < text.len().next_multiple_of(64), false));
            proptest::prop_assert_eq!(with.count_before(at), without.count_before(at));
            proptest::prop_assert_eq!(set.count_before(at), members.filter(|&one| one < at).count());

            let is_start = |&at: &usize| is_member(at) && (at == 0 || !is_member(at - 1));
            let end = |at: usize| (at..).find(|&at| !is_member(at)).unwrap_or(at);
            let runs: Vec<Range<usize>> = (0..text.len()).filter(is_start).map(|at| at..end(at)).collect();
            let wanted: Vec<_> = numbers.iter().filter_map(|&number| runs.get(number as usize).cloned()).collect();
            proptest::prop_assert_eq!(set.runs(numbers.into_iter()).collect::<Vec<_>>(), wanted);
            let next = runs.iter().find(|run| run.start >= at).cloned();
            proptest::prop_assert_eq!(set.next_run(at).filter(|_| !is_member(at)), next.filter(|_| !is_member(at)));

            let mut behind = set;
            behind.keep_behind_another(true);
            let is_behind = is_member(at) && (at == 0 || is_member(at - 1));
            proptest::prop_assert_eq!(behind.contains(at), is_behind);
        }
    }
}
