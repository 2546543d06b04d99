//! The end of the page, or what may be it: what is open ends, what waits is sent, and what may not arrive is kept.

#[cfg(all(target_arch = "wasm32", feature = "spill"))]
use super::Host;
use super::{Pipeline, with};
use crate::span::Item;

impl Pipeline {
    /// Marks every open span with an attribute: what a hidden page measures, the browser may have slowed down.
    pub(crate) fn mark_all(&self, marker: &'static str) {
        with(&self.open, |open| {
            for (_, span) in &mut open.spans {
                span.set(marker, Item::Bool(true), &self.limits);
            }
        });
    }

    /// Ends every open span and sends all there is: the page goes away. Each gets `marker` set on it, except those of
    /// requests that were answered.
    pub(crate) fn end_all(&self, marker: &'static str) {
        self.let_all_go();
        self.mark_all(marker);
        let now_ns = self.now_ns();
        // Children before their parents, as spans end otherwise too.
        while let Some(Some((_, span))) = with(&self.open, |open| open.spans.pop()) {
            self.finish(span, now_ns);
        }
        self.flush_before_the_end();
    }

    /// Sends all there is and keeps what may not arrive: the page may end.
    pub(crate) fn flush_before_the_end(&self) {
        self.flush();
        #[cfg(feature = "spill")]
        for export in with(&self.exporter, |exporter| exporter.under_way()).unwrap_or_default() {
            self.host.keep(&export, true);
        }
    }

    /// Counts a request that was kept and is sent after all, or refused.
    #[cfg(feature = "spill")]
    pub(crate) fn count_recovered(&self, is_accepted: bool) {
        with(&self.exporter, |exporter| {
            exporter.count_recovered(is_accepted)
        });
    }
}
