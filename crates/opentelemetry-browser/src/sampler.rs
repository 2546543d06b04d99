//! Decides which traces are recorded: a child follows its parent, a root follows its trace id.

use opentelemetry::TraceId;

/// Records a fixed share of traces. The decision depends on the low half of the trace id only, in the same way as the
/// ratio samplers of the native OpenTelemetry SDKs, so that two processes with the same ratio agree on a trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RatioSampler {
    /// Traces whose 63 lowest significant bits lie below are recorded.
    bound: u64,
}

impl RatioSampler {
    /// A sampler of `ratio`, from 0.0 to 1.0; what lies outside is the nearest end, NaN is 0.0.
    pub(crate) fn new(ratio: f64) -> Self {
        let bound = if ratio >= 1.0 {
            1 << 63
        } else {
            (ratio.max(0.0) * (1_u64 << 63) as f64) as u64
        };
        Self { bound }
    }

    /// Whether the trace is recorded.
    pub(crate) fn samples(self, trace_id: TraceId) -> bool {
        let low_half = u128::from_be_bytes(trace_id.to_bytes()) as u64;
        low_half >> 1 < self.bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Random, SEED_BYTES};

    fn sampled_of_10_000(ratio: f64) -> usize {
        let random = Random::new([3; SEED_BYTES]);
        let sampler = RatioSampler::new(ratio);
        (0..10_000)
            .filter(|_| sampler.samples(random.trace_id()))
            .count()
    }

    #[test]
    fn the_ends_are_exact() {
        for ratio in [1.0, 2.0, f64::INFINITY] {
            assert_eq!(sampled_of_10_000(ratio), 10_000, "{ratio}");
        }
        for ratio in [0.0, -1.0, f64::NAN] {
            assert_eq!(sampled_of_10_000(ratio), 0, "{ratio}");
        }
        assert!(RatioSampler::new(1.0).samples(TraceId::from_bytes([0xff; 16])));
    }

    #[test]
    fn the_share_is_met() {
        let sampled = sampled_of_10_000(0.25);
        assert!((2300..2700).contains(&sampled), "{sampled}");
    }

    #[test]
    fn a_larger_ratio_keeps_what_a_smaller_one_kept() {
        let random = Random::new([9; SEED_BYTES]);
        for _ in 0..1000 {
            let trace_id = random.trace_id();
            assert!(
                !RatioSampler::new(0.1).samples(trace_id)
                    || RatioSampler::new(0.2).samples(trace_id)
            );
        }
    }
}
