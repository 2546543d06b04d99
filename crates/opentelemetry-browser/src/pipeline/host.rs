//! What the pipeline needs of the browser. Natively, and so in tests, something else stands in for it.

#[cfg(doc)]
use super::Pipeline;
use crate::export::Export;
#[cfg(feature = "spill")]
use crate::export::Outcome;

/// What the pipeline needs of the place it runs in.
pub(crate) trait Host {
    /// `performance.now()`: milliseconds since the page's time origin, fractional.
    fn performance_ms(&self) -> f64;

    /// `Date.now()`: milliseconds since the Unix epoch, whole.
    fn date_ms(&self) -> f64;

    /// Has [`Pipeline::on_timer`] called once, this much later.
    fn start_timer(&self, delay_ms: u32);

    /// Sends one request and has [`Pipeline::on_outcome`] called with its `id` when it is over.
    fn send(&self, export: &Export);

    /// Keeps a request beyond the page, one that was given up or, before the page may end, one that is under way. Says
    /// whether it did.
    #[cfg(feature = "spill")]
    fn keep(&self, export: &Export, is_under_way: bool) -> bool;

    /// A request of [`Host::send`] is over: one that is kept may be needed no longer.
    #[cfg(feature = "spill")]
    fn answered(&self, id: u64, outcome: &Outcome);

    /// Has [`Pipeline::on_timing`] called for each request that is over, from the first call of this on. False when the
    /// browser does not tell.
    fn observes_fetches(&self) -> bool;

    /// What [`Host::store_session`] has stored in this tab.
    #[cfg(feature = "session")]
    fn load_session(&self) -> Option<(String, f64)>;

    /// Stores the id of the session, and when it was active, for the life of the tab.
    #[cfg(feature = "session")]
    fn store_session(&self, id: &str, active_ms: f64);

    /// Has [`Pipeline::on_timing`] called now for the requests it is about to be called for.
    fn take_timings(&self);
}
