//! Passes what was received on to one other receiver of OTLP over HTTP, as it came: a real Collector, most likely. It has a
//! thread of its own and is never waited for.
//!
//! Requests wait in a queue of bounded bytes, or in the write-ahead log where there is one; then they also survive a killed
//! process, and what was passed on is remembered. Requests of one signal that wait are sent as one, since requests in
//! protobuf behind each other are one request.

mod queue;
mod retry;

use std::io::{ErrorKind, Read as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::http::Uri;
use clap::ValueEnum;
use flate2::write::GzEncoder;
use serde::Serialize;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::otlp::{Signal, rejected_of};
use crate::wal::Wal;
use queue::{Batch, Queue};
pub use retry::Retry;

/// How long the thread waits for something to pass on before it looks whether it shall end.
const PATIENCE: Duration = Duration::from_millis(100);
/// What may have to be sent twice from the log is this part of what was sent once, or one request.
const IN_DOUBT: u64 = 100;
/// An answer is a sentence at most.
const ANSWER_MAX_BYTES: u64 = 64 << 10;

/// Where and how to pass on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Address of the receiver, such as `http://127.0.0.1:4318`; the paths of the signals are appended.
    pub url: Uri,
    /// Certificates in PEM of those who may vouch for an address of `https`; the usual ones of the web without.
    pub trusted_pem: Option<Vec<u8>>,
    /// How bodies are sent.
    pub compression: Compression,
    /// Bytes that wait in memory; what comes when there are as many is not passed on, and counted.
    pub queue_max_bytes: usize,
    /// Bytes that are sent as one request.
    pub batch_max_bytes: usize,
    /// How long a request may take.
    pub timeout: Duration,
    /// When it is sent again.
    pub retry: Retry,
    /// How long to go on at the end with what waits in memory.
    pub drain: Duration,
}

/// How the body of a request is made smaller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Compression {
    /// As the exporters of the OpenTelemetry Collector do.
    #[default]
    Gzip,
    /// Not at all: for a receiver so near that time is dearer than bytes.
    None,
}

/// What became of requests that are to be passed on. Batches are sent, requests are received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TeeCounters {
    /// Requests that were taken by the other side.
    pub tee_sent: u64,
    /// Times that something was sent again.
    pub tee_retries: u64,
    /// Requests that were not queued because the queue was full.
    pub tee_dropped_queue_full: u64,
    /// Requests that the other side refused for good.
    pub tee_dropped_refused: u64,
    /// Requests that were given up after too many attempts, or at the end.
    pub tee_dropped_given_up: u64,
    /// Items that the other side said it did not take.
    pub tee_rejected_items: u64,
    /// Bytes that wait in memory.
    pub tee_queue_bytes: u64,
}

/// The way to the other receiver.
pub struct Tee {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    settings: Settings,
    queue: Queue,
    totals: Totals,
    /// Bytes that the other side has said it took, since the start or since it was last in doubt whether it did.
    certain_bytes: AtomicU64,
    /// When to end at the latest, once that is asked for.
    ends: Mutex<Option<Instant>>,
    stopping: Condvar,
}

#[derive(Default)]
struct Totals {
    sent: AtomicU64,
    retries: AtomicU64,
    queue_full: AtomicU64,
    refused: AtomicU64,
    given_up: AtomicU64,
    rejected: AtomicU64,
}

/// What came of an attempt.
enum Outcome {
    Taken,
    /// Not to be sent again, at least not as one.
    Refused(String),
    /// To be sent again, after this time if it is said.
    Later(Option<Duration>, String),
}

impl Tee {
    /// Starts passing on: what is in `log`, or else what is pushed.
    ///
    /// # Errors
    /// When the certificates or the position in the log cannot be read, or there is no thread to be had.
    pub fn start(settings: Settings, log: Option<Arc<Wal>>) -> std::io::Result<Self> {
        let agent = agent(&settings)?;
        let queue = match log {
            Some(log) => Queue::log(log)?,
            None => Queue::memory(settings.queue_max_bytes),
        };
        let shared = Arc::new(Shared {
            settings,
            queue,
            totals: Totals::default(),
            certain_bytes: AtomicU64::new(0),
            ends: Mutex::new(None),
            stopping: Condvar::new(),
        });
        let passing = shared.clone();
        let thread = std::thread::Builder::new()
            .name("tee".to_owned())
            .spawn(move || passing.pass_on(&agent))?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Passes a request on that was received; where there is a log, it is in there already.
    pub(crate) fn push(&self, signal: Signal, request: &[u8]) {
        if !self.shared.queue.push(signal, request) {
            self.shared
                .totals
                .queue_full
                .fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What became of requests so far.
    #[must_use]
    pub fn counters(&self) -> TeeCounters {
        let totals = &self.shared.totals;
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        TeeCounters {
            tee_sent: of(&totals.sent),
            tee_retries: of(&totals.retries),
            tee_dropped_queue_full: of(&totals.queue_full),
            tee_dropped_refused: of(&totals.refused),
            tee_dropped_given_up: of(&totals.given_up),
            tee_rejected_items: of(&totals.rejected),
            tee_queue_bytes: self.shared.queue.bytes(),
        }
    }

    /// Ends it: what waits in memory is sent while there is time, what is in the log stays there. Blocks until then.
    pub fn stop(&self) {
        let drain = self.shared.settings.drain;
        self.shared.ends().get_or_insert(Instant::now() + drain);
        self.shared.stopping.notify_all();
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            drop(thread.join());
        }
    }
}

/// The client of HTTP.
fn agent(settings: &Settings) -> std::io::Result<ureq::Agent> {
    let mut config = ureq::Agent::config_builder()
        .timeout_global(Some(settings.timeout))
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(None)
        .user_agent(concat!("gutenberg-collector/", env!("CARGO_PKG_VERSION")));
    if let Some(pem) = &settings.trusted_pem {
        let unreadable = |why: String| std::io::Error::new(ErrorKind::InvalidData, why);
        let mut certificates = Vec::new();
        for item in parse_pem(pem) {
            if let PemItem::Certificate(certificate) =
                item.map_err(|error| unreadable(error.to_string()))?
            {
                certificates.push(certificate);
            }
        }
        if certificates.is_empty() {
            return Err(unreadable("there is no certificate in PEM".to_owned()));
        }
        let roots = RootCerts::new_with_certs(&certificates);
        config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
    }
    Ok(config.build().new_agent())
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    // Writing into memory does not fail.
    drop(encoder.write_all(body));
    encoder.finish().unwrap_or_default()
}

impl Shared {
    fn ends(&self) -> MutexGuard<'_, Option<Instant>> {
        // A time is whole whatever happens.
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread's life.
    fn pass_on(&self, agent: &ureq::Agent) {
        loop {
            let ends = *self.ends();
            if let Some(ends) = ends {
                // What is in the log is there at the next start.
                if self.queue.is_log() || self.queue.bytes() == 0 {
                    return;
                }
                if Instant::now() >= ends {
                    let left = self.queue.clear();
                    self.totals.given_up.fetch_add(left, Ordering::Relaxed);
                    return;
                }
            }
            match self.queue.next(self.batch_max_bytes(), PATIENCE) {
                Ok(None) => {}
                // Where the log is damaged there is nothing to send.
                Ok(Some(batch)) if batch.requests.is_empty() => self.queue.done(&batch),
                Ok(Some(batch)) => {
                    if !self.deliver(agent, &batch) && self.queue.is_log() {
                        return;
                    }
                    self.queue.done(&batch);
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the write-ahead log cannot be read to pass it on"
                    );
                    self.sleep(self.settings.retry.initial_interval);
                }
            }
        }
    }

    /// Whoever is killed between an answer and its note of it sends the batch again, so from the log it is a small part of
    /// what this process has sent. What waits in memory is gone then, and only has to be fast.
    fn batch_max_bytes(&self) -> usize {
        let max_bytes = self.settings.batch_max_bytes;
        if !self.queue.is_log() {
            return max_bytes;
        }
        let part = self.certain_bytes.load(Ordering::Relaxed) / IN_DOUBT;
        max_bytes.min(usize::try_from(part).unwrap_or(usize::MAX))
    }

    /// Sends a batch until it is taken, refused or given up. Whether that is decided.
    fn deliver(&self, agent: &ureq::Agent, batch: &Batch) -> bool {
        let mut attempts = self.settings.retry.attempts(!self.queue.is_log());
        let requests = batch.requests.len() as u64;
        let body = batch.requests.concat();
        loop {
            match self.send(agent, batch.signal, &body) {
                Outcome::Taken => {
                    let bytes = body.len() as u64;
                    self.certain_bytes.fetch_add(bytes, Ordering::Relaxed);
                    self.totals.sent.fetch_add(requests, Ordering::Relaxed);
                    return true;
                }
                Outcome::Refused(_) if requests > 1 => {
                    // One of them may be to blame.
                    return batch.singles().all(|single| self.deliver(agent, &single));
                }
                Outcome::Refused(reason) => {
                    tracing::warn!(reason, "a request that was passed on was refused for good");
                    self.totals.refused.fetch_add(1, Ordering::Relaxed);
                    return true;
                }
                Outcome::Later(after, reason) => {
                    self.certain_bytes.store(0, Ordering::Relaxed);
                    let ends = *self.ends();
                    if ends.is_some() && self.queue.is_log() {
                        return false;
                    }
                    let is_over = ends.is_some_and(|ends| Instant::now() >= ends);
                    let pause = attempts.next_pause(after).filter(|_| !is_over);
                    let Some(pause) = pause else {
                        tracing::warn!(reason, requests, "requests are not passed on any more");
                        self.totals.given_up.fetch_add(requests, Ordering::Relaxed);
                        return true;
                    };
                    tracing::debug!(reason, "requests are passed on later");
                    self.totals.retries.fetch_add(1, Ordering::Relaxed);
                    self.sleep(pause);
                }
            }
        }
    }

    fn send(&self, agent: &ureq::Agent, signal: Signal, body: &[u8]) -> Outcome {
        let url = self.settings.url.to_string();
        let url = format!("{}{}", url.trim_end_matches('/'), signal.path());
        let post = agent
            .post(&url)
            .header("content-type", "application/x-protobuf");
        let sent = match self.settings.compression {
            Compression::None => post.send(body),
            Compression::Gzip => post.header("content-encoding", "gzip").send(&gzip(body)),
        };
        let mut response = match sent {
            Ok(response) => response,
            Err(error) => return Outcome::Later(None, error.to_string()),
        };
        let status = response.status().as_u16();
        let after = response.headers().get("retry-after");
        let after = after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let mut answer = Vec::new();
        let mut reader = response.body_mut().as_reader().take(ANSWER_MAX_BYTES);
        match (status, reader.read_to_end(&mut answer)) {
            (200..=299, _) => {
                let rejected = rejected_of(&answer);
                self.totals.rejected.fetch_add(rejected, Ordering::Relaxed);
                Outcome::Taken
            }
            (429 | 502..=504, _) => {
                Outcome::Later(after.map(Duration::from_secs), format!("status {status}"))
            }
            _ => Outcome::Refused(format!("status {status}")),
        }
    }

    /// Sleeps, though at the end no longer than it takes to see whether it is over.
    fn sleep(&self, pause: Duration) {
        let ends = self.ends();
        if ends.is_some() {
            drop(ends);
            std::thread::sleep(pause.min(PATIENCE));
            return;
        }
        let wait = self
            .stopping
            .wait_timeout_while(ends, pause, |ends| ends.is_none());
        drop(wait);
    }
}
