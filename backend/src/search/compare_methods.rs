//! Several methods side by side: the same question to all of them at the same time, each on a thread of its own.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use shared::Method;
use shared::semconv::span;
use telemetry::in_span_async;

use super::admission::{Admission, Lane};
use super::deadline::Deadline;
use super::perform_search::{Place, run};
use super::{Answer, Library, Request, SearchError};

/// What one of several methods answers.
#[derive(Debug)]
pub struct Compared {
    /// The method.
    pub method: Method,
    /// Time from its start to its answer.
    pub duration: Duration,
    /// What it found.
    pub answer: Result<Answer, SearchError>,
}

/// Asks each of `methods` the same; the method of `request` does not matter. All of them together are one expensive
/// search.
///
/// # Errors
/// Too many searches wait already. That a method has no answer is told in its place.
pub async fn compare_methods(
    library: &Arc<Library>,
    admission: &Admission,
    request: &Request<'_>,
    methods: &[Method],
) -> Result<Vec<Compared>, SearchError> {
    in_span_async(span::COMPARE_METHODS, async |cx| {
        let deadline = Deadline::after(admission.limits.deadline);
        let entered = async {
            let lane = admission.enter()?;
            let turn = lane.turn(&deadline).await?;
            Ok((lane, turn))
        };
        let entered: Result<_, SearchError> = entered.await;
        admission.count(&entered);
        let _place = entered.inspect_err(|error| error.record(&cx))?;
        let compared = methods.iter().map(async |&method| {
            let begin = Instant::now();
            let request = Request {
                method,
                ..request.clone()
            };
            let place = Place::Lane(Lane::beside());
            let answer = run(library, &request, &deadline, place).await;
            admission.count(&answer);
            Compared {
                method,
                duration: begin.elapsed(),
                answer,
            }
        });
        Ok(join_all(compared).await)
    })
    .await
}
