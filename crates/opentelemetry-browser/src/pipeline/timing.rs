//! The end of answered requests. A tracer sees when headers arrive; when the body was complete only the browser knows, and
//! tells in its resource timing. Until then the pipeline keeps the span open, without touching the body.
//!
//! An entry always comes, also for a body that breaks off or is not wanted any more, so nothing here needs a timer. Only
//! its order is not certain: it may come before the page has seen the headers.

use opentelemetry::Context;

#[cfg(target_arch = "wasm32")]
use super::Host;
use super::{Pipeline, with};
use crate::attribute;
use crate::batch::take_at;
use crate::limits::Limits;
use crate::span::{Item, OpenSpan};

/// Most requests that are watched. Beyond it the oldest has to do with the time of its headers.
const MOST_WATCHED: usize = 64;

/// How far a clock of the page may seem to run backwards: the coarsest step of the browsers' fine clocks.
const GRANULARITY_MS: f64 = 1.0;

/// How many numbers of an entry `shim.js` hands over.
pub(crate) const NUMBERS: usize = 9;

/// When the phases of one request were, in milliseconds of `performance.now()`: a `PerformanceResourceTiming`. Zero is
/// what the browser does not tell, as about a server of another origin.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timing {
    pub(crate) start_ms: f64,
    pub(crate) dns_start_ms: f64,
    pub(crate) dns_end_ms: f64,
    pub(crate) connect_start_ms: f64,
    pub(crate) connect_end_ms: f64,
    pub(crate) request_start_ms: f64,
    pub(crate) response_start_ms: f64,
    pub(crate) response_end_ms: f64,
    /// Bytes of the body as it was sent, that is, compressed.
    pub(crate) encoded_body_size: f64,
}

/// Requests in the order in which they began.
#[derive(Default)]
pub(super) struct Watched(Vec<Request>);

struct Request {
    /// That of its span.
    serial: u64,
    /// Without its fragment, which entries have in some browsers only.
    url: String,
    start_ms: f64,
    state: State,
}

enum State {
    /// Neither headers nor entry have come.
    Sent,
    /// The entry came first.
    Timed(Timing),
    /// The headers came first. The context holds the span open.
    Answered { cx: Context, headers_ns: u64 },
    /// The span ended without an entry, which must not be taken for that of another request.
    Over,
}

impl Timing {
    /// Of the numbers of `shim.js`, in the order of the fields.
    pub(crate) fn from_numbers(numbers: [f64; NUMBERS]) -> Self {
        let [
            start_ms,
            dns_start_ms,
            dns_end_ms,
            connect_start_ms,
            connect_end_ms,
            request_start_ms,
            response_start_ms,
            response_end_ms,
            encoded_body_size,
        ] = numbers;
        Self {
            start_ms,
            dns_start_ms,
            dns_end_ms,
            connect_start_ms,
            connect_end_ms,
            request_start_ms,
            response_start_ms,
            response_end_ms,
            encoded_body_size,
        }
    }

    /// Writes the phases that took place into a span.
    #[inline(never)]
    pub(crate) fn describe(&self, span: &mut OpenSpan, limits: &Limits, pipeline: &Pipeline) {
        let has_looked_up = self.dns_end_ms > self.dns_start_ms;
        let has_connected = self.connect_end_ms > self.connect_start_ms;
        let phases = [
            ("dns", self.dns_start_ms, has_looked_up),
            ("connect", self.connect_start_ms, has_connected),
            ("request", self.request_start_ms, true),
            ("response", self.response_start_ms, true),
        ];
        for (name, at_ms, took_place) in phases {
            if took_place && at_ms > 0.0 {
                let at_ns = pipeline.unix_ns(at_ms).max(span.start_ns);
                span.add_event(name, at_ns, &[], 0, limits);
            }
        }
        if self.encoded_body_size > 0.0 {
            let size = Item::Int(self.encoded_body_size as i64);
            span.set(attribute::HTTP_RESPONSE_BODY_SIZE, size, limits);
        }
    }
}

impl Pipeline {
    /// The request of an open span is about to be sent.
    pub(crate) fn watch(&self, serial: u64, url: String) {
        if !self.host.observes_fetches() {
            return;
        }
        let request = Request {
            serial,
            url,
            start_ms: self.host.performance_ms(),
            state: State::Sent,
        };
        let oldest = with(&self.watched, |watched| watched.push(request));
        if let Some(oldest) = oldest.flatten() {
            self.let_go(oldest);
        }
    }

    /// The headers of a watched request are there: its span, that of `cx`, ends when its body is. False when the request
    /// is not watched.
    pub(crate) fn keep_until_timed(&self, serial: u64, cx: &Context) -> bool {
        let headers_ns = self.now_ns();
        let answered = State::Answered {
            cx: cx.clone(),
            headers_ns,
        };
        // Replaced in one statement and looked at in the next: what is dropped here may end a span.
        let before = self.set_state(serial, answered);
        match before {
            Some(State::Timed(timing)) => {
                let request = with(&self.watched, |watched| watched.remove(serial));
                self.end_timed(serial, &timing);
                drop(request);
                true
            }
            before => before.is_some(),
        }
    }

    /// The span of a watched request has ended, or ends now, by other means.
    pub(crate) fn stop_watching(&self, serial: u64) {
        if let Some(State::Timed(_)) = self.set_state(serial, State::Over) {
            with(&self.watched, |watched| watched.remove(serial));
        }
    }

    /// The browser told about a request, which may be anyone's.
    pub(crate) fn on_timing(&self, url: &str, timing: Timing) {
        let request = with(&self.watched, |watched| watched.claim(url, timing));
        if let Some(request) = request.flatten()
            && let State::Answered { .. } = request.state
        {
            self.end_timed(request.serial, &timing);
        }
    }

    /// The page goes away: answered requests end with their headers, unless the browser knows better by now.
    pub(super) fn let_all_go(&self) {
        self.host.take_timings();
        let requests = with(&self.watched, std::mem::take);
        let mut requests = requests.unwrap_or_default();
        while let Some(request) = take_at(&mut requests.0, 0) {
            self.let_go(request);
        }
    }

    /// Sets the state of a request; returns the one before, none when the request is not watched.
    fn set_state(&self, serial: u64, state: State) -> Option<State> {
        with(&self.watched, |watched| watched.set_state(serial, state)).flatten()
    }

    fn let_go(&self, request: Request) {
        if let State::Answered { cx, headers_ns } = request.state {
            self.end(request.serial, headers_ns);
            // The last handle of the span, which would have ended it now.
            drop(cx);
        }
    }

    fn end_timed(&self, serial: u64, timing: &Timing) {
        self.update(serial, |span, limits| timing.describe(span, limits, self));
        let end_ms = timing.response_end_ms.max(timing.response_start_ms);
        self.end(serial, self.unix_ns(end_ms));
    }
}

impl Watched {
    /// Adds a request; returns the one that has to make room for it.
    fn push(&mut self, request: Request) -> Option<Request> {
        let is_full = self.0.len() >= MOST_WATCHED;
        let oldest = if is_full {
            take_at(&mut self.0, 0)
        } else {
            None
        };
        self.0.push(request);
        oldest
    }

    /// Sets the state of a request; returns the one before, none when the request is not watched.
    fn set_state(&mut self, serial: u64, state: State) -> Option<State> {
        let request = self.0.iter_mut().find(|request| request.serial == serial)?;
        Some(std::mem::replace(&mut request.state, state))
    }

    fn remove(&mut self, serial: u64) -> Option<Request> {
        let position = self.0.iter().position(|request| request.serial == serial)?;
        take_at(&mut self.0, position)
    }

    /// Gives an entry to the request it belongs to: among those of its URL that have none, the one that began next to it
    /// and not after it; the earliest of equals. Returns the request unless it still waits for its headers.
    fn claim(&mut self, url: &str, timing: Timing) -> Option<Request> {
        let is_candidate = |request: &Request| {
            request.url == url
                && timing.start_ms >= request.start_ms - GRANULARITY_MS
                && !matches!(request.state, State::Timed(_))
        };
        let mut nearest = None;
        for (position, request) in self.0.iter().enumerate() {
            let away_ms = (timing.start_ms - request.start_ms).abs();
            if is_candidate(request) && nearest.is_none_or(|(_, least_ms)| away_ms < least_ms) {
                nearest = Some((position, away_ms));
            }
        }
        let (position, _) = nearest?;
        let request = self.0.get_mut(position)?;
        if let State::Sent = request.state {
            request.state = State::Timed(timing);
            return None;
        }
        take_at(&mut self.0, position)
    }
}
