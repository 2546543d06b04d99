//! Which searches run at once, and where: cheap ones on the asynchronous worker that received them, expensive ones on
//! threads of their own, a few at a time, so that everybody else is still answered at once.
//!
//! This is admission control: a search either gets a place, at most so many wait for one, and the others are refused
//! right away instead of being answered too late.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use telemetry::Context;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::{task, time};

use super::SearchError;
use super::deadline::Deadline;

/// How much searches may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Time for one search.
    pub deadline: Duration,
    /// Expensive searches that run at once.
    pub expensive: usize,
    /// Expensive searches that wait for their turn; more are refused.
    pub waiting: usize,
    /// Postings that a search may be expected to read without being expensive.
    pub cheap_postings: u64,
}

impl Default for Limits {
    /// One processor is left for everything else.
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            deadline: Duration::from_secs(2),
            expensive: processors.saturating_sub(1).max(1),
            waiting: 32,
            cheap_postings: 50_000,
        }
    }
}

/// The places for expensive searches.
#[derive(Debug)]
pub struct Admission {
    pub(super) limits: Limits,
    running: Arc<Semaphore>,
    places: Arc<Semaphore>,
    refused: AtomicU64,
    late: AtomicU64,
}

impl Admission {
    /// Places by `limits`.
    pub fn new(limits: Limits) -> Self {
        let running = limits.expensive.clamp(1, Semaphore::MAX_PERMITS / 2);
        let places = running + limits.waiting.min(Semaphore::MAX_PERMITS / 2);
        Self {
            limits,
            running: Arc::new(Semaphore::new(running)),
            places: Arc::new(Semaphore::new(places)),
            refused: AtomicU64::new(0),
            late: AtomicU64::new(0),
        }
    }

    /// Searches that were refused because too many waited already.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Searches that did not end in time.
    pub fn late(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    /// A place for an expensive search.
    ///
    /// # Errors
    /// Too many wait already.
    pub(super) fn enter(&self) -> Result<Lane, SearchError> {
        match Arc::clone(&self.places).try_acquire_owned() {
            Ok(place) => Ok(Lane {
                running: Some(Arc::clone(&self.running)),
                _place: Some(place),
            }),
            Err(_) => Err(SearchError::Overloaded),
        }
    }

    /// Counts what became of a search.
    pub(super) fn count<T>(&self, result: &Result<T, SearchError>) {
        match result {
            Err(SearchError::Overloaded) => self.refused.fetch_add(1, Ordering::Relaxed),
            Err(SearchError::DeadlineExceeded) => self.late.fetch_add(1, Ordering::Relaxed),
            _ => return,
        };
    }
}

/// Where the steps of one expensive search run.
pub(super) struct Lane {
    /// Whose turn it is; every thread runs at once where this is missing.
    running: Option<Arc<Semaphore>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Lane {
    /// A lane beside others of the same search, which waits for nobody.
    pub(super) fn beside() -> Self {
        Self {
            running: None,
            _place: None,
        }
    }

    /// Waits until it is its turn, which lasts as long as what is returned.
    pub(super) async fn turn(
        &self,
        deadline: &Deadline,
    ) -> Result<Option<OwnedSemaphorePermit>, SearchError> {
        let turn = async {
            match &self.running {
                Some(running) => Arc::clone(running).acquire_owned().await.ok(),
                None => None,
            }
        };
        in_time(deadline, turn).await
    }

    /// Runs `step` on a thread of its own when it is its turn, with the current span.
    ///
    /// # Errors
    /// Those of `step`, and that the time is over. A step that nobody waits for any more is told to stop.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        deadline: &Deadline,
        step: impl FnOnce(&Deadline) -> Result<T, SearchError> + Send + 'static,
    ) -> Result<T, SearchError> {
        let turn = self.turn(deadline).await?;
        let awaited = deadline.while_awaited();
        let (parent, of_step) = (Context::current(), deadline.clone());
        let running = task::spawn_blocking(move || {
            let _current = parent.attach();
            let result = step(&of_step);
            // The turn ends with the work, and not when somebody stops to wait for it.
            drop(turn);
            result
        });
        let result = in_time(deadline, running).await?;
        awaited.answered();
        result.unwrap_or(Err(SearchError::Panicked))
    }
}

async fn in_time<T>(
    deadline: &Deadline,
    future: impl Future<Output = T>,
) -> Result<T, SearchError> {
    match deadline.at() {
        Some(at) => time::timeout_at(at.into(), future)
            .await
            .map_err(|_| SearchError::DeadlineExceeded),
        None => Ok(future.await),
    }
}
