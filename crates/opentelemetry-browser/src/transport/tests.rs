//! The exporter against a receiver made of numbers.

#[cfg(feature = "logs")]
mod steps;

use opentelemetry::TraceId;

use super::*;

const ACCEPTED: Outcome = Outcome::Answered(Answer {
    status: 200,
    retry_after_ms: None,
    rejected: 0,
    sent_bytes: 10,
});

fn busy(status: u16) -> Outcome {
    Outcome::Answered(Answer {
        status,
        ..Answer::default()
    })
}

fn busy_for(status: u16, wait_ms: f64) -> Outcome {
    Outcome::Answered(Answer {
        status,
        retry_after_ms: Some(wait_ms),
        ..Answer::default()
    })
}

fn record(trace: u8, size: usize) -> Finished {
    Finished {
        trace_id: TraceId::from_bytes([trace; 16]),
        scope: Default::default(),
        bytes: vec![0; size],
    }
}

/// An exporter, its clock, and what it asked for.
struct Bench {
    exporter: Exporter,
    now_ms: f64,
    timers_ms: Vec<f64>,
    sent: Vec<Export>,
    /// Whether what is given up is kept.
    keeps: bool,
}

impl Bench {
    fn new() -> Self {
        Self {
            exporter: Exporter::new(Limits::default(), Vec::new()),
            now_ms: 0.0,
            timers_ms: Vec::new(),
            sent: Vec::new(),
            keeps: false,
        }
    }

    fn apply(&mut self, commands: Vec<Command>) {
        for command in commands {
            match command {
                Command::StartTimer { delay_ms } => {
                    self.timers_ms.push(self.now_ms + f64::from(delay_ms))
                }
                Command::Send(export) => self.sent.push(export),
                Command::GiveUp { export, records } => {
                    // Every other one finds room.
                    let is_kept = export.id.is_multiple_of(2) && self.keeps;
                    self.exporter
                        .count_given_up(export.signal, records, is_kept);
                }
            }
        }
    }

    fn push(&mut self, trace: u8, size: usize) {
        self.push_record(Signal::Spans, record(trace, size));
    }

    #[cfg(feature = "logs")]
    fn push_log(&mut self, size: usize) {
        self.push_record(Signal::Logs, record(0, size));
    }

    fn push_record(&mut self, signal: Signal, record: Finished) {
        self.exporter.count_created(signal);
        if self.exporter.push(signal, record, Losses::default()) {
            let commands = self.exporter.schedule(self.now_ms);
            self.apply(commands);
        }
    }

    fn flush(&mut self) {
        let commands = self.exporter.flush(self.now_ms);
        self.apply(commands);
    }

    /// Ends the oldest request that is under way.
    fn answer(&mut self, outcome: Outcome) {
        let id = self.sent.remove(0).id;
        let commands = self.exporter.on_outcome(id, outcome, self.now_ms, 0.5);
        self.apply(commands);
    }

    /// Lets the next timer run out; says whether there was one.
    fn run_timer(&mut self) -> bool {
        let Some(next_ms) = self.timers_ms.iter().copied().reduce(f64::min) else {
            return false;
        };
        self.timers_ms.retain(|timer_ms| *timer_ms != next_ms);
        self.now_ms = self.now_ms.max(next_ms);
        let commands = self.exporter.on_timer(self.now_ms);
        self.apply(commands);
        true
    }

    fn keepalive_bytes(&self) -> usize {
        self.sent
            .iter()
            .filter(|export| export.keepalive)
            .map(|export| export.body.len())
            .sum()
    }

    fn assert_nothing_is_lost_silently(&self) {
        let stats = self.exporter.stats();
        for signal in [stats.spans, stats.logs] {
            let known = signal.queued
                + signal.in_flight
                + signal.exported
                + signal.spilled
                + signal.dropped();
            assert_eq!(signal.created, known, "{stats:?}");
        }
    }
}

#[test]
fn a_span_is_sent_after_two_seconds() {
    let mut bench = Bench::new();
    bench.push(1, 100);
    bench.now_ms = 500.0;
    bench.push(1, 100);
    assert_eq!(
        (bench.timers_ms.as_slice(), bench.sent.len()),
        ([2000.0].as_slice(), 0)
    );
    bench.run_timer();
    assert!(
        matches!(bench.sent.as_slice(), [export] if export.keepalive),
        "{:?}",
        bench.sent
    );
    bench.answer(ACCEPTED);
    assert_eq!(bench.exporter.stats().spans.exported, 2);
    assert!(!bench.run_timer(), "nothing left to wait for");
}

#[test]
fn a_full_request_is_sent_at_once_but_not_from_within() {
    let mut bench = Bench::new();
    for _ in 0..512 {
        bench.push(1, 10);
    }
    assert!(bench.sent.is_empty());
    assert!(bench.timers_ms.contains(&0.0));
    bench.run_timer();
    assert_eq!(bench.sent.len(), 1);
}

#[test]
fn one_request_at_a_time() {
    let mut bench = Bench::new();
    for _ in 0..1100 {
        bench.push(1, 10);
    }
    while bench.run_timer() {}
    for expected in [512, 1024, 1100] {
        assert_eq!(bench.sent.len(), 1);
        bench.answer(ACCEPTED);
        assert_eq!(bench.exporter.stats().spans.exported, expected);
    }
}

#[cfg(feature = "logs")]
#[test]
fn spans_and_log_records_go_side_by_side() {
    let mut bench = Bench::new();
    bench.push_log(100);
    bench.push(1, 100);
    bench.push_log(100);
    assert_eq!(bench.timers_ms, [2000.0]);
    bench.run_timer();
    let signals: Vec<Signal> = bench.sent.iter().map(|export| export.signal).collect();
    assert_eq!(signals, [Signal::Spans, Signal::Logs]);
    bench.answer(busy(400));
    bench.answer(ACCEPTED);
    let stats = bench.exporter.stats();
    assert_eq!((stats.spans.dropped_refused, stats.logs.exported), (1, 2));
    assert_eq!(stats.exported_bytes, 10);
    assert!(!bench.run_timer(), "nothing left to wait for");
}

#[test]
fn what_the_receiver_rejects_is_counted() {
    for (rejected, lost) in [(0, 0), (2, 2), (3, 3), (u64::MAX, 3)] {
        let mut bench = Bench::new();
        for _ in 0..3 {
            bench.push(1, 10);
        }
        bench.flush();
        bench.answer(Outcome::Answered(Answer {
            status: 200,
            rejected,
            ..Answer::default()
        }));
        let spans = bench.exporter.stats().spans;
        assert_eq!((spans.exported, spans.dropped_rejected), (3 - lost, lost));
    }
}

#[cfg(feature = "logs")]
#[test]
fn too_many_log_records_are_dropped_one_by_one() {
    let mut bench = Bench::new();
    for _ in 0..5000 {
        bench.push_log(10);
    }
    let logs = bench.exporter.stats().logs;
    assert_eq!((logs.queued, logs.dropped_overload), (4096, 904));
    bench.push(1, 10);
    assert_eq!(
        bench.exporter.stats().spans.queued,
        1,
        "their queue is theirs"
    );
}

#[test]
fn a_flush_sends_everything_and_keeps_alive_what_the_browser_allows() {
    let mut bench = Bench::new();
    for _ in 0..150 {
        bench.push(1, 1000);
    }
    bench.flush();
    assert_eq!(bench.exporter.stats().spans.queued, 0);
    assert!(bench.keepalive_bytes() > 48 * 1024, "the room is used");
    assert!(bench.keepalive_bytes() < 60_000);
    assert!(bench.sent.iter().any(|export| !export.keepalive));
}

#[test]
fn a_busy_receiver_is_asked_again_and_given_up_in_the_end() {
    for status in [429, 502, 503, 504] {
        let mut bench = Bench::new();
        bench.push(1, 100);
        bench.flush();
        let mut at_ms = Vec::new();
        while !bench.sent.is_empty() {
            at_ms.push(bench.now_ms);
            bench.answer(busy(status));
            while bench.sent.is_empty() && bench.run_timer() {}
        }
        let pauses_ms: Vec<f64> = at_ms.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(pauses_ms, [1250.0, 2500.0, 5000.0, 10_000.0], "{status}");
        let stats = bench.exporter.stats();
        assert_eq!((stats.spans.dropped_unreachable, stats.retries), (1, 4));
    }
}

#[test]
fn the_receiver_chooses_the_pause_within_reason() {
    for (asked_ms, pause_ms) in [
        (7000.0, 7250.0),
        (10.0, 1250.0),
        (1e12, 300_250.0),
        (-5.0, 1250.0),
        (f64::NAN, 1250.0),
    ] {
        let mut bench = Bench::new();
        bench.push(1, 100);
        bench.flush();
        bench.answer(busy_for(429, asked_ms));
        while bench.sent.is_empty() && bench.run_timer() {}
        assert_eq!(bench.now_ms, pause_ms, "{asked_ms}");
    }
}

#[test]
fn a_refused_request_is_not_repeated() {
    for status in [400, 404, 413, 500] {
        let mut bench = Bench::new();
        bench.push(1, 100);
        bench.flush();
        bench.answer(busy(status));
        assert!(bench.sent.is_empty());
        assert_eq!(bench.exporter.stats().spans.dropped_refused, 1, "{status}");
    }
}

#[test]
fn a_network_error_is_answered_without_keepalive_first() {
    let mut bench = Bench::new();
    bench.push(1, 100);
    bench.flush();
    bench.answer(Outcome::NetworkError);
    assert!(
        matches!(bench.sent.as_slice(), [export] if !export.keepalive),
        "at once: {:?}",
        bench.sent
    );
    bench.answer(Outcome::NetworkError);
    assert!(bench.sent.is_empty(), "then after a pause");
    while bench.sent.is_empty() {
        assert!(bench.run_timer());
    }
    bench.answer(ACCEPTED);
    assert_eq!(bench.exporter.stats().spans.exported, 1);
}

#[test]
fn spans_wait_while_the_receiver_is_away_and_whole_traces_are_dropped() {
    let mut bench = Bench::new();
    bench.push(1, 100);
    bench.flush();
    bench.answer(busy(503));
    for trace in 2..=250 {
        for _ in 0..10 {
            bench.push(trace, 1000);
        }
    }
    bench.assert_nothing_is_lost_silently();
    let stats = bench.exporter.stats().spans;
    assert!(
        stats.dropped_overload > 0 && stats.dropped_overload.is_multiple_of(10),
        "{stats:?}"
    );
    assert!(bench.sent.is_empty(), "nothing new before the retry");
}

#[test]
fn an_outcome_of_nothing_changes_nothing() {
    let mut bench = Bench::new();
    assert!(bench.exporter.on_outcome(7, ACCEPTED, 0.0, 0.0).is_empty());
    assert_eq!(bench.exporter.stats(), Stats::default());
}
