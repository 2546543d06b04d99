//! What a page says once, when it starts tracing.

use std::borrow::Cow;

use opentelemetry::KeyValue;

use crate::instruments::Instruments;
use crate::limits::Limits;

/// Settings of `init`. The defaults record every trace, export to `/otlp/v1/traces` of the page's own
/// origin, send `traceparent` to that origin only and leave `window.fetch` alone.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) service_name: Cow<'static, str>,
    pub(crate) service_version: Cow<'static, str>,
    pub(crate) endpoint: String,
    #[cfg(feature = "logs")]
    pub(crate) logs_endpoint: Option<String>,
    #[cfg(feature = "logs")]
    pub(crate) records_events: bool,
    pub(crate) sampling_ratio: f64,
    #[cfg(feature = "session")]
    pub(crate) samples_sessions: bool,
    pub(crate) limits: Limits,
    #[cfg(feature = "gzip")]
    pub(crate) compresses: bool,
    #[cfg(feature = "spill")]
    pub(crate) spill_bytes: u32,
    pub(crate) propagate_to: Vec<String>,
    pub(crate) ignored: Vec<String>,
    pub(crate) redacted_query_keys: Vec<String>,
    pub(crate) resource: Vec<KeyValue>,
    pub(crate) instruments: Instruments,
}

impl Config {
    /// Defaults for the service `service_name`, the `service.name` of everything the page records.
    pub fn new(service_name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            service_name: service_name.into(),
            service_version: Cow::Borrowed(""),
            endpoint: String::from("/otlp/v1/traces"),
            #[cfg(feature = "logs")]
            logs_endpoint: None,
            #[cfg(feature = "logs")]
            records_events: true,
            sampling_ratio: 1.0,
            #[cfg(feature = "session")]
            samples_sessions: false,
            limits: Limits::default(),
            #[cfg(feature = "gzip")]
            compresses: false,
            #[cfg(feature = "spill")]
            spill_bytes: 0,
            propagate_to: Vec::new(),
            ignored: Vec::new(),
            redacted_query_keys: Vec::new(),
            resource: Vec::new(),
            instruments: Instruments::default(),
        }
    }

    /// `service.version` of the page; not recorded when empty.
    pub fn service_version(mut self, version: impl Into<Cow<'static, str>>) -> Self {
        self.service_version = version.into();
        self
    }

    /// Where spans are sent by OTLP over HTTP: a path on the page's origin, or a whole URL.
    pub fn endpoint(mut self, url: impl Into<String>) -> Self {
        self.endpoint = url.into();
        self
    }

    /// Where log records are sent by OTLP over HTTP: a path on the page's origin, or a whole URL. Otherwise they go
    /// where spans go, with `traces` at the end of the URL replaced by `logs`; from a URL that ends in something else, to
    /// `/otlp/v1/logs`.
    #[cfg(feature = "logs")]
    pub fn logs_endpoint(mut self, url: impl Into<String>) -> Self {
        self.logs_endpoint = Some(url.into());
        self
    }

    /// How much is recorded, kept and sent at most.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether requests of a kilobyte and more are compressed, where the browser can and the page stays. Off unless set: the
    /// receiver has to understand `Content-Encoding: gzip`.
    #[cfg(feature = "gzip")]
    pub fn gzip(mut self, compressed: bool) -> Self {
        self.compresses = compressed;
        self
    }

    /// Keeps up to this many bytes of requests that could not be sent in the local storage of the browser, also over a
    /// reload, and sends them when the page is loaded or online again: at least once. 0, which is off, unless set.
    #[cfg(feature = "spill")]
    pub fn offline_spill(mut self, bytes: u32) -> Self {
        self.spill_bytes = bytes;
        self
    }

    /// Whether events are recorded, as log records; as long as nothing says otherwise, they are. For a receiver that takes
    /// spans only and would refuse every one of them.
    #[cfg(feature = "logs")]
    pub fn events(mut self, recorded: bool) -> Self {
        self.records_events = recorded;
        self
    }

    /// Share of new traces that are recorded, from 0.0 to 1.0. A trace that is not recorded still reaches the servers
    /// by its `traceparent`, with the sampled flag unset, so that they do not record it either.
    pub fn sampling_ratio(mut self, ratio: f64) -> Self {
        self.sampling_ratio = ratio;
        self
    }

    /// Whether the ratio is that of sessions: either all new traces of a session are recorded or none.
    #[cfg(feature = "session")]
    pub fn sample_sessions(mut self, by_session: bool) -> Self {
        self.samples_sessions = by_session;
        self
    }

    /// Also sends `traceparent` to this origin, for instance `https://api.example.com`. A server of another origin has
    /// to allow the header by CORS, or the request fails: list only those that do.
    pub fn propagate_to(mut self, origin: impl Into<String>) -> Self {
        self.propagate_to.push(origin.into());
        self
    }

    /// Leaves requests alone whose URL begins like this: a path on the page's origin, or a whole URL. For requests made
    /// over and over, like polling. The export endpoint is always left alone.
    pub fn ignore(mut self, url_prefix: impl Into<String>) -> Self {
        self.ignored.push(url_prefix.into());
        self
    }

    /// Replaces the value of this query parameter in `url.full`, for parameters that hold what a person typed. Passwords
    /// in URLs and signatures of signed URLs are always replaced.
    pub fn redact_query_key(mut self, key: impl Into<String>) -> Self {
        self.redacted_query_keys.push(key.into());
        self
    }

    /// Whether `window.fetch` is wrapped, so that requests of code that knows nothing of tracing are traced too.
    /// Requests sent by `SendTraced` need no wrapping. With the feature `xhr`, `XMLHttpRequest` is wrapped as well.
    pub fn patch_fetch(mut self, patched: bool) -> Self {
        self.instruments.patch_fetch = patched;
        self
    }

    /// How many resources of the page's load get a span of their own: those that took longest. The others are counted in
    /// `page.resources_dropped` of `documentLoad`.
    #[cfg(feature = "document_load")]
    pub fn load_resources(mut self, limit: usize) -> Self {
        self.instruments.load_resources = limit;
        self
    }

    /// The endpoint of log records, by what was said about it.
    #[cfg(feature = "logs")]
    pub(crate) fn effective_logs_endpoint(&self) -> String {
        let beside_spans = || {
            let base = self.endpoint.strip_suffix("traces");
            base.map_or("/otlp/v1/logs".to_owned(), |base| [base, "logs"].concat())
        };
        self.logs_endpoint.clone().unwrap_or_else(beside_spans)
    }

    /// Whether what is said by `console.error` is recorded as events `browser.console`.
    #[cfg(feature = "errors")]
    pub fn console_errors(mut self, recorded: bool) -> Self {
        self.instruments.console_errors = recorded;
        self
    }

    /// Adds a resource attribute, for instance `deployment.environment.name`. A `service.instance.id` given here replaces
    /// the random one.
    pub fn resource(mut self, attribute: KeyValue) -> Self {
        self.resource.push(attribute);
        self
    }
}

#[cfg(all(test, feature = "logs"))]
mod tests {
    use super::*;

    #[test]
    fn log_records_go_beside_spans() {
        let endpoint = |config: Config| config.effective_logs_endpoint();
        let config = Config::new("tests");
        assert_eq!(endpoint(config.clone()), "/otlp/v1/logs");
        let elsewhere = config.endpoint("https://otel.example/v1/traces");
        assert_eq!(endpoint(elsewhere.clone()), "https://otel.example/v1/logs");
        assert_eq!(endpoint(elsewhere.clone().endpoint("/in")), "/otlp/v1/logs");
        assert_eq!(endpoint(elsewhere.logs_endpoint("/events")), "/events");
    }
}
