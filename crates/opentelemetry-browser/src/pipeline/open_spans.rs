//! The spans that have begun and not ended, found by their serial numbers.

use crate::batch::take_at;
use crate::span::OpenSpan;

/// Spans in the order in which they began, which is that of their serial numbers. A page has few open at a time, and
/// those that end first are mostly at the end.
#[derive(Default)]
pub(super) struct OpenSpans {
    next_serial: u64,
    pub(super) spans: Vec<(u64, OpenSpan)>,
}

impl OpenSpans {
    pub(super) fn insert(&mut self, span: OpenSpan) -> u64 {
        let serial = self.next_serial;
        self.next_serial += 1;
        self.spans.push((serial, span));
        serial
    }

    pub(super) fn position(&self, serial: u64) -> Option<usize> {
        self.spans
            .binary_search_by_key(&serial, |(serial, _)| *serial)
            .ok()
    }

    pub(super) fn get_mut(&mut self, serial: u64) -> Option<&mut OpenSpan> {
        let position = self.position(serial)?;
        self.spans.get_mut(position).map(|(_, span)| span)
    }

    pub(super) fn remove(&mut self, serial: u64) -> Option<OpenSpan> {
        let position = self.position(serial)?;
        take_at(&mut self.spans, position).map(|(_, span)| span)
    }
}
