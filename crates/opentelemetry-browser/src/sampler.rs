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
        self.samples_bits(u128::from_be_bytes(trace_id.to_bytes()) as u64)
    }

    /// Whether what has these random bits is recorded.
    pub(crate) fn samples_bits(self, bits: u64) -> bool {
        bits >> 1 < self.bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Random, SEED_WORDS};

    fn sampled_of_10_000(ratio: f64) -> usize {
        let random = Random::new([3; SEED_WORDS]);
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

    /// Natively this is the sampler of the servers.
    #[cfg(not(target_arch = "wasm32"))]
    #[test]
    fn agrees_with_the_native_sdk_on_every_trace() {
        use opentelemetry::trace::SpanKind;
        use opentelemetry_sdk::trace::{Sampler, SamplingDecision, ShouldSample};

        let random = Random::new([6; SEED_WORDS]);
        let edges = [
            0,
            1,
            u64::MAX,
            u64::MAX / 2,
            1 << 63,
            (1 << 63) - 1,
            1 << 62,
        ]
        .map(|low| {
            let high = u128::from(u64::MAX) << 64;
            TraceId::from_bytes((high | u128::from(low)).to_be_bytes())
        });
        let trace_ids: Vec<TraceId> = std::iter::repeat_with(|| random.trace_id())
            .take(2000)
            .chain(edges)
            .collect();
        for ratio in [
            -1.0, 0.0, 1e-19, 1e-9, 0.001, 0.1, 0.25, 0.5, 0.75, 0.999_999, 1.0, 2.0,
        ] {
            let native = Sampler::TraceIdRatioBased(ratio);
            for trace_id in &trace_ids {
                let result =
                    native.should_sample(None, *trace_id, "", &SpanKind::Internal, &[], &[]);
                assert_eq!(
                    RatioSampler::new(ratio).samples(*trace_id),
                    result.decision == SamplingDecision::RecordAndSample,
                    "{trace_id} at {ratio}"
                );
            }
        }
    }

    #[test]
    fn a_larger_ratio_keeps_what_a_smaller_one_kept() {
        let random = Random::new([9; SEED_WORDS]);
        for _ in 0..1000 {
            let trace_id = random.trace_id();
            assert!(
                !RatioSampler::new(0.1).samples(trace_id)
                    || RatioSampler::new(0.2).samples(trace_id)
            );
        }
    }
}
