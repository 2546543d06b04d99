//! `GET /api/x/live`: server-sent events, one for each trace that is new or has changed.
//!
//! | event | data |
//! | --- | --- |
//! | `trace` | a summary, as in a list |
//! | `ready` | `{"more":false}`, true when older ones match; the traces so far were there before the request, those to come have changed since |
//! | `missed` | `{"count":3}`; so many changes were dropped because the reader was too slow for them |
//!
//! A trace that changes often is told about only as often as the reader takes it: what waits for a reader are ids, each
//! once, in a queue that is bounded. Comments keep the connection open while nothing happens.

use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::channel::{Channel, Sender};
use serde_json::json;
use trace_model::{Summary, TraceId};

use super::filter::Filter;
use super::parameters::Parameters;
use super::{App, summaries};
use crate::problem::Problem;
use crate::store::Feed;

/// Traces in one piece of the answer.
const ROUND: usize = 256;
/// How much longer than its work a round pauses, so that a reader of huge traces leaves the processor to others.
const PAUSE_PER_WORK: u32 = 4;

pub(super) async fn live(
    State(app): State<App>,
    mut parameters: Parameters,
) -> Result<Response, Problem> {
    let filter = Filter::take(&mut parameters)?;
    let bounds = (0, app.limits.list_max);
    let limit = parameters.take_count("limit", app.limits.list_default, bounds)?;
    parameters.finish(&format!("{}, `limit`", Filter::PARAMETERS))?;
    let feed = app
        .store
        .feed(app.limits.live_readers, app.limits.live_pending);
    let feed = feed.ok_or_else(|| {
        let detail = format!("{} readers listen already", app.limits.live_readers);
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry_after(5)
    })?;
    let (sender, body) = Channel::<Bytes>::new(1);
    let teller = Teller {
        app,
        filter: Arc::new(filter),
        feed,
        sender,
    };
    tokio::spawn(teller.run(limit));
    const HEADERS: [(HeaderName, &str); 3] = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // Asks proxies that would gather an answer to pass it on as it comes.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((HEADERS, Body::new(body)).into_response())
}

/// Writes to one reader until it goes, stalls, or the collector ends.
struct Teller {
    app: App,
    filter: Arc<Filter>,
    feed: Arc<Feed>,
    sender: Sender<Bytes>,
}

/// There is nobody to write to any more.
struct Gone;

impl Teller {
    async fn run(mut self, limit: usize) {
        if self.tell_all(limit).await.is_err() {
            tracing::debug!("a reader of live traces has gone");
        }
    }

    async fn tell_all(&mut self, limit: usize) -> Result<(), Gone> {
        let filter = self.filter.clone();
        let held = move |app: App| {
            let (newest, more) = summaries::newest(&app.store, &filter, u64::MAX, limit)?;
            app.cuts.list(more);
            let oldest_first = newest.iter().rev();
            let held: String = oldest_first
                .map(|summary| event("trace", &summary.to_json()))
                .collect();
            Ok(held + &event("ready", &json!({ "more": more })))
        };
        let held = self.app.work(held).await.map_err(|_| Gone)?;
        self.send(held).await?;
        loop {
            let taken = tokio::time::timeout(self.app.limits.live_silence, self.feed.take(ROUND));
            let changes = match taken.await {
                Err(_) => {
                    self.send(": nothing new\n\n".to_owned()).await?;
                    continue;
                }
                Ok(None) => return Ok(()),
                Ok(Some(changes)) => changes,
            };
            let started = Instant::now();
            let mut text = self.changed(changes.traces).await?;
            if changes.missed > 0 {
                text = event("missed", &json!({ "count": changes.missed })) + &text;
            }
            let worked = started.elapsed();
            if !text.is_empty() {
                self.send(text).await?;
            }
            let pause = (worked * PAUSE_PER_WORK).max(self.app.limits.live_pause);
            tokio::time::sleep(pause).await;
        }
    }

    /// Events for those of the traces that match and are still held.
    async fn changed(&self, ids: Vec<TraceId>) -> Result<String, Gone> {
        let filter = self.filter.clone();
        let events = move |app: App| {
            let mut text = String::new();
            for (_, trace) in ids.into_iter().filter_map(|id| app.store.trace(id)) {
                let tree = filter.matching(&trace)?;
                if let Some(summary) = tree.as_ref().and_then(Summary::of) {
                    text.push_str(&event("trace", &summary.to_json()));
                }
            }
            Ok(text)
        };
        self.app.work(events).await.map_err(|_| Gone)
    }

    async fn send(&mut self, text: String) -> Result<(), Gone> {
        let sent = self.sender.send_data(text.into());
        match tokio::time::timeout(self.app.limits.live_stall, sent).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Gone),
        }
    }
}

/// JSON has no line breaks of its own, so the data is one line.
fn event(name: &str, data: &serde_json::Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}
