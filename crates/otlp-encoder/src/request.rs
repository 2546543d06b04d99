//! Wraps spans in what an `ExportTraceServiceRequest` puts around them: the resource that made them, and the
//! instrumentation scope that opened them.

use crate::attributes::Attributes;
use crate::span::{SpanHead, SpanWriter, span};
use crate::wire;

/// The library that opened the spans.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Name of the library.
    pub name: &'a str,
    /// Its version; empty when unknown.
    pub version: &'a str,
    /// Address of the schema its telemetry follows; empty when unknown.
    pub schema_url: &'a str,
}

/// Appends the spans of one resource to an `ExportTraceServiceRequest`. An empty buffer is an empty request; several
/// calls put several resources into one request.
pub fn resource_spans(
    buffer: &mut Vec<u8>,
    resource: impl FnOnce(&mut Attributes<'_>),
    scopes: impl FnOnce(&mut Scopes<'_>),
) {
    let resource_spans = wire::open(buffer, 1);
    let message = wire::open(buffer, 1);
    resource(&mut Attributes::new(buffer, 1));
    wire::close(buffer, message);
    scopes(&mut Scopes { buffer });
    wire::close(buffer, resource_spans);
}

/// Writes the scopes of one resource.
pub struct Scopes<'b> {
    buffer: &'b mut Vec<u8>,
}

impl Scopes<'_> {
    /// One scope: its attributes and its spans.
    pub fn scope(
        &mut self,
        scope: &Scope<'_>,
        attributes: impl FnOnce(&mut Attributes<'_>),
        spans: impl FnOnce(&mut Spans<'_>),
    ) {
        let scope_spans = wire::open(self.buffer, 2);
        let message = wire::open(self.buffer, 1);
        wire::text(self.buffer, 1, scope.name);
        wire::text(self.buffer, 2, scope.version);
        attributes(&mut Attributes::new(self.buffer, 3));
        wire::close(self.buffer, message);
        spans(&mut Spans {
            buffer: self.buffer,
        });
        wire::text(self.buffer, 3, scope.schema_url);
        wire::close(self.buffer, scope_spans);
    }
}

/// Writes the spans of one scope.
pub struct Spans<'b> {
    buffer: &'b mut Vec<u8>,
}

impl Spans<'_> {
    /// One span, encoded here.
    pub fn span(&mut self, head: &SpanHead<'_>, fill: impl FnOnce(&mut SpanWriter<'_>)) {
        let message = wire::open(self.buffer, 2);
        span(self.buffer, head, fill);
        wire::close(self.buffer, message);
    }

    /// One span that [`span`] has encoded before.
    pub fn encoded(&mut self, span: &[u8]) {
        wire::bytes(self.buffer, 2, span);
    }
}
