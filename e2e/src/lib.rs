//! Drives a real browser against the real processes and asserts the trace it produced. Black box: nothing of the
//! processes is linked here, only their wire types and the model of a trace.
//!
//! `tests/page` starts the processes itself; `tests/deployed` looks at a deployment that runs already, however it was
//! started, and is the only one with settings of its own, which its `main.rs` names.
//!
//! Four settings, all given by `cargo xtask test`: `E2E_BIN_DIR` (folder of the binaries, default `target/debug`),
//! `E2E_DIST` (the built page, default `frontend/dist`), `CHROMEDRIVER` (default: found on `PATH`) and `E2E_AXE` (the file
//! `axe.min.js` of axe-core; without it the tests that look for barriers say so and do nothing).

mod browser;
mod expected;
mod faults;
mod http_get;
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod page;
mod stack;
mod traces;
mod tree;

pub use browser::Browser;
pub use expected::{Case, Setting, expected};
pub use faults::{Fault, Faults};
pub use http_get::{http_get, http_post_json};
pub use page::{Ended, Page};
pub use stack::{Corpus, Process, Stack, StackOptions, collector_command};
pub use traces::Traces;
pub use tree::{assert_contained, rendered};

use std::time::Duration;

/// How long a level may take to be reached before a test gives up, on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks `probe` until it answers `Some`, for [`PATIENCE`] at most.
///
/// # Errors
/// When the time is over; the message names `what` was waited for.
pub async fn wait_for<T>(
    what: &str,
    mut probe: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
) -> anyhow::Result<T> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let outcome = probe().await;
        if let Ok(Some(value)) = outcome {
            return Ok(value);
        }
        if tokio::time::Instant::now() >= deadline {
            let last = outcome
                .err()
                .map(|error| format!(": {error:#}"))
                .unwrap_or_default();
            anyhow::bail!("waited {PATIENCE:?} in vain for {what}{last}");
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
