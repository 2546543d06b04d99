//! What has become of everything that was recorded.

/// Counters since the page was loaded.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stats {
    /// Spans.
    pub spans: SignalStats,
    /// Log records.
    pub logs: SignalStats,
    /// Bytes of the requests that were accepted, as they were sent.
    pub exported_bytes: u64,
    /// Requests that were sent again.
    pub retries: u64,
    /// Requests, kept by earlier pages or by this one, that were accepted after all.
    pub recovered_requests: u64,
    /// Such requests that the receiver refused for good.
    pub unrecovered_requests: u64,
    /// Attributes, events and links that were dropped because a span or log record had too many.
    pub dropped_items: u64,
    /// Texts in attributes that were cut off because they were too long.
    pub shortened_texts: u64,
}

/// Counters of one signal. `created = open + queued + in_flight + exported + spilled + dropped_overload +
/// dropped_refused + dropped_unreachable + dropped_rejected` at every moment, so no loss goes unseen.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SignalStats {
    /// Recorded spans that were begun; log records that were emitted.
    pub created: u64,
    /// Spans that have not ended.
    pub open: u64,
    /// Records that wait for a request.
    pub queued: u64,
    /// Records in requests that are under way or wait to be sent again.
    pub in_flight: u64,
    /// Records that the receiver accepted.
    pub exported: u64,
    /// In requests that were given up for now and kept in the browser, to be sent later.
    pub spilled: u64,
    /// Dropped because too much was waiting; of spans always all of a trace from that moment on.
    pub dropped_overload: u64,
    /// Dropped because the receiver refused the request for good.
    pub dropped_refused: u64,
    /// Dropped because the receiver was busy or could not be reached in several attempts.
    pub dropped_unreachable: u64,
    /// Dropped by the receiver itself, which accepted the rest of the request: OTLP's partial success.
    pub dropped_rejected: u64,
}

impl SignalStats {
    /// All that was lost, whatever the cause.
    pub fn dropped(&self) -> u64 {
        self.dropped_overload
            + self.dropped_refused
            + self.dropped_unreachable
            + self.dropped_rejected
    }
}
