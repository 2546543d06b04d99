//! When spans are sent, what is sent again, and what is given up: the exporter as a state machine that is told of spans,
//! timers and answers and replies with commands. It calls nobody, so every path of it is tested without a browser.
//!
//! In quiet times one request is under way at a time, 2 s after the first span that waits, or at once when a request is
//! full. While the receiver is busy or away, spans wait in the bounded queue. When the page is hidden everything goes out
//! at once, as far as possible with `keepalive`, because it may be the last chance.

use std::rc::Rc;

use opentelemetry::KeyValue;

use crate::batch::{BATCH_BYTES, Finished, Queue};

/// How long a span waits for others to join its request.
const EXPORT_DELAY_MS: f64 = 2000.0;

/// Browsers refuse `keepalive` requests beyond 64 KiB under way together; some room is left for the page's own.
const KEEPALIVE_BYTES: usize = 60_000;

/// Room in the wrapping of a request: resource, scopes and lengths.
const WRAPPING_BYTES: usize = 4 * 1024;

/// A request is sent this often at most; resending it at once without `keepalive` does not count.
const MAX_ATTEMPTS: u32 = 5;

/// Waits between attempts double from the first to the last of these, unless the receiver asks for another.
const FIRST_RETRY_MS: f64 = 1000.0;
const LAST_RETRY_MS: f64 = 30_000.0;

/// The longest wait that a receiver is granted.
const RETRY_AFTER_LIMIT_MS: f64 = 300_000.0;

/// What the exporter wants done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// Call [`Exporter::on_timer`] this much later.
    StartTimer { delay_ms: u32 },
    /// Send a request and call [`Exporter::on_outcome`] with its id.
    Send {
        id: u64,
        body: Rc<[u8]>,
        keepalive: bool,
    },
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// With an answer, which may have asked for a pause.
    Answered {
        status: u16,
        retry_after_ms: Option<f64>,
    },
    /// The browser could not send it, or refused to.
    NetworkError,
    /// No answer came in time.
    TimedOut,
}

/// Counters since the page was loaded. `created = open + queued + in_flight + exported + dropped_overload +
/// dropped_failed` at every moment, so no loss goes unseen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Recorded spans that were begun.
    pub created: u64,
    /// Spans that have not ended.
    pub open: u64,
    /// Ended spans that wait for a request.
    pub queued: u64,
    /// Spans in requests that are under way or wait to be sent again.
    pub in_flight: u64,
    /// Spans that the receiver accepted.
    pub exported: u64,
    /// Spans dropped because too much was waiting; always all spans of a trace from that moment on.
    pub dropped_overload: u64,
    /// Spans dropped because the receiver refused them or could not be reached in several attempts.
    pub dropped_failed: u64,
    /// Bytes of the requests that were accepted.
    pub exported_bytes: u64,
    /// Requests that were sent again.
    pub retries: u64,
}

/// A request that is under way or waits to be sent again.
#[derive(Debug)]
struct Request {
    id: u64,
    body: Rc<[u8]>,
    spans: u64,
    attempts: u32,
    keepalive: bool,
    /// When it may be sent; of no meaning while it is under way.
    due_ms: f64,
}

#[derive(Debug)]
pub(crate) struct Exporter {
    queue: Queue,
    in_flight: Vec<Request>,
    waiting: Vec<Request>,
    next_id: u64,
    /// When what is queued shall be sent; none when nothing is queued.
    export_due_ms: Option<f64>,
    /// When the earliest timer that was asked for runs out.
    timer_due_ms: Option<f64>,
    stats: Stats,
}

impl Exporter {
    pub(crate) fn new(resource: Vec<KeyValue>) -> Self {
        Self {
            queue: Queue::new(resource),
            in_flight: Vec::new(),
            waiting: Vec::new(),
            next_id: 0,
            export_due_ms: None,
            timer_due_ms: None,
            stats: Stats::default(),
        }
    }

    /// Counts a span that has begun.
    pub(crate) fn count_created(&mut self) {
        self.stats.created += 1;
    }

    /// Takes over a span that has ended.
    pub(crate) fn push(&mut self, span: Finished, now_ms: f64) -> Vec<Command> {
        self.stats.dropped_overload += self.queue.push(span, self.retained_bytes());
        if self.queue.fills_a_batch() {
            self.export_due_ms = Some(now_ms);
        } else if self.queue.len() > 0 && self.export_due_ms.is_none() {
            self.export_due_ms = Some(now_ms + EXPORT_DELAY_MS);
        }
        // Not sent from here: a request in the middle of the page's own work would slow that work down.
        let mut commands = Vec::new();
        self.start_timer(now_ms, &mut commands);
        commands
    }

    /// A timer has run out, one of those asked for or any other.
    pub(crate) fn on_timer(&mut self, now_ms: f64) -> Vec<Command> {
        self.timer_due_ms = None;
        self.advance(now_ms)
    }

    /// A request is over. `jitter` from 0.0 to 1.0 spreads the retries of many pages.
    pub(crate) fn on_outcome(
        &mut self,
        id: u64,
        outcome: Outcome,
        now_ms: f64,
        jitter: f64,
    ) -> Vec<Command> {
        let Some(position) = self.in_flight.iter().position(|request| request.id == id) else {
            return Vec::new();
        };
        let request = self.in_flight.swap_remove(position);
        match outcome {
            Outcome::Answered {
                status: 200..=299, ..
            } => {
                self.stats.exported += request.spans;
                self.stats.exported_bytes += request.body.len() as u64;
            }
            Outcome::Answered {
                status: 429 | 502 | 503 | 504,
                retry_after_ms,
            } => {
                self.retry_later(request, retry_after_ms, now_ms, jitter);
            }
            Outcome::Answered { .. } => self.stats.dropped_failed += request.spans,
            // The page itself may use up what the browser allows for keepalive.
            Outcome::NetworkError if request.keepalive => {
                return self.resend_without_keepalive(request);
            }
            Outcome::NetworkError | Outcome::TimedOut => {
                self.retry_later(request, None, now_ms, jitter)
            }
        }
        self.advance(now_ms)
    }

    /// Sends all there is, now.
    pub(crate) fn flush(&mut self, now_ms: f64) -> Vec<Command> {
        let mut commands = Vec::new();
        for request in std::mem::take(&mut self.waiting) {
            self.stats.retries += 1;
            self.send(request, &mut commands);
        }
        while let Some(batch) = self.queue.take(self.keepalive_room()) {
            self.send_new(batch.body, batch.spans, &mut commands);
        }
        self.export_due_ms = None;
        self.start_timer(now_ms, &mut commands);
        commands
    }

    pub(crate) fn stats(&self) -> Stats {
        let spans =
            |requests: &[Request]| requests.iter().map(|request| request.spans).sum::<u64>();
        Stats {
            queued: self.queue.len() as u64,
            in_flight: spans(&self.in_flight) + spans(&self.waiting),
            ..self.stats
        }
    }

    /// Sends what is due: first what was sent before, then, if nothing else is under way, what is queued.
    fn advance(&mut self, now_ms: f64) -> Vec<Command> {
        let mut commands = Vec::new();
        while let Some(position) = self
            .waiting
            .iter()
            .position(|request| request.due_ms <= now_ms)
        {
            let request = self.waiting.swap_remove(position);
            self.stats.retries += 1;
            self.send(request, &mut commands);
        }
        let is_due = self.export_due_ms.is_some_and(|due_ms| due_ms <= now_ms);
        if is_due && self.in_flight.is_empty() && self.waiting.is_empty() {
            if let Some(batch) = self.queue.take(BATCH_BYTES) {
                self.send_new(batch.body, batch.spans, &mut commands);
            }
            self.export_due_ms = (self.queue.len() > 0).then_some(now_ms);
        }
        self.start_timer(now_ms, &mut commands);
        commands
    }

    fn send_new(&mut self, body: Vec<u8>, spans: u64, commands: &mut Vec<Command>) {
        let id = self.next_id;
        self.next_id += 1;
        let request = Request {
            id,
            body: body.into(),
            spans,
            attempts: 0,
            keepalive: false,
            due_ms: 0.0,
        };
        self.send(request, commands);
    }

    fn send(&mut self, mut request: Request, commands: &mut Vec<Command>) {
        request.attempts += 1;
        request.keepalive = request.body.len() + self.keepalive_bytes() < KEEPALIVE_BYTES;
        commands.push(Command::Send {
            id: request.id,
            body: Rc::clone(&request.body),
            keepalive: request.keepalive,
        });
        self.in_flight.push(request);
    }

    fn resend_without_keepalive(&mut self, mut request: Request) -> Vec<Command> {
        self.stats.retries += 1;
        request.keepalive = false;
        let command = Command::Send {
            id: request.id,
            body: Rc::clone(&request.body),
            keepalive: false,
        };
        self.in_flight.push(request);
        vec![command]
    }

    fn retry_later(
        &mut self,
        mut request: Request,
        retry_after_ms: Option<f64>,
        now_ms: f64,
        jitter: f64,
    ) {
        if request.attempts >= MAX_ATTEMPTS {
            self.stats.dropped_failed += request.spans;
            return;
        }
        let doublings = request.attempts.saturating_sub(1);
        let backoff_ms =
            (FIRST_RETRY_MS * f64::from(1_u32 << doublings.min(16))).min(LAST_RETRY_MS);
        let asked_ms = retry_after_ms
            .unwrap_or(0.0)
            .clamp(0.0, RETRY_AFTER_LIMIT_MS);
        // Never sooner than asked for; up to half a backoff later.
        request.due_ms = now_ms + backoff_ms.max(asked_ms) + backoff_ms * 0.5 * jitter;
        self.waiting.push(request);
    }

    /// Asks for a timer when something will be due and no timer runs out by then. While a request is under way its
    /// outcome continues the work instead.
    fn start_timer(&mut self, now_ms: f64, commands: &mut Vec<Command>) {
        let is_idle = self.in_flight.is_empty() && self.waiting.is_empty();
        let export_due_ms = self.export_due_ms.filter(|_| is_idle);
        let retries_due_ms = self.waiting.iter().map(|request| request.due_ms);
        let Some(due_ms) = retries_due_ms.chain(export_due_ms).reduce(f64::min) else {
            return;
        };
        if self.timer_due_ms.is_none_or(|timer_ms| due_ms < timer_ms) {
            self.timer_due_ms = Some(due_ms);
            // Rounded up: a timer that runs out early finds nothing due.
            commands.push(Command::StartTimer {
                delay_ms: (due_ms - now_ms).max(0.0).ceil() as u32,
            });
        }
    }

    fn keepalive_bytes(&self) -> usize {
        self.in_flight
            .iter()
            .filter(|request| request.keepalive)
            .map(|request| request.body.len())
            .sum()
    }

    /// How large a request may be to go with `keepalive`; full size when it has to go without anyway.
    fn keepalive_room(&self) -> usize {
        let room = KEEPALIVE_BYTES
            .saturating_sub(self.keepalive_bytes() + WRAPPING_BYTES)
            .min(BATCH_BYTES);
        if room < WRAPPING_BYTES {
            BATCH_BYTES
        } else {
            room
        }
    }

    fn retained_bytes(&self) -> usize {
        self.in_flight
            .iter()
            .chain(&self.waiting)
            .map(|request| request.body.len())
            .sum()
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
