//! Wraps spans or log records in what an export request puts around them: the resource that made them, and the
//! instrumentation scope that they come from. `ExportTraceServiceRequest` and `ExportLogsServiceRequest` have one layout,
//! so the same functions write both; a request holds records of one kind.

use crate::attributes::Attributes;
use crate::log::{LogHead, LogWriter, log};
use crate::span::{SpanHead, SpanWriter, span};
use crate::wire;

/// The library that the records come from.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// Name of the library.
    pub name: &'a str,
    /// Its version; empty when unknown.
    pub version: &'a str,
    /// Address of the schema its telemetry follows; empty when unknown.
    pub schema_url: &'a str,
}

/// Appends the records of one resource to a request: `ResourceSpans` or `ResourceLogs`, by what the scopes hold. An empty
/// buffer is an empty request; several calls put several resources into one request.
pub fn resource_records(
    buffer: &mut Vec<u8>,
    resource: impl FnOnce(&mut Attributes<'_>),
    scopes: impl FnOnce(&mut Scopes<'_>),
) {
    let mut attributes = Vec::new();
    resource(&mut Attributes::of_resource(&mut attributes));
    encoded_resource_records(buffer, &attributes, scopes);
}

/// The same of a resource that was written before, by [`Attributes::of_resource`].
pub fn encoded_resource_records(
    buffer: &mut Vec<u8>,
    resource: &[u8],
    scopes: impl FnOnce(&mut Scopes<'_>),
) {
    let resource_records = wire::open(buffer, 1);
    wire::bytes(buffer, 1, resource);
    scopes(&mut Scopes { buffer });
    wire::close(buffer, resource_records);
}

/// Appends what [`Scopes::encoded`] says of a scope before its records.
pub fn scope_head(
    buffer: &mut Vec<u8>,
    scope: &Scope<'_>,
    attributes: impl FnOnce(&mut Attributes<'_>),
) {
    scope_message(buffer, scope, attributes);
    wire::text(buffer, 3, scope.schema_url);
}

fn scope_message(
    buffer: &mut Vec<u8>,
    scope: &Scope<'_>,
    attributes: impl FnOnce(&mut Attributes<'_>),
) {
    let message = wire::open(buffer, 1);
    wire::text(buffer, 1, scope.name);
    wire::text(buffer, 2, scope.version);
    attributes(&mut Attributes::new(buffer, 3));
    wire::close(buffer, message);
}

/// Writes the scopes of one resource.
pub struct Scopes<'b> {
    buffer: &'b mut Vec<u8>,
}

impl Scopes<'_> {
    /// One scope: its attributes and its spans, or its log records.
    pub fn scope(
        &mut self,
        scope: &Scope<'_>,
        attributes: impl FnOnce(&mut Attributes<'_>),
        records: impl FnOnce(&mut Records<'_>),
    ) {
        let scope_records = wire::open(self.buffer, 2);
        scope_message(self.buffer, scope, attributes);
        records(&mut Records {
            buffer: self.buffer,
        });
        wire::text(self.buffer, 3, scope.schema_url);
        wire::close(self.buffer, scope_records);
    }

    /// One scope whose `head` was written before, by [`scope_head`], and its spans or its log records.
    pub fn encoded(&mut self, head: &[u8], records: impl FnOnce(&mut Records<'_>)) {
        let scope_records = wire::open(self.buffer, 2);
        self.buffer.extend_from_slice(head);
        records(&mut Records {
            buffer: self.buffer,
        });
        wire::close(self.buffer, scope_records);
    }
}

/// Writes the spans, or the log records, of one scope.
pub struct Records<'b> {
    buffer: &'b mut Vec<u8>,
}

impl Records<'_> {
    /// One span, encoded here.
    pub fn span(&mut self, head: &SpanHead<'_>, fill: impl FnOnce(&mut SpanWriter<'_>)) {
        let message = wire::open(self.buffer, 2);
        span(self.buffer, head, fill);
        wire::close(self.buffer, message);
    }

    /// One log record, encoded here.
    pub fn log(&mut self, head: &LogHead<'_>, fill: impl FnOnce(&mut LogWriter<'_>)) {
        let message = wire::open(self.buffer, 2);
        log(self.buffer, head, fill);
        wire::close(self.buffer, message);
    }

    /// One span or log record that [`span`] or [`log`] has encoded before.
    pub fn encoded(&mut self, record: &[u8]) {
        wire::bytes(self.buffer, 2, record);
    }
}
