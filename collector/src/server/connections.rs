//! The connections of a server: how many there are, which of them is at work, and which has to go for another.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// How long to wait for a place before another connection is asked to go.
const PATIENCE: Duration = Duration::from_millis(100);

/// All connections of a server.
pub(super) struct Connections {
    shared: Arc<Shared>,
    places: Arc<Semaphore>,
}

struct Shared {
    open: Mutex<BTreeMap<u64, Arc<State>>>,
    /// Ticks with each connection and request: who has the lowest number was heard of longest ago.
    clock: AtomicU64,
    accepted: AtomicU64,
    displaced: AtomicU64,
    late: AtomicU64,
    stalled: AtomicU64,
    full: AtomicU64,
    /// Requests that one connection may have.
    requests_max: usize,
}

/// What became of connections.
#[derive(Clone)]
pub struct ConnectionCounters(Arc<Shared>);

struct State {
    last_heard: AtomicU64,
    /// Requests whose answers have not been handed to the protocol whole.
    requests: AtomicUsize,
    /// An answer was handed over, and its bytes may still be on their way to the socket.
    is_unflushed: AtomicBool,
    has_to_go: Notify,
}

/// One connection. It is over when the last clone is gone.
#[derive(Clone)]
pub(super) struct Connection(Arc<Held>);

struct Held {
    id: u64,
    state: Arc<State>,
    shared: Arc<Shared>,
    _place: OwnedSemaphorePermit,
}

/// A request at work.
pub(super) struct Busy(Connection);

impl Connections {
    pub(super) fn new(max: usize, requests_max: u32) -> Self {
        Self {
            shared: Arc::new(Shared {
                open: Mutex::default(),
                clock: AtomicU64::new(0),
                accepted: AtomicU64::new(0),
                displaced: AtomicU64::new(0),
                late: AtomicU64::new(0),
                stalled: AtomicU64::new(0),
                full: AtomicU64::new(0),
                requests_max: usize::try_from(requests_max).unwrap_or(usize::MAX),
            }),
            places: Arc::new(Semaphore::new(max.clamp(1, Semaphore::MAX_PERMITS))),
        }
    }

    pub(super) fn counters(&self) -> ConnectionCounters {
        ConnectionCounters(self.shared.clone())
    }

    /// A place for one more; where all are taken, some that are idle have to go.
    pub(super) async fn place(&self) -> Connection {
        let place = loop {
            if self.places.available_permits() == 0 {
                self.shared.displace_idlest();
            }
            let place = self.places.clone().acquire_owned();
            if let Ok(place) = tokio::time::timeout(PATIENCE, place).await {
                break place.expect("the semaphore is never closed");
            }
        };
        let id = self.shared.tick();
        let state = Arc::new(State {
            last_heard: AtomicU64::new(id),
            requests: AtomicUsize::new(0),
            is_unflushed: AtomicBool::new(false),
            has_to_go: Notify::new(),
        });
        self.shared.accepted.fetch_add(1, Ordering::Relaxed);
        self.shared.open().insert(id, state.clone());
        Connection(Arc::new(Held {
            id,
            state,
            shared: self.shared.clone(),
            _place: place,
        }))
    }
}

impl Shared {
    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Asks those that are idle longest to go: a sixteenth, so that not every connection of a flood has to wait for one.
    fn displace_idlest(&self) {
        let open = self.open();
        let mut idle: Vec<&Arc<State>> = open.values().filter(|state| state.is_idle()).collect();
        idle.sort_unstable_by_key(|state| state.last_heard.load(Ordering::Relaxed));
        idle.truncate(open.len().div_ceil(16));
        for state in &idle {
            state.has_to_go.notify_one();
        }
        let displaced = idle.len() as u64;
        self.displaced.fetch_add(displaced, Ordering::Relaxed);
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<State>>> {
        // Nothing that runs under the lock panics half way through a change.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.requests.load(Ordering::Acquire) == 0 && !self.is_unflushed.load(Ordering::Acquire)
    }
}

impl ConnectionCounters {
    /// Connections now.
    #[must_use]
    pub fn open(&self) -> u64 {
        self.0.open().len() as u64
    }

    /// Connections since the start.
    #[must_use]
    pub fn accepted(&self) -> u64 {
        self.0.accepted.load(Ordering::Relaxed)
    }

    /// Idle connections that were closed for another one.
    #[must_use]
    pub fn displaced(&self) -> u64 {
        self.0.displaced.load(Ordering::Relaxed)
    }

    /// Connections that were closed because the head of a request, or the answer to a ping, did not come in time.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.0.late.load(Ordering::Relaxed)
    }

    /// Connections that were left because nothing of an answer was taken in time.
    #[must_use]
    pub fn stalled(&self) -> u64 {
        self.0.stalled.load(Ordering::Relaxed)
    }

    /// Times that a connection came to have as many requests as it may.
    #[must_use]
    pub fn full(&self) -> u64 {
        self.0.full.load(Ordering::Relaxed)
    }
}

impl Connection {
    /// Counts a request until its answer is handed over; the connection is at work until that is flushed too.
    pub(super) fn busy(&self) -> Busy {
        let Held { state, shared, .. } = &*self.0;
        let requests = state.requests.fetch_add(1, Ordering::AcqRel) + 1;
        if requests == shared.requests_max {
            shared.full.fetch_add(1, Ordering::Relaxed);
        }
        state.last_heard.store(shared.tick(), Ordering::Relaxed);
        Busy(self.clone())
    }

    /// Says that all answers that were handed over are on their way.
    pub(super) fn flushed(&self) {
        self.0.state.is_unflushed.store(false, Ordering::Release);
    }

    pub(super) fn count_late(&self) {
        self.0.shared.late.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_stalled(&self) {
        self.0.shared.stalled.fetch_add(1, Ordering::Relaxed);
    }

    /// Ready when the place is needed.
    pub(super) async fn has_to_go(&self) {
        self.0.state.has_to_go.notified().await;
    }
}

impl Busy {
    /// Stays at work until the body is handed over or given up.
    pub(super) fn until_sent(self, body: Body) -> Body {
        Body::new(Sending {
            body,
            _at_work: self,
        })
    }
}

/// A body, and the request that it answers.
struct Sending {
    body: Body,
    _at_work: Busy,
}

impl hyper::body::Body for Sending {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let state = &self.0.0.state;
        // First, so that the connection never looks idle between an answer's last part and its way to the socket.
        state.is_unflushed.store(true, Ordering::Release);
        state.requests.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shared.open().remove(&self.id);
    }
}
