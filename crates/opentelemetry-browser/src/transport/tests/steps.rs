//! Any order of records, timers and answers.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    Push { trace: u8, size: usize },
    PushLog { size: usize },
    Wait { ms: u16 },
    Timer,
    Answer(Outcome),
    Flush,
}

fn step() -> impl Strategy<Value = Step> {
    let outcome = prop_oneof![
        3 => Just(ACCEPTED),
        2 => prop_oneof![Just(429), Just(503), Just(400), Just(0)].prop_map(busy),
        1 => Just(Outcome::NetworkError),
        1 => Just(Outcome::TimedOut),
        1 => any::<f64>().prop_map(|wait_ms| busy_for(503, wait_ms)),
        1 => any::<u64>().prop_map(|rejected| Outcome::Answered(Answer { status: 200, rejected, ..Answer::default() })),
    ];
    prop_oneof![
        6 => (any::<u8>(), prop_oneof![0..2000_usize, Just(70_000)]).prop_map(|(trace, size)| Step::Push { trace, size }),
        2 => (0..2000_usize).prop_map(|size| Step::PushLog { size }),
        1 => any::<u16>().prop_map(|ms| Step::Wait { ms }),
        2 => Just(Step::Timer),
        3 => outcome.prop_map(Step::Answer),
        1 => Just(Step::Flush),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_spans_are_counted_bounded_and_sent_in_the_end(steps in proptest::collection::vec(step(), 0..300)) {
        let mut bench = Bench::new();
        bench.keeps = true;
        for step in steps {
            match step {
                Step::Push { trace, size } => bench.push(trace, size),
                Step::PushLog { size } => bench.push_log(size),
                Step::Wait { ms } => bench.now_ms += f64::from(ms),
                Step::Timer => drop(bench.run_timer()),
                Step::Answer(outcome) if !bench.sent.is_empty() => bench.answer(outcome),
                Step::Answer(_) => {}
                Step::Flush => bench.flush(),
            }
            bench.assert_nothing_is_lost_silently();
            prop_assert!(bench.keepalive_bytes() < KEEPALIVE_BYTES);
        }
        // Timers and answers alone, as in a page left to itself, empty it.
        for _ in 0..1000 {
            if !bench.sent.is_empty() {
                bench.answer(ACCEPTED);
            } else if !bench.run_timer() {
                break;
            }
        }
        let stats = bench.exporter.stats();
        for signal in [stats.spans, stats.logs] {
            prop_assert_eq!((signal.queued, signal.in_flight), (0, 0));
        }
    }
}
