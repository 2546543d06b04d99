//! Events: things that happen at one moment, as OTLP log records with a name by the semantic conventions, the trace they
//! happen in and attributes. They need no span: web vitals and errors come when they come.

use opentelemetry::{Context, KeyValue};
use otlp_encoder::LogHead;

use crate::batch::{Finished, Signal};
use crate::pipeline::{self, Pipeline};
use crate::span::{Item, Losses, Scope, Tally, item_of};

/// How bad an event is, with the numbers of OTLP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// For those who look closely.
    Trace = 1,
    /// For those who look for an error.
    Debug = 5,
    /// Good to know.
    Info = 9,
    /// May become an error.
    Warn = 13,
    /// Something failed.
    Error = 17,
    /// The page cannot go on.
    Fatal = 21,
}

/// Records an event that happens now, in the current span if there is one. `name` is that of the semantic conventions, for
/// instance `browser.web_vital`. In a trace that is not recorded, events are not recorded either.
pub fn emit(name: &'static str, severity: Severity, attributes: Vec<KeyValue>) {
    let attributes: Vec<(&str, Item<'_>)> = attributes.iter().map(item_of).collect();
    Event::new(name, severity, &attributes).emit(&Context::current());
}

/// An event with all that may be said about it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Event<'a> {
    /// By the semantic conventions.
    pub(crate) name: &'a str,
    pub(crate) severity: Severity,
    pub(crate) attributes: &'a [(&'a str, Item<'a>)],
    /// A text for people; none when empty.
    pub(crate) body: &'a str,
    /// When it happened, by `performance.now()`; none for now.
    pub(crate) at_ms: Option<f64>,
}

impl<'a> Event<'a> {
    /// An event that happens now and has no more to say.
    pub(crate) fn new(
        name: &'a str,
        severity: Severity,
        attributes: &'a [(&'a str, Item<'a>)],
    ) -> Self {
        Self {
            name,
            severity,
            attributes,
            body: "",
            at_ms: None,
        }
    }

    #[cfg(feature = "session")]
    fn says(&self, key: &str) -> bool {
        self.attributes.iter().any(|(said, _)| *said == key)
    }

    /// Records the event in the span of `cx`.
    pub(crate) fn emit(&self, cx: &Context) {
        if let Some(pipeline) = pipeline::current() {
            pipeline.log(self, cx);
        }
    }
}

impl Pipeline {
    pub(crate) fn log(&self, event: &Event<'_>, cx: &Context) {
        use opentelemetry::trace::TraceContextExt;

        let span = cx.span();
        let span = span.span_context();
        if !self.records_events
            || cx.is_telemetry_suppressed()
            || (span.is_valid() && !span.is_sampled())
        {
            return;
        }
        let observed_ns = self.now_ns();
        let head = LogHead {
            time_ns: event.at_ms.map_or(observed_ns, |at_ms| self.unix_ns(at_ms)),
            observed_ns,
            severity_number: event.severity as u32,
            severity_text: "",
            event_name: event.name,
            span: span
                .is_valid()
                .then(|| (span.trace_id().to_bytes(), span.span_id().to_bytes())),
            trace_flags: span.trace_flags().to_u8(),
        };
        let mut losses = Losses::default();
        #[cfg(feature = "session")]
        let session_id = self.session_id();
        let mut bytes = Vec::with_capacity(192);
        otlp_encoder::log(&mut bytes, &head, |record| {
            if !event.body.is_empty() {
                record.body(|values| values.string(event.body));
            }
            let mut writer = record.attributes();
            #[cfg(feature = "session")]
            if !event.says(crate::attribute::SESSION_ID) {
                writer.string(crate::attribute::SESSION_ID, &session_id);
            }
            let mut tally = Tally::default();
            for attribute in event.attributes {
                tally.set(&mut writer, *attribute, self.limits(), &mut losses);
            }
            record.dropped_attributes(tally.dropped);
        });
        self.count_created(Signal::Logs);
        let record = Finished {
            // There are no holes in an event's trace that would mislead: too many are dropped one by one.
            trace_id: opentelemetry::TraceId::INVALID,
            scope: Scope::clone(&self.own_scope),
            bytes,
        };
        self.queue(Signal::Logs, record, losses);
    }
}
