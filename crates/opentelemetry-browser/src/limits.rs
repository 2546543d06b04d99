//! How much a page records, keeps and sends: every bound in one place, each with a default, and each time one is hit it
//! is counted in [`Stats`](crate::Stats) or in the span itself.

/// The bounds of [`Config::limits`](crate::Config::limits).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Most attributes of a span, of each of its events and links, and of a log record. 128, as the specification has it.
    pub attributes: usize,
    /// Most events of a span. 128, as the specification has it.
    pub events: usize,
    /// Most links of a span. 128, as the specification has it.
    pub links: usize,
    /// Most characters (Unicode scalar values) of a text in an attribute, each text of a list by itself. What follows is
    /// cut off. 8192: a record has to fit into a request.
    pub text_length: usize,
    /// Most records of one signal, spans or logs, that wait to be sent. 4096.
    pub queue_records: usize,
    /// Most bytes of one signal that wait, those being sent included. 1 MiB.
    pub queue_bytes: usize,
    /// Most records in one request. 512.
    pub batch_records: usize,
    /// Most bytes of records in one request. 48 KiB, which with what wraps them is below what browsers send with
    /// `keepalive`.
    pub batch_bytes: usize,
    /// How long a record waits for others to join its request, in milliseconds. 2000.
    pub export_delay_ms: u32,
    /// How long an export may take before it counts as failed, in milliseconds. 10 000.
    pub export_timeout_ms: u32,
    /// How often a request is sent at most; sending it again at once without `keepalive` does not count. 5.
    pub attempts: u32,
    /// After how long without a record a session ends, in milliseconds. 30 minutes.
    pub session_idle_ms: u32,
}

impl Limits {
    /// The bounds of a page that says nothing about them.
    pub const DEFAULT: Self = Self {
        attributes: 128,
        events: 128,
        links: 128,
        text_length: 8192,
        queue_records: 4096,
        queue_bytes: 1024 * 1024,
        batch_records: 512,
        batch_bytes: 48 * 1024,
        export_delay_ms: 2000,
        export_timeout_ms: 10_000,
        attempts: 5,
        session_idle_ms: 30 * 60 * 1000,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
