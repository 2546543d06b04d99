//! Whether expensive searches are in the way of everybody else: how long cheap answers take meanwhile.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;

use crate::load::{Connection, search_path};
use crate::samples::Samples;

/// Clients that ask for `slow_tfidf`, one time after the other.
pub(crate) const SLOW: usize = 10;
/// Phrases of stop words that are looked for meanwhile, in turn.
pub(crate) const PHRASES: usize = 1_000;
/// Between two cheap questions.
const PAUSE: Duration = Duration::from_millis(1);

const STOP_WORDS: [&str; 4] = ["to be or not to be", "it was the", "of the", "and in the"];

/// What was measured.
pub(crate) struct Isolation {
    /// `/books` and `/livez`, from the request to the last byte.
    pub(crate) samples: [Samples; 2],
    /// Slow searches that were answered, and those that were refused or told that they took too long.
    pub(crate) slow: [usize; 2],
}

/// Asks for both cheap addresses while expensive searches run.
///
/// # Errors
/// The server cannot be reached, or a cheap question is not answered with success.
pub(crate) fn isolation(server: SocketAddr) -> anyhow::Result<Isolation> {
    let is_over = AtomicBool::new(false);
    let slow = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let samples = thread::scope(|scope| {
        for _ in 0..SLOW {
            scope.spawn(|| -> anyhow::Result<()> {
                let mut connection = Connection::open(server)?;
                while !is_over.load(Ordering::Relaxed) {
                    match connection.get(&search_path("love", "slow_tfidf"))? {
                        200 => slow[0].fetch_add(1, Ordering::Relaxed),
                        _ => slow[1].fetch_add(1, Ordering::Relaxed),
                    };
                }
                Ok(())
            });
        }
        scope.spawn(|| -> anyhow::Result<()> {
            let mut connection = Connection::open(server)?;
            for phrase in STOP_WORDS.iter().cycle().take(PHRASES) {
                connection.get(&search_path(phrase, "phrase"))?;
            }
            is_over.store(true, Ordering::Relaxed);
            Ok(())
        });
        let cheap = cheap(server, &is_over);
        is_over.store(true, Ordering::Relaxed);
        cheap
    })?;
    Ok(Isolation {
        samples,
        slow: slow.map(AtomicUsize::into_inner),
    })
}

fn cheap(server: SocketAddr, is_over: &AtomicBool) -> anyhow::Result<[Samples; 2]> {
    let mut connection = Connection::open(server)?;
    let mut samples = [Samples::default(), Samples::default()];
    while !is_over.load(Ordering::Relaxed) {
        for (path, samples) in ["/books", "/livez"].into_iter().zip(&mut samples) {
            let asked = Instant::now();
            let status = connection.get(path)?;
            samples.add(asked.elapsed());
            if status != 200 {
                bail!("{path} is answered with {status}");
            }
            thread::sleep(PAUSE);
        }
    }
    Ok(samples)
}
