//! What waits to be passed on: in memory, or in the write-ahead log from a position on that is remembered in a file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::otlp::Signal;
use crate::wal::Wal;

/// Requests of one signal.
pub(super) struct Batch {
    pub(super) signal: Signal,
    pub(super) requests: Vec<Vec<u8>>,
    /// Where the next one begins in the log.
    end: u64,
}

impl Batch {
    /// Each of them by itself.
    pub(super) fn singles(&self) -> impl Iterator<Item = Batch> {
        self.requests.iter().map(|request| Batch {
            signal: self.signal,
            requests: vec![request.clone()],
            end: self.end,
        })
    }
}

pub(super) enum Queue {
    Memory(Memory),
    Log(Log),
}

pub(super) struct Memory {
    max_bytes: usize,
    waiting: Mutex<Waiting>,
    pushed: Condvar,
}

#[derive(Default)]
struct Waiting {
    requests: VecDeque<(Signal, Vec<u8>)>,
    bytes: usize,
}

pub(super) struct Log {
    wal: Arc<Wal>,
    place: Mutex<Place>,
}

struct Place {
    position: u64,
    file: File,
}

impl Queue {
    pub(super) fn memory(max_bytes: usize) -> Self {
        Self::Memory(Memory {
            max_bytes,
            waiting: Mutex::default(),
            pushed: Condvar::new(),
        })
    }

    /// Goes on where the last process ended; at the beginning when that is not known.
    pub(super) fn log(wal: Arc<Wal>) -> io::Result<Self> {
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(wal.folder().join("tee.position"))?;
        let mut text = Vec::new();
        (&mut file).take(64).read_to_end(&mut text)?;
        let text = String::from_utf8(text).unwrap_or_default();
        // The log may have lost its end, or all of it, and what comes then takes that place.
        let position = text.trim().parse().unwrap_or(0).min(wal.end());
        wal.set_read(position);
        let place = Mutex::new(Place { position, file });
        Ok(Self::Log(Log { wal, place }))
    }

    pub(super) fn is_log(&self) -> bool {
        matches!(self, Self::Log(_))
    }

    /// Whether there is room for the request. What is in the log need not be pushed.
    pub(super) fn push(&self, signal: Signal, request: &[u8]) -> bool {
        let Self::Memory(memory) = self else {
            return true;
        };
        let mut waiting = lock(&memory.waiting);
        if waiting.bytes + request.len() > memory.max_bytes {
            return false;
        }
        waiting.bytes += request.len();
        waiting.requests.push_back((signal, request.to_vec()));
        memory.pushed.notify_one();
        true
    }

    /// Bytes that wait in memory.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Memory(memory) => lock(&memory.waiting).bytes as u64,
            Self::Log(_) => 0,
        }
    }

    /// Forgets what waits in memory; how many requests that were.
    pub(super) fn clear(&self) -> u64 {
        match self {
            Self::Memory(memory) => {
                std::mem::take(&mut *lock(&memory.waiting)).requests.len() as u64
            }
            Self::Log(_) => 0,
        }
    }

    /// The oldest requests of one signal, together no more than `max_bytes` after the first; waits for one as long as
    /// `patience`.
    pub(super) fn next(&self, max_bytes: usize, patience: Duration) -> io::Result<Option<Batch>> {
        match self {
            Self::Memory(memory) => Ok(memory.next(max_bytes, patience)),
            Self::Log(log) => {
                let position = lock(&log.place).position;
                let read = log.wal.read(position, max_bytes, patience)?;
                Ok(read.map(|read| Batch {
                    signal: read.signal,
                    requests: read.requests,
                    end: read.end,
                }))
            }
        }
    }

    /// Says that a batch need not be given again.
    pub(super) fn done(&self, batch: &Batch) {
        let Self::Log(log) = self else {
            return;
        };
        let mut place = lock(&log.place);
        place.position = batch.end;
        // A power failure may take it back a little; then requests are passed on twice.
        let text = format!("{:020}\n", batch.end);
        let written = place
            .file
            .rewind()
            .and_then(|()| place.file.write_all(text.as_bytes()));
        if let Err(error) = written {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "how far the log was passed on cannot be written down"
            );
        }
        log.wal.set_read(batch.end);
    }
}

impl Memory {
    fn next(&self, max_bytes: usize, patience: Duration) -> Option<Batch> {
        let waiting = lock(&self.waiting);
        let waited = self
            .pushed
            .wait_timeout_while(waiting, patience, |waiting| waiting.requests.is_empty());
        let mut waiting = waited.unwrap_or_else(PoisonError::into_inner).0;
        let (signal, first) = waiting.requests.pop_front()?;
        let mut bytes = first.len();
        let mut requests = vec![first];
        while let Some((next, request)) = waiting.requests.front()
            && *next == signal
            && bytes + request.len() <= max_bytes
        {
            bytes += request.len();
            requests.extend(waiting.requests.pop_front().map(|(_, request)| request));
        }
        waiting.bytes -= bytes;
        Some(Batch {
            signal,
            requests,
            end: 0,
        })
    }
}

/// Nothing that runs under a lock panics half way through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
