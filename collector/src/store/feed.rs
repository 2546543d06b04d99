//! Tells readers which traces have changed, without ever waiting for them: each has a bounded queue of trace ids.

use std::collections::{HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde::Serialize;
use tokio::sync::Notify;
use trace_model::TraceId;

/// All readers of changes.
#[derive(Default)]
pub(super) struct Feeds {
    readers: Mutex<Vec<Weak<Feed>>>,
    /// How many readers there are, so that nothing is gathered for nobody.
    count: AtomicUsize,
    ended: AtomicBool,
    totals: Totals,
}

#[derive(Default)]
struct Totals {
    refused: AtomicU64,
    missed: AtomicU64,
}

/// Readers of changes: how many there are, and what they could not be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FeedCounters {
    /// Readers at this moment.
    pub live_readers: u64,
    /// Readers refused because there were too many.
    pub live_refused: u64,
    /// Changes that a reader was too slow for.
    pub live_missed: u64,
}

/// Changes for one reader: which traces, each once however often it changed.
pub(crate) struct Feed {
    pending: Mutex<Pending>,
    changed: Notify,
}

#[derive(Default)]
struct Pending {
    order: VecDeque<TraceId>,
    known: HashSet<TraceId>,
    missed: u64,
    max: usize,
    ended: bool,
}

/// What a reader takes at a time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Traces that have changed, those that changed first in front.
    pub(crate) traces: Vec<TraceId>,
    /// Changes that were dropped because the reader was too slow.
    pub(crate) missed: u64,
}

impl Feeds {
    /// A new reader whose queue holds `pending_max` traces; nothing when there are `readers_max` already.
    pub(super) fn open(&self, readers_max: usize, pending_max: usize) -> Option<Arc<Feed>> {
        let mut readers = self.lock();
        readers.retain(|reader| reader.strong_count() > 0);
        if readers.len() >= readers_max {
            self.totals.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let feed = Arc::new(Feed {
            pending: Mutex::new(Pending {
                max: pending_max.max(1),
                ended: self.ended.load(Ordering::Relaxed),
                ..Pending::default()
            }),
            changed: Notify::new(),
        });
        readers.push(Arc::downgrade(&feed));
        self.count.store(readers.len(), Ordering::Relaxed);
        Some(feed)
    }

    pub(super) fn has_readers(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    pub(super) fn tell(&self, changed: &[TraceId]) {
        let mut missed = 0;
        let mut readers = self.lock();
        readers.retain(|reader| {
            let Some(feed) = reader.upgrade() else {
                return false;
            };
            missed += feed.add(changed);
            true
        });
        self.count.store(readers.len(), Ordering::Relaxed);
        self.totals.missed.fetch_add(missed, Ordering::Relaxed);
    }

    /// Readers find the end after what is pending.
    pub(super) fn end(&self) {
        let readers = self.lock();
        self.ended.store(true, Ordering::Relaxed);
        for feed in readers.iter().filter_map(Weak::upgrade) {
            feed.lock().ended = true;
            feed.changed.notify_one();
        }
    }

    pub(super) fn counters(&self) -> FeedCounters {
        let readers = self.lock();
        let open = readers.iter().filter(|reader| reader.strong_count() > 0);
        FeedCounters {
            live_readers: open.count() as u64,
            live_refused: self.totals.refused.load(Ordering::Relaxed),
            live_missed: self.totals.missed.load(Ordering::Relaxed),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Weak<Feed>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Feed {
    /// Waits for changes and takes at most `max` of them; nothing at the end.
    pub(crate) async fn take(&self, max: usize) -> Option<Changes> {
        loop {
            // The permit of a change in between is kept until it is asked for.
            match self.take_now(max) {
                Some(changes) => return Some(changes),
                None if self.lock().ended => return None,
                None => self.changed.notified().await,
            }
        }
    }

    fn take_now(&self, max: usize) -> Option<Changes> {
        let mut pending = self.lock();
        if pending.order.is_empty() && pending.missed == 0 {
            return None;
        }
        let count = pending.order.len().min(max);
        let traces: Vec<TraceId> = pending.order.drain(..count).collect();
        for id in &traces {
            pending.known.remove(id);
        }
        let missed = std::mem::take(&mut pending.missed);
        Some(Changes { traces, missed })
    }

    /// Queues changes; the oldest go when there are too many. Returns how many went.
    fn add(&self, changed: &[TraceId]) -> u64 {
        let mut pending = self.lock();
        let missed_before = pending.missed;
        for &id in changed {
            if !pending.known.insert(id) {
                continue;
            }
            pending.order.push_back(id);
            if pending.order.len() > pending.max
                && let Some(oldest) = pending.order.pop_front()
            {
                pending.known.remove(&oldest);
                pending.missed += 1;
            }
        }
        self.changed.notify_one();
        pending.missed - missed_before
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(numbers: &[u128]) -> Vec<TraceId> {
        numbers
            .iter()
            .map(|number| TraceId(number.to_be_bytes()))
            .collect()
    }

    fn changes(traces: &[u128], missed: u64) -> Option<Changes> {
        Some(Changes {
            traces: ids(traces),
            missed,
        })
    }

    #[tokio::test]
    async fn a_trace_is_told_once_however_often_it_changes() {
        let feeds = Feeds::default();
        let feed = feeds.open(1, 10).unwrap();
        feeds.tell(&ids(&[1, 2, 1]));
        feeds.tell(&ids(&[2, 3]));
        assert_eq!(feed.take(2).await, changes(&[1, 2], 0));
        feeds.tell(&ids(&[1]));
        assert_eq!(feed.take(9).await, changes(&[3, 1], 0));
        feeds.end();
        assert_eq!(feed.take(9).await, None);
    }

    #[tokio::test]
    async fn a_slow_reader_misses_the_oldest_and_is_told_how_many() {
        let feeds = Feeds::default();
        let feed = feeds.open(1, 3).unwrap();
        feeds.tell(&ids(&[1, 2, 3, 4, 5]));
        assert_eq!(feed.take(9).await, changes(&[3, 4, 5], 2));
        assert_eq!(feeds.counters().live_missed, 2);
    }

    #[test]
    fn readers_are_bounded_and_leave_by_being_dropped() {
        let feeds = Feeds::default();
        let first = feeds.open(1, 3);
        assert!(feeds.open(1, 3).is_none());
        let counted = |live_readers, live_refused| FeedCounters {
            live_readers,
            live_refused,
            live_missed: 0,
        };
        assert_eq!(feeds.counters(), counted(1, 1));
        drop(first);
        feeds.tell(&ids(&[1]));
        assert!(!feeds.has_readers());
        assert_eq!(feeds.counters(), counted(0, 1));
        assert!(feeds.open(1, 3).is_some());
    }
}
