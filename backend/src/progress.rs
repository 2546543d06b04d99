//! How far a start-up is, for `/health` and the log.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What a start-up is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Settings are read, the port is opened.
    #[default]
    Configuring,
    /// Texts are read and checked; counted in books.
    ReadingBooks,
    /// The index of an earlier start is read and checked.
    OpeningIndex,
    /// Texts are indexed; counted in bytes, each twice because there are two indexes.
    BuildingIndex,
    /// The index is written for the next start.
    KeepingIndex,
    /// The index is asked for its own words.
    Checking,
}

impl Phase {
    /// Name on the wire and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::Configuring => "configuring",
            Phase::ReadingBooks => "reading_books",
            Phase::OpeningIndex => "opening_index",
            Phase::BuildingIndex => "building_index",
            Phase::KeepingIndex => "keeping_index",
            Phase::Checking => "checking",
        }
    }
}

/// How far a start-up is. Threads that share the work share it.
#[derive(Debug, Default)]
pub struct Progress(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    done: u64,
    total: u64,
    logged: Option<Instant>,
}

/// Between two lines of the log within a phase.
const LOG_INTERVAL: Duration = Duration::from_secs(1);

impl Progress {
    /// `phase` begins; it has `total` steps, or none that can be counted.
    pub fn begin(&self, phase: Phase, total: u64) {
        tracing::info!(phase = phase.as_str(), "starting up");
        *self.lock() = State {
            phase,
            done: 0,
            total,
            logged: Some(Instant::now()),
        };
    }

    /// So many `steps` more are done.
    pub fn advance(&self, steps: u64) {
        if let Some((phase, done, total)) = self.advance_at(steps, Instant::now()) {
            tracing::info!(phase = phase.as_str(), done, total, "starting up");
        }
    }

    /// The phase, the steps that are done, and all of them.
    pub fn now(&self) -> (Phase, u64, u64) {
        let state = self.lock();
        (state.phase, state.done, state.total)
    }

    /// What the log is due to say after `steps` more.
    fn advance_at(&self, steps: u64, now: Instant) -> Option<(Phase, u64, u64)> {
        let mut state = self.lock();
        state.done = (state.done + steps).min(state.total);
        let logged = state.logged?;
        if now.saturating_duration_since(logged) < LOG_INTERVAL {
            return None;
        }
        state.logged = Some(now);
        Some((state.phase, state.done, state.total))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        let state = self.0.lock();
        state.expect("nobody panics between two numbers")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_gets_a_line_a_second_and_health_every_step() {
        let progress = Progress::default();
        assert_eq!(progress.now(), (Phase::Configuring, 0, 0));
        progress.begin(Phase::ReadingBooks, 100);
        let start = Instant::now();
        let at = |steps, milliseconds| {
            progress.advance_at(steps, start + Duration::from_millis(milliseconds))
        };
        assert_eq!(at(10, 500), None);
        assert_eq!(progress.now(), (Phase::ReadingBooks, 10, 100));
        assert_eq!(at(10, 1_000), Some((Phase::ReadingBooks, 20, 100)));
        assert_eq!(at(10, 1_999), None);
        assert_eq!(at(10, 2_000), Some((Phase::ReadingBooks, 40, 100)));
        // A step too many is no reason to say more than all.
        assert_eq!(at(100, 2_001), None);
        assert_eq!(progress.now(), (Phase::ReadingBooks, 100, 100));
    }
}
