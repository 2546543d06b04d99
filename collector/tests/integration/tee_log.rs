//! Passing on from the write-ahead log: over the end of a process, and with little that may have to be sent twice.

use std::sync::Arc;
use std::time::{Duration, Instant};

use collector::otlp::Signal;
use collector::tee::Tee;
use collector::wal::{MIN_MAX_BYTES, Wal};
use prost::Message;
use tempfile::TempDir;

use crate::host::Host;
use crate::sample::{request, span};
use crate::tee::{ids, nobody, refusal, scripted, settings, wait_for};

#[test]
fn a_log_is_passed_on_from_where_the_last_process_ended() {
    let folder = TempDir::new().unwrap();
    let upstream = Host::start();
    let run = |ids: std::ops::RangeInclusive<u64>| {
        let wal = Arc::new(Wal::open(folder.path(), 8 << 20, 0, |_, _| ()).unwrap());
        let sent = ids.clone().count() as u64;
        let tee = Tee::start(settings(&upstream.otlp.to_string()), Some(wal.clone())).unwrap();
        for id in ids {
            let request = request("shop", vec![span(1, id)]).encode_to_vec();
            wal.append(Signal::Traces, &request).unwrap();
        }
        wait_for(&tee, |counters| counters.tee_sent == sent);
        tee.stop();
    };
    run(1..=10);
    run(11..=25);
    assert_eq!(upstream.spans_of(1).len(), 25);
    // It ends before where the last process has ended.
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|name| name == "otlp") {
            std::fs::remove_file(path).unwrap();
        }
    }
    run(26..=30);
    assert_eq!(upstream.spans_of(1).len(), 30);
    assert_eq!(upstream.counters().spans_duplicate, 0);
}

#[test]
fn a_batch_from_a_log_is_a_hundredth_of_what_was_taken_since_the_last_doubt_or_one_request() {
    const DOUBTED: usize = 250;
    let folder = TempDir::new().unwrap();
    let wal = Arc::new(Wal::open(folder.path(), 8 << 20, 0, |_, _| ()).unwrap());
    let one = request("shop", vec![span(1, 7)]).encode_to_vec();
    let append = |_| wal.append(Signal::Traces, &one).unwrap();
    (0..1_000).for_each(append);
    let mut answers = vec![refusal(200); DOUBTED];
    answers.push(refusal(503));
    let (address, got) = scripted(answers);
    let tee = Tee::start(settings(&address), Some(wal.clone())).unwrap();
    wait_for(&tee, |counters| counters.tee_sent == 1_000);
    tee.stop();
    let batches: Vec<usize> = got
        .try_iter()
        .map(|(_, _, body, _)| ids(&body).len())
        .collect();
    let mut taken = 0;
    for (place, &requests) in batches.iter().enumerate() {
        let expected = match place {
            // Sent again as it was.
            _ if place == DOUBTED + 1 => batches[DOUBTED],
            _ if place == batches.len() - 1 => requests,
            _ => (taken / 100).max(1),
        };
        assert_eq!(requests, expected, "{place} in {batches:?}");
        taken = if place == DOUBTED {
            0
        } else {
            taken + requests
        };
    }
    assert!(batches[DOUBTED] > 1 && batches.contains(&4), "{batches:?}");
}

#[test]
fn what_goes_from_the_log_before_it_was_passed_on_is_counted() {
    let folder = TempDir::new().unwrap();
    let wal = Arc::new(Wal::open(folder.path(), MIN_MAX_BYTES, 0, |_, _| ()).unwrap());
    let tee = Tee::start(settings(&nobody()), Some(wal.clone())).unwrap();
    for _ in 0..60 {
        wal.append(Signal::Logs, &[0; 50_000]).unwrap();
    }
    let counters = wal.counters();
    assert!(counters.wal_evicted_unread >= 40, "{counters:?}");
    assert_eq!(counters.wal_evicted_unread, counters.wal_evicted);
    // It ends at once: what is in the log stays there.
    let asked = Instant::now();
    tee.stop();
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert_eq!(tee.counters().tee_dropped_given_up, 0);
}
