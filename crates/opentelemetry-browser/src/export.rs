//! The words between the exporter, which decides, and the page, which does: what is to be sent, and how that ended.

use std::rc::Rc;

use crate::batch::Signal;
#[cfg(doc)]
use crate::transport::Exporter;

/// What the exporter wants done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// Call [`Exporter::on_timer`] this much later.
    StartTimer { delay_ms: u32 },
    /// Send a request and call [`Exporter::on_outcome`] with its id.
    Send(Export),
    /// Keep a request, if possible, that cannot be sent for now, and call [`Exporter::count_given_up`].
    GiveUp { export: Export, records: u64 },
}

/// A request to be sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Export {
    pub(crate) id: u64,
    pub(crate) signal: Signal,
    pub(crate) body: Rc<Vec<u8>>,
    /// Whether it has to outlive the page.
    pub(crate) keepalive: bool,
    /// Whether it was sent before, in vain.
    pub(crate) has_failed: bool,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// With an answer.
    Answered(Answer),
    /// The browser could not send it, or refused to.
    NetworkError,
    /// No answer came in time.
    TimedOut,
}

/// What a receiver answered.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The pause it asked for.
    pub(crate) retry_after_ms: Option<f64>,
    /// Records of the request that it did not take.
    pub(crate) rejected: u64,
    /// Bytes of the request as it was sent.
    pub(crate) sent_bytes: u64,
}

impl Answer {
    /// Whether OTLP wants the request sent again.
    pub(crate) fn is_retryable(&self) -> bool {
        matches!(self.status, 429 | 502 | 503 | 504)
    }
}
