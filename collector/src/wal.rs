//! The write-ahead log: requests are on the disk before they are acknowledged, so that acknowledged means kept, over a
//! killed process, a full disk and a restart. `otlp` appends to it, the start replays it, `tee` reads it.
//!
//! A folder of segments, each named by the position of its first byte in the log. The oldest go when the log is over its
//! bound. One thread writes: what has been asked for while it waited for the disk shares the next `fsync`.

mod segment;

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;

use crate::otlp::Signal;
pub(crate) use segment::Read;
use segment::{Segment, Writer};

/// The smallest bound a log can work with, in bytes.
pub const MIN_MAX_BYTES: u64 = 1 << 20;
/// Segments that a log at its bound has, about: what goes at a time is one of them.
const SEGMENTS: u64 = 8;
/// Requests that wait for the writer; further callers wait to hand theirs over.
const WAITING_MAX: usize = 256;
/// Bytes that share an `fsync`.
const WRITE_BYTES: usize = 8 << 20;

/// An open log.
pub struct Wal {
    appends: SyncSender<Append>,
    shared: Arc<Shared>,
    /// Locked as long as it is open.
    _lock: File,
}

struct Append {
    signal: Signal,
    request: Vec<u8>,
    done: SyncSender<io::Result<()>>,
}

struct Shared {
    folder: PathBuf,
    max_bytes: u64,
    state: Mutex<State>,
    grown: Condvar,
}

#[derive(Default)]
struct State {
    /// By position, without gaps.
    segments: VecDeque<Segment>,
    /// Up to where everything is on the disk.
    durable: u64,
    /// Up to where somebody else has read; nothing when nobody reads.
    read: Option<u64>,
    counters: WalCounters,
}

/// What became of requests in the log since the start, and what it holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct WalCounters {
    /// Requests brought to the disk.
    pub wal_appended: u64,
    /// Requests that could not be; their senders were told to come back.
    pub wal_failed: u64,
    /// Requests read at the start.
    pub wal_replayed: u64,
    /// Bytes at the end of segments that could not be read at the start: a request that was never acknowledged, or damage.
    pub wal_torn_bytes: u64,
    /// Requests that made room for newer ones.
    pub wal_evicted: u64,
    /// Requests among them that had not been passed on.
    pub wal_evicted_unread: u64,
    /// Bytes on the disk.
    pub wal_bytes: u64,
    /// Their bound.
    pub wal_max_bytes: u64,
}

impl Wal {
    /// Opens the log in a folder, which is made where it is missing, and hands over what it holds, oldest first: about the
    /// last `replay_max_bytes`, since a start need not read what the reader has no room for.
    ///
    /// # Errors
    /// When the folder cannot be read or written, or another process has it open.
    pub fn open(
        folder: &Path,
        max_bytes: u64,
        replay_max_bytes: u64,
        mut replay: impl FnMut(Signal, &[u8]),
    ) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(folder.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => io::Error::other("another process has the folder open"),
            fs::TryLockError::Error(error) => error,
        })?;
        let max_bytes = max_bytes.max(MIN_MAX_BYTES);
        let mut state = State::default();
        state.counters.wal_max_bytes = max_bytes;
        let segments = segment::list(folder)?;
        let mut bytes: u64 = segments.iter().map(Segment::len).sum();
        for mut segment in segments {
            bytes -= segment.len();
            if bytes < replay_max_bytes {
                let read = segment.replay(&mut replay)?;
                state.counters.wal_replayed += read.requests;
                state.counters.wal_torn_bytes += read.torn_bytes;
            }
            state.durable = segment.end();
            match segment.len() {
                0 => drop(segment.remove(None)),
                _ => state.segments.push_back(segment),
            }
        }
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            max_bytes,
            state: Mutex::new(state),
            grown: Condvar::new(),
        });
        let (appends, waiting) = sync_channel(WAITING_MAX);
        let writer = shared.clone();
        std::thread::Builder::new()
            .name("wal".to_owned())
            .spawn(move || writer.write(&waiting))?;
        Ok(Self {
            appends,
            shared,
            _lock: lock,
        })
    }

    /// The largest request that fits, in bytes.
    #[must_use]
    pub fn request_max_bytes(&self) -> usize {
        let bytes = self.shared.max_bytes / 2 - segment::HEAD_BYTES as u64;
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    /// Brings a request to the disk; blocks until it is there.
    ///
    /// # Errors
    /// When the disk does not take it. Nothing of it is kept then.
    pub fn append(&self, signal: Signal, request: &[u8]) -> io::Result<()> {
        let (done, outcome) = sync_channel(1);
        let append = Append {
            signal,
            request: request.to_vec(),
            done,
        };
        let gone = || io::Error::other("the log is closed");
        self.appends.send(append).map_err(|_| gone())?;
        outcome.recv().map_err(|_| gone())?
    }

    /// What became of requests so far.
    #[must_use]
    pub fn counters(&self) -> WalCounters {
        let state = self.shared.state();
        WalCounters {
            wal_bytes: state.segments.iter().map(Segment::len).sum(),
            ..state.counters
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// The position behind the last request.
    pub(crate) fn end(&self) -> u64 {
        self.shared.state().durable
    }

    /// Up to where everything has been read by whoever passes requests on; what goes before that without having been read
    /// is counted.
    pub(crate) fn set_read(&self, position: u64) {
        self.shared.state().read = Some(position);
    }

    /// Reads requests of one signal from a position on, together no more than `max_bytes` after the first; waits for one
    /// as long as `patience`. Nothing when none has come.
    pub(crate) fn read(
        &self,
        position: u64,
        max_bytes: usize,
        patience: Duration,
    ) -> io::Result<Option<Read>> {
        let mut state = self.shared.state();
        if state.durable <= position {
            let waited = self.shared.grown.wait_timeout(state, patience);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let durable = state.durable;
        // Segments before it may have gone.
        let segment = state
            .segments
            .iter()
            .find(|segment| segment.end().min(durable) > position)
            .cloned();
        drop(state);
        match segment {
            None => Ok(None),
            Some(segment) => segment.read(position, durable, max_bytes).map(Some),
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that runs under the lock panics half way through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer's life: it ends when the log is closed.
    fn write(&self, waiting: &Receiver<Append>) {
        let mut writer = None;
        let quarter = usize::try_from(self.max_bytes / 4).unwrap_or(usize::MAX);
        let write_bytes = WRITE_BYTES.min(quarter);
        while let Ok(first) = waiting.recv() {
            let mut bytes = first.request.len();
            let mut appends = vec![first];
            while bytes < write_bytes
                && let Ok(append) = waiting.try_recv()
            {
                bytes += append.request.len();
                appends.push(append);
            }
            let outcome = self.write_all(&mut writer, &appends);
            if let Err(error) = &outcome {
                tracing::error!(
                    error = error as &dyn std::error::Error,
                    "the write-ahead log cannot be written"
                );
            }
            let mut state = self.state();
            match &outcome {
                Ok(()) => state.counters.wal_appended += appends.len() as u64,
                Err(_) => state.counters.wal_failed += appends.len() as u64,
            }
            drop(state);
            for append in appends {
                let outcome = match &outcome {
                    Ok(()) => Ok(()),
                    Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
                };
                // Who asked may have gone.
                drop(append.done.send(outcome));
            }
        }
    }

    fn write_all(&self, writer: &mut Option<Writer>, appends: &[Append]) -> io::Result<()> {
        let mut encoded = Vec::new();
        for append in appends {
            segment::encode(append.signal, &append.request, &mut encoded);
        }
        let length = encoded.len() as u64;
        if self.evict(self.max_bytes.saturating_sub(length)) {
            *writer = None;
        }
        let is_full = |writer: &Writer| writer.len() + length > self.max_bytes / SEGMENTS;
        if writer.as_ref().is_none_or(is_full) {
            let start = self.state().durable;
            let (new, segment) = Writer::create(&self.folder, start)?;
            self.state().segments.push_back(segment);
            *writer = Some(new);
        }
        let Some(open) = writer else {
            return Err(io::Error::other("there is no segment"));
        };
        if let Err(error) = open.append(&encoded) {
            // What stands there now is of no use: the next request begins a segment of its own.
            *writer = None;
            let mut state = self.state();
            let durable = state.durable;
            if let Some(last) = state.segments.back_mut() {
                last.cut(durable);
            }
            state.segments.retain(|segment| segment.len() > 0);
            return Err(error);
        }
        let mut state = self.state();
        if let Some(last) = state.segments.back_mut() {
            last.grow(length);
            state.durable += length;
        }
        drop(state);
        self.grown.notify_all();
        Ok(())
    }

    /// Lets the oldest segments go until the others hold no more than this. Whether none is left.
    fn evict(&self, max_bytes: u64) -> bool {
        loop {
            let mut state = self.state();
            let bytes: u64 = state.segments.iter().map(Segment::len).sum();
            if bytes <= max_bytes {
                return state.segments.is_empty();
            }
            let Some(oldest) = state.segments.pop_front() else {
                return true;
            };
            let read = state.read;
            drop(state);
            let gone = oldest.remove(read);
            let mut state = self.state();
            state.counters.wal_evicted += gone.requests;
            state.counters.wal_evicted_unread += gone.unread;
        }
    }
}
