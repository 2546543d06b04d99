//! When a search has to stop: because its time is over, or because nobody waits for it any more.
//!
//! The clock is looked at between the steps of a search and, inside of them, every few thousand postings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::SearchError;

/// Until when an answer is of use.
#[derive(Clone, Debug, Default)]
pub struct Deadline {
    at: Option<Instant>,
    abandoned: Arc<AtomicBool>,
}

impl Deadline {
    /// Any time will do.
    pub fn none() -> Self {
        Self::default()
    }

    /// The search may take this long, from now on.
    pub fn after(time: Duration) -> Self {
        Self {
            at: Instant::now().checked_add(time),
            abandoned: Arc::default(),
        }
    }

    /// Goes on if there is time left.
    ///
    /// # Errors
    /// The time is over, or nobody waits any more.
    pub fn check(&self) -> Result<(), SearchError> {
        match self.at {
            Some(at) if Instant::now() >= at => Err(SearchError::DeadlineExceeded),
            _ if self.abandoned.load(Ordering::Relaxed) => Err(SearchError::Abandoned),
            _ => Ok(()),
        }
    }

    /// The moment at which the time is over.
    pub(super) fn at(&self) -> Option<Instant> {
        self.at
    }

    /// Stops the search when what is returned goes away.
    pub(super) fn while_awaited(&self) -> Awaited {
        Awaited(Some(Arc::clone(&self.abandoned)))
    }
}

/// Somebody waits for an answer.
#[must_use]
pub(super) struct Awaited(Option<Arc<AtomicBool>>);

impl Awaited {
    /// The answer came, so there is nothing to stop.
    pub(super) fn answered(mut self) {
        self.0 = None;
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        if let Some(abandoned) = &self.0 {
            abandoned.store(true, Ordering::Relaxed);
        }
    }
}

/// Counts what a long step reads, and looks at the clock now and then.
pub(super) struct Meter<'d> {
    deadline: &'d Deadline,
    read: usize,
}

/// Postings between two looks at the clock, which take about ten microseconds.
const POSTINGS_BETWEEN_LOOKS: usize = 8_192;

impl<'d> Meter<'d> {
    pub(super) fn new(deadline: &'d Deadline) -> Self {
        Self { deadline, read: 0 }
    }

    /// So many postings were read.
    pub(super) fn read(&mut self, postings: usize) -> Result<(), SearchError> {
        self.read += postings;
        if self.read < POSTINGS_BETWEEN_LOOKS {
            return Ok(());
        }
        self.read = 0;
        self.deadline.check()
    }
}
