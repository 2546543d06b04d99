//! `GET /metrics`: what the collector says of itself, in the text format of Prometheus. Every counter of the parts is in
//! there, under its own name behind `collector_`.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Serialize;
use serde_json::Value;

use crate::query::Cuts;
use crate::server::ConnectionCounters;
use crate::store::Store;
use crate::tee::Tee;
use crate::wal::Wal;

/// The parts that count.
pub struct Observed {
    /// What is kept.
    pub store: Arc<Store>,
    /// Answers that left something out.
    pub cuts: Arc<Cuts>,
    /// What is written down, if anything is.
    pub wal: Option<Arc<Wal>>,
    /// What is passed on, if anything is.
    pub tee: Option<Arc<Tee>>,
    /// Connections by listener.
    pub servers: Vec<(&'static str, ConnectionCounters)>,
}

/// Answers `GET /metrics`.
pub fn router(observed: Arc<Observed>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .with_state(observed)
}

async fn metrics(State(observed): State<Arc<Observed>>) -> Response {
    const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, CONTENT_TYPE)], observed.text()).into_response()
}

impl Observed {
    fn text(&self) -> String {
        let mut text = String::new();
        write_all(&mut text, &self.store.counters());
        write_all(&mut text, &self.store.feed_counters());
        write_all(&mut text, &self.cuts.counters());
        if let Some(wal) = &self.wal {
            write_all(&mut text, &wal.counters());
        }
        if let Some(tee) = &self.tee {
            write_all(&mut text, &tee.counters());
        }
        for (name, count) in [
            (
                "connections_open",
                ConnectionCounters::open as fn(&_) -> u64,
            ),
            ("connections_accepted", ConnectionCounters::accepted),
            ("connections_displaced", ConnectionCounters::displaced),
            ("connections_late", ConnectionCounters::late),
            ("connections_stalled", ConnectionCounters::stalled),
            ("connections_full", ConnectionCounters::full),
        ] {
            let (name, kind) = name_and_type(name);
            say(&mut text, format_args!("# TYPE {name} {kind}"));
            for (listener, counters) in &self.servers {
                let count = count(counters);
                say(
                    &mut text,
                    format_args!("{name}{{listener=\"{listener}\"}} {count}"),
                );
            }
        }
        text
    }
}

/// A line for each number.
fn write_all(text: &mut String, counters: &impl Serialize) {
    let Ok(Value::Object(counters)) = serde_json::to_value(counters) else {
        return;
    };
    for (name, value) in &counters {
        let (name, kind) = name_and_type(name);
        say(text, format_args!("# TYPE {name} {kind}\n{name} {value}"));
    }
}

fn say(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing into memory does not fail.
    let _ = writeln!(text, "{line}");
}

/// What is held or open at a moment is a gauge, everything else only grows.
fn name_and_type(name: &str) -> (String, &'static str) {
    const GAUGES: [&str; 5] = ["_held", "_pinned", "_bytes", "_open", "_readers"];
    let is_gauge = GAUGES.iter().any(|end| name.ends_with(end)) && !name.ends_with("torn_bytes");
    match is_gauge {
        true => (format!("collector_{name}"), "gauge"),
        false => (format!("collector_{name}_total"), "counter"),
    }
}
