//! What must hold for every trace of the page, and how a trace is written down for comparison.

use std::collections::HashMap;

use trace_model::render::{self, Options};
use trace_model::{Kind, Span, Tree};

/// Attributes whose values differ from run to run: ports, the version of the browser, the
/// fingerprint of the index (the same for one sample, and tested in the backend).
const VOLATILE: &[&str] = &[
    "app.index.version",
    "client.port",
    "http.request.body.size",
    "http.response.body.size",
    "network.peer.port",
    "server.port",
    "url.full",
    "user_agent.original",
];

/// Attributes that are there or not from run to run: how far the clocks are apart is known once an answer has told.
const SOMETIMES: &[&str] = &["app.clock.*"];

/// The trace as text, one line a span. Whether a request had to look up its host and to connect, or found a connection
/// that was open, is left out.
pub fn rendered(tree: &Tree) -> String {
    let options = Options {
        redact: VOLATILE,
        exclude: SOMETIMES,
        ..Options::default()
    };
    let mut spans = tree.spans().to_vec();
    for span in &mut spans {
        span.events
            .retain(|event| event.name != "dns" && event.name != "connect");
    }
    render::tree(&Tree::new(spans), &options)
}

/// Holds every child against its parent after one clock offset for each service: no span may lie outside the span that
/// caused it, across processes and within them.
///
/// # Panics
/// When one does.
pub fn assert_contained(tree: &mut Tree) {
    tree.adjust_clocks();
    let by_id: HashMap<_, &Span> = tree
        .spans()
        .iter()
        .map(|span| (span.span_id, span))
        .collect();
    for span in tree.spans() {
        let Some(parent) = span.parent_id.and_then(|id| by_id.get(&id)) else {
            continue;
        };
        // Between processes the bound is exact. Within the page a clock of 5 µs steps is read twice.
        let slack_ns = if parent.kind == Kind::Client {
            0
        } else {
            5_000
        };
        assert!(
            span.start_ns + slack_ns >= parent.start_ns && span.end_ns <= parent.end_ns + slack_ns,
            "{} of {} [{}, {}] lies outside {} of {} [{}, {}]",
            span.name,
            span.service,
            span.start_ns,
            span.end_ns,
            parent.name,
            parent.service,
            parent.start_ns,
            parent.end_ns,
        );
    }
}
