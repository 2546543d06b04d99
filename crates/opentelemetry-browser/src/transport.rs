//! When records are sent, what is sent again, and what is given up: the exporter as a state machine that is told of
//! records, timers and answers and replies with commands. It calls nobody, so every path of it is tested without a
//! browser.
//!
//! In quiet times one request of each signal is under way at a time, 2 s after the first record that waits, or at once
//! when a request is full. While the receiver is busy or away, records wait in the bounded queues. When the page is hidden
//! everything goes out at once, as far as possible with `keepalive`, because it may be the last chance.

use crate::batch::{Batch, Finished, Queue, Signal, take_at};
use crate::export::{Answer, Command, Export, Outcome};
use crate::limits::Limits;
use crate::span::Losses;
use crate::stats::{SignalStats, Stats};

/// Browsers refuse `keepalive` requests beyond 64 KiB under way together; some room is left for the page's own.
const KEEPALIVE_BYTES: usize = 60_000;

/// Room in the wrapping of a request: resource, scopes and lengths.
const WRAPPING_BYTES: usize = 4 * 1024;

/// Waits between attempts double from the first to the last of these, unless the receiver asks for another.
const FIRST_RETRY_MS: f64 = 1000.0;
const LAST_RETRY_MS: f64 = 30_000.0;

/// The longest wait that a receiver is granted.
const RETRY_AFTER_LIMIT_MS: f64 = 300_000.0;

/// A request that is under way or waits to be sent again.
#[derive(Debug)]
struct Request {
    export: Export,
    records: u64,
    attempts: u32,
    /// When it may be sent; of no meaning while it is under way.
    due_ms: f64,
}

#[derive(Debug)]
pub(crate) struct Exporter {
    limits: Limits,
    /// The maker of everything that is sent: its attributes in OTLP.
    resource: Vec<u8>,
    spans: Queue,
    #[cfg(feature = "logs")]
    logs: Queue,
    in_flight: Vec<Request>,
    waiting: Vec<Request>,
    /// What [`advance`](Self::advance) has to say of requests that were given up.
    given_up: Vec<Command>,
    next_id: u64,
    /// When what is queued shall be sent; infinite when nothing is queued.
    export_due_ms: f64,
    /// Whether that is at once, because a request is full.
    is_urgent: bool,
    /// When the earliest timer that was asked for runs out; infinite when there is none.
    timer_due_ms: f64,
    stats: Stats,
}

impl Exporter {
    pub(crate) fn new(limits: Limits, resource: Vec<u8>) -> Self {
        Self {
            limits,
            resource,
            spans: Queue::new(limits),
            #[cfg(feature = "logs")]
            logs: Queue::new(limits),
            in_flight: Vec::new(),
            waiting: Vec::new(),
            given_up: Vec::new(),
            next_id: 0,
            export_due_ms: f64::INFINITY,
            is_urgent: false,
            timer_due_ms: f64::INFINITY,
            stats: Stats::default(),
        }
    }

    /// Counts a span that has begun, or a log record.
    pub(crate) fn count_created(&mut self, signal: Signal) {
        self.counters(signal).created += 1;
    }

    /// Takes over a record that is finished and lacks what is told. Says whether [`schedule`](Self::schedule) has to be
    /// called for it, which most records do not need.
    pub(crate) fn push(&mut self, signal: Signal, record: Finished, losses: Losses) -> bool {
        self.stats.dropped_items += losses.dropped_items;
        self.stats.shortened_texts += losses.shortened_texts;
        let retained_bytes = self.retained_bytes(signal);
        let dropped = self.queue_mut(signal).push(record, retained_bytes);
        self.counters(signal).dropped_overload += dropped;
        let is_waiting = self.queued() > 0;
        (is_waiting && !self.export_due_ms.is_finite()) || (self.is_full() && !self.is_urgent)
    }

    /// Decides when what is queued will be sent.
    pub(crate) fn schedule(&mut self, now_ms: f64) -> Vec<Command> {
        if self.is_full() {
            self.is_urgent = true;
            self.export_due_ms = now_ms;
        } else if self.queued() > 0 && !self.export_due_ms.is_finite() {
            self.export_due_ms = now_ms + f64::from(self.limits.export_delay_ms);
        }
        // Not sent from here: a request in the middle of the page's own work would slow that work down.
        let mut commands = Vec::new();
        self.start_timer(now_ms, &mut commands);
        commands
    }

    /// A timer has run out, one of those asked for or any other.
    pub(crate) fn on_timer(&mut self, now_ms: f64) -> Vec<Command> {
        self.timer_due_ms = f64::INFINITY;
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
        let Some(position) = self
            .in_flight
            .iter()
            .position(|request| request.export.id == id)
        else {
            return Vec::new();
        };
        let request = self.in_flight.swap_remove(position);
        match outcome {
            Outcome::Answered(answer) => self.answered(request, answer, now_ms, jitter),
            // The page itself may use up what the browser allows for keepalive.
            Outcome::NetworkError if request.export.keepalive => {
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
        while let Some(request) = take_at(&mut self.waiting, 0) {
            self.stats.retries += 1;
            self.send(request, &mut commands);
        }
        for signal in Signal::ALL {
            while let Some(batch) = self.take(*signal, self.keepalive_room()) {
                self.send_new(*signal, batch, &mut commands);
            }
        }
        self.export_due_ms = f64::INFINITY;
        self.is_urgent = false;
        self.start_timer(now_ms, &mut commands);
        commands
    }

    /// Sends what is due: first what was sent before, then, if nothing else is under way, what is queued.
    fn advance(&mut self, now_ms: f64) -> Vec<Command> {
        let mut commands = std::mem::take(&mut self.given_up);
        let is_due = |request: &Request| request.due_ms <= now_ms;
        while let Some(position) = self.waiting.iter().position(is_due)
            && let Some(request) = take_at(&mut self.waiting, position)
        {
            self.stats.retries += 1;
            self.send(request, &mut commands);
        }
        if self.export_due_ms <= now_ms && self.in_flight.is_empty() && self.waiting.is_empty() {
            for signal in Signal::ALL {
                if let Some(batch) = self.take(*signal, self.limits.batch_bytes) {
                    self.send_new(*signal, batch, &mut commands);
                }
            }
            self.is_urgent = self.queued() > 0;
            self.export_due_ms = if self.is_urgent {
                now_ms
            } else {
                f64::INFINITY
            };
        }
        self.start_timer(now_ms, &mut commands);
        commands
    }

    fn answered(&mut self, request: Request, answer: Answer, now_ms: f64, jitter: f64) {
        match answer.status {
            200..=299 => {
                let rejected = answer.rejected.min(request.records);
                let counters = self.counters(request.export.signal);
                counters.exported += request.records - rejected;
                counters.dropped_rejected += rejected;
                self.stats.exported_bytes += answer.sent_bytes;
            }
            _ if answer.is_retryable() => {
                self.retry_later(request, answer.retry_after_ms, now_ms, jitter);
            }
            _ => self.counters(request.export.signal).dropped_refused += request.records,
        }
    }

    fn take(&mut self, signal: Signal, limit_bytes: usize) -> Option<Batch> {
        let queue = match signal {
            Signal::Spans => &mut self.spans,
            #[cfg(feature = "logs")]
            Signal::Logs => &mut self.logs,
        };
        queue.take(limit_bytes, &self.resource)
    }

    fn send_new(&mut self, signal: Signal, batch: Batch, commands: &mut Vec<Command>) {
        let id = self.next_id;
        self.next_id += 1;
        let request = Request {
            export: Export {
                id,
                signal,
                body: batch.body.into(),
                keepalive: false,
                has_failed: false,
            },
            records: batch.records,
            attempts: 0,
            due_ms: 0.0,
        };
        self.send(request, commands);
    }

    fn send(&mut self, mut request: Request, commands: &mut Vec<Command>) {
        request.attempts += 1;
        request.export.keepalive =
            request.export.body.len() + self.keepalive_bytes() < KEEPALIVE_BYTES;
        commands.push(Command::Send(request.export.clone()));
        self.in_flight.push(request);
    }

    fn resend_without_keepalive(&mut self, mut request: Request) -> Vec<Command> {
        self.stats.retries += 1;
        request.export.keepalive = false;
        let command = Command::Send(request.export.clone());
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
        if request.attempts >= self.limits.attempts {
            let (export, records) = (request.export, request.records);
            self.given_up.push(Command::GiveUp { export, records });
            return;
        }
        let doublings = request.attempts.saturating_sub(1);
        let backoff_ms =
            (FIRST_RETRY_MS * f64::from(1_u32 << doublings.min(16))).min(LAST_RETRY_MS);
        let asked_ms = retry_after_ms
            .unwrap_or(0.0)
            .clamp(0.0, RETRY_AFTER_LIMIT_MS);
        // Never sooner than asked for; up to half a backoff later.
        request.export.has_failed = true;
        request.due_ms = now_ms + backoff_ms.max(asked_ms) + backoff_ms * 0.5 * jitter;
        self.waiting.push(request);
    }

    /// Asks for a timer when something will be due and no timer runs out by then. While a request is under way its
    /// outcome continues the work instead.
    fn start_timer(&mut self, now_ms: f64, commands: &mut Vec<Command>) {
        let is_idle = self.in_flight.is_empty() && self.waiting.is_empty();
        let mut due_ms = if is_idle {
            self.export_due_ms
        } else {
            f64::INFINITY
        };
        for request in &self.waiting {
            due_ms = due_ms.min(request.due_ms);
        }
        if due_ms < self.timer_due_ms {
            self.timer_due_ms = due_ms;
            // Rounded up: a timer that runs out early finds nothing due.
            commands.push(Command::StartTimer {
                delay_ms: (due_ms - now_ms).max(0.0).ceil() as u32,
            });
        }
    }

    fn counters(&mut self, signal: Signal) -> &mut SignalStats {
        match signal {
            Signal::Spans => &mut self.stats.spans,
            #[cfg(feature = "logs")]
            Signal::Logs => &mut self.stats.logs,
        }
    }

    fn queue(&self, signal: Signal) -> &Queue {
        match signal {
            Signal::Spans => &self.spans,
            #[cfg(feature = "logs")]
            Signal::Logs => &self.logs,
        }
    }

    fn queue_mut(&mut self, signal: Signal) -> &mut Queue {
        match signal {
            Signal::Spans => &mut self.spans,
            #[cfg(feature = "logs")]
            Signal::Logs => &mut self.logs,
        }
    }

    fn queued(&self) -> usize {
        let lengths = Signal::ALL.iter().map(|signal| self.queue(*signal).len());
        lengths.sum()
    }

    fn is_full(&self) -> bool {
        let mut signals = Signal::ALL.iter();
        signals.any(|signal| self.queue(*signal).fills_a_batch())
    }

    fn keepalive_bytes(&self) -> usize {
        self.in_flight
            .iter()
            .filter(|request| request.export.keepalive)
            .map(|request| request.export.body.len())
            .sum()
    }

    /// How large a request may be to go with `keepalive`; full size when it has to go without anyway.
    fn keepalive_room(&self) -> usize {
        let batch_bytes = self.limits.batch_bytes;
        let room = KEEPALIVE_BYTES
            .saturating_sub(self.keepalive_bytes() + WRAPPING_BYTES)
            .min(batch_bytes);
        if room < WRAPPING_BYTES {
            batch_bytes
        } else {
            room
        }
    }

    fn retained_bytes(&self, signal: Signal) -> usize {
        self.in_flight
            .iter()
            .chain(&self.waiting)
            .filter(|request| request.export.signal == signal)
            .map(|request| request.export.body.len())
            .sum()
    }
}

mod account;
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
