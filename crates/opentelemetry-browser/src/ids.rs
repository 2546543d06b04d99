//! Trace and span ids. The browser's `crypto` gives the seed once; from it on a small generator is fast enough for every
//! span and as unlikely to collide.

use std::cell::Cell;

use opentelemetry::{SpanId, TraceId};

use crate::propagation::push_hex;

/// Words of seed.
pub(crate) const SEED_WORDS: usize = 4;

/// The bytes of a trace id. Not inlined, here and below: WebAssembly has no instruction for the order of bytes, and whoever
/// turned them by himself would have a copy of this.
#[inline(never)]
pub(crate) fn trace_bytes(id: TraceId) -> [u8; 16] {
    id.to_bytes()
}

/// The bytes of a span id.
#[inline(never)]
pub(crate) fn span_bytes(id: SpanId) -> [u8; 8] {
    id.to_bytes()
}

/// Generates ids and jitter: xoshiro256++ by Blackman and Vigna.
#[derive(Debug)]
pub(crate) struct Random {
    state: Cell<[u64; SEED_WORDS]>,
}

impl Random {
    /// A generator that begins at `seed`.
    pub(crate) fn new([first, second, third, fourth]: [u64; SEED_WORDS]) -> Self {
        // All zeros is the one state the generator never leaves.
        Self {
            state: Cell::new([first | 1, second, third, fourth]),
        }
    }

    /// A new trace id, never the invalid one.
    pub(crate) fn trace_id(&self) -> TraceId {
        let high = self.next();
        let low = self.next().max(1);
        (u128::from(high) << 64 | u128::from(low)).into()
    }

    /// A new span id, never the invalid one.
    pub(crate) fn span_id(&self) -> SpanId {
        self.next().max(1).into()
    }

    /// A new UUID of version 4, the random one.
    pub(crate) fn uuid(&self) -> String {
        let mut bytes = trace_bytes(self.trace_id());
        bytes[6] = (bytes[6] & 0x0f) | 0x40;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        let mut text = String::new();
        for (index, byte) in bytes.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            push_hex(&mut text, &[*byte]);
        }
        text
    }

    /// A number from 0.0 up to, not including, 1.0.
    pub(crate) fn unit(&self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn next(&self) -> u64 {
        let [mut a, mut b, mut c, mut d] = self.state.get();
        let output = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let shifted = b << 17;
        c ^= a;
        d ^= b;
        b ^= c;
        a ^= d;
        c ^= shifted;
        d = d.rotate_left(45);
        self.state.set([a, b, c, d]);
        output
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn follows_the_published_generator() {
        // The reference implementation's first outputs for the state 1, 2, 3, 4.
        let random = Random::new([1, 2, 3, 4]);
        assert_eq!(
            [random.next(), random.next(), random.next()],
            [41_943_041, 58_720_359, 3_588_806_011_781_223]
        );
    }

    #[test]
    fn ids_are_valid_and_distinct() {
        let random = Random::new([7; SEED_WORDS]);
        let mut seen = HashSet::new();
        for _ in 0..10_000 {
            assert!(seen.insert(random.trace_id().to_bytes()));
            assert_ne!(random.span_id(), SpanId::INVALID);
            assert!((0.0..1.0).contains(&random.unit()));
        }
    }

    #[test]
    fn a_uuid_says_that_it_is_random() {
        let random = Random::new([7; SEED_WORDS]);
        let uuid = random.uuid();
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
        assert_eq!(uuid.as_bytes()[14], b'4', "{uuid}");
        assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
        assert_ne!(uuid, random.uuid());
    }

    #[test]
    fn a_seed_of_zeros_still_gives_ids() {
        let random = Random::new([0; SEED_WORDS]);
        assert_ne!(random.trace_id(), random.trace_id());
    }
}
