//! The write-ahead log by itself: bounded, and readable whatever has happened to its end.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use collector::otlp::Signal;
use collector::wal::{MIN_MAX_BYTES, Wal};
use proptest::prelude::*;
use tempfile::TempDir;

/// Opens the log of a folder; what it held.
fn open(folder: &Path, max_bytes: u64) -> (Wal, Vec<Vec<u8>>) {
    let mut held = Vec::new();
    let replay = |_, request: &[u8]| held.push(request.to_vec());
    let wal = Wal::open(folder, max_bytes, u64::MAX, replay);
    (wal.unwrap(), held)
}

fn segments(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut segments: Vec<_> = entries
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "otlp")
        })
        .collect();
    segments.sort();
    segments
}

#[test]
fn requests_of_all_signals_are_found_again_in_order() {
    let folder = TempDir::new().unwrap();
    let (wal, _) = open(folder.path(), 8 << 20);
    for (i, signal) in Signal::ALL.into_iter().cycle().take(30).enumerate() {
        wal.append(signal, &vec![i as u8; i]).unwrap();
    }
    assert_eq!(wal.counters().wal_appended, 30);
    drop(wal);
    let mut held = Vec::new();
    let wal = Wal::open(folder.path(), 8 << 20, u64::MAX, |signal, request| {
        held.push((signal, request.to_vec()));
    });
    assert_eq!(wal.unwrap().counters().wal_replayed, 30);
    let expected = Signal::ALL.into_iter().cycle().take(30).enumerate();
    let expected: Vec<_> = expected
        .map(|(i, signal)| (signal, vec![i as u8; i]))
        .collect();
    assert_eq!(held, expected);
}

#[test]
fn the_oldest_requests_go_and_the_bound_holds() {
    let folder = TempDir::new().unwrap();
    let (wal, _) = open(folder.path(), MIN_MAX_BYTES);
    for i in 0..100_u8 {
        wal.append(Signal::Traces, &vec![i; 50_000]).unwrap();
        let on_disk: u64 = segments(folder.path())
            .iter()
            .map(|path| fs::metadata(path).unwrap().len())
            .sum();
        assert!(on_disk <= MIN_MAX_BYTES, "{on_disk}");
        assert_eq!(on_disk, wal.counters().wal_bytes);
    }
    let evicted = wal.counters().wal_evicted;
    drop(wal);
    let (_, held) = open(folder.path(), MIN_MAX_BYTES);
    assert_eq!(held.len() as u64 + evicted, 100);
    assert!(held.len() >= 16, "{} of 20 that fit", held.len());
    let firsts: Vec<u8> = held.iter().map(|request| request[0]).collect();
    assert_eq!(firsts, (100 - held.len() as u8..100).collect::<Vec<_>>());
}

#[test]
fn a_start_reads_no_more_than_there_is_room_for() {
    let folder = TempDir::new().unwrap();
    let (wal, _) = open(folder.path(), MIN_MAX_BYTES);
    for i in 0..20_u8 {
        wal.append(Signal::Traces, &vec![i; 50_000]).unwrap();
    }
    drop(wal);
    let mut held = Vec::new();
    let replay = |_, request: &[u8]| held.push(request[0]);
    let wal = Wal::open(folder.path(), MIN_MAX_BYTES, 300_000, replay).unwrap();
    assert_eq!(
        held,
        (20 - held.len() as u8..20).collect::<Vec<_>>(),
        "the newest"
    );
    assert!((6..=8).contains(&held.len()), "{held:?}");
    // What was not read is there all the same.
    drop(wal);
    assert_eq!(open(folder.path(), MIN_MAX_BYTES).1.len(), 20);
}

#[test]
fn a_request_of_the_largest_size_fits() {
    let folder = TempDir::new().unwrap();
    let (wal, _) = open(folder.path(), MIN_MAX_BYTES);
    let largest = vec![7; wal.request_max_bytes()];
    for _ in 0..5 {
        wal.append(Signal::Logs, &largest).unwrap();
    }
    drop(wal);
    assert_eq!(open(folder.path(), MIN_MAX_BYTES).1, vec![largest; 2]);
}

#[test]
fn what_many_ask_for_at_a_time_is_all_there() {
    let folder = TempDir::new().unwrap();
    let (wal, _) = open(folder.path(), 8 << 20);
    std::thread::scope(|scope| {
        for thread in 0..8_u8 {
            let wal = &wal;
            scope.spawn(move || {
                for i in 0..50 {
                    wal.append(Signal::Traces, &[thread, i]).unwrap();
                }
            });
        }
    });
    drop(wal);
    let (_, mut held) = open(folder.path(), 8 << 20);
    held.sort();
    let expected = (0..8_u8).flat_map(|thread| (0..50_u8).map(move |i| vec![thread, i]));
    assert_eq!(held, expected.collect::<Vec<_>>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_damaged_end_costs_what_stands_there_and_no_more(
        lengths in prop::collection::vec(0_usize..300, 1..12),
        at in any::<prop::sample::Index>(),
        flipped in prop::option::of(1_u8..),
    ) {
        let folder = TempDir::new().unwrap();
        let (wal, _) = open(folder.path(), 8 << 20);
        let requests: Vec<Vec<u8>> = lengths.iter().enumerate().map(|(i, length)| vec![i as u8; *length]).collect();
        for request in &requests {
            wal.append(Signal::Traces, request).unwrap();
        }
        drop(wal);
        let path = segments(folder.path()).remove(0);
        let mut bytes = fs::read(&path).unwrap();
        let at = at.index(bytes.len());
        match flipped {
            Some(flipped) => {
                bytes[at] ^= flipped;
                fs::write(&path, &bytes).unwrap();
            }
            None => File::options().write(true).open(&path).unwrap().set_len(at as u64).unwrap(),
        }
        // Records that end before the damage.
        let ends = lengths.iter().scan(0, |end, length| { *end += 9 + length; Some(*end) });
        let whole = ends.filter(|end| *end <= at).count();
        let (wal, held) = open(folder.path(), 8 << 20);
        prop_assert_eq!(&held, &requests[..whole]);
        // What comes then is kept too.
        wal.append(Signal::Traces, b"new").unwrap();
        drop(wal);
        let (_, held) = open(folder.path(), 8 << 20);
        prop_assert_eq!(held.len(), whole + 1);
        prop_assert_eq!(&held[whole][..], b"new");
    }
}
