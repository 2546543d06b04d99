//! Lines as they are written, without their time.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::trace::{SpanContext, TraceFlags, TraceState};

use super::*;

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `f` logs, each line from its level on.
fn lines(f: impl FnOnce()) -> Vec<String> {
    let written = Written::default();
    let writer = written.clone();
    let layer = tracing_subscriber::fmt::layer()
        .event_format(Lines)
        .with_writer(move || writer.clone());
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), f);
    let bytes = written.0.lock().unwrap_or_else(PoisonError::into_inner);
    let text = std::str::from_utf8(&bytes).expect("the log is UTF-8");
    let without_time = |line: &str| {
        line.split_once(' ')
            .expect("a time comes first")
            .1
            .to_owned()
    };
    text.lines().map(without_time).collect()
}

#[test]
fn a_record_inside_a_span_names_it() {
    let written = lines(|| {
        tracing::info!(target: "shop", documents = 18, "the index answers");
        let span = SpanContext::new(
            1.into(),
            2.into(),
            TraceFlags::SAMPLED,
            true,
            TraceState::NONE,
        );
        let _current = Context::new().with_remote_span_context(span).attach();
        tracing::warn!(target: "shop", path = "/a b", ratio = 0.5, empty = "", "slow");
    });
    assert_eq!(
        written,
        [
            "INFO shop: the index answers documents=18",
            "WARN shop: slow path=\"/a b\" ratio=0.5 empty=\"\" \
             trace_id=00000000000000000000000000000001 span_id=0000000000000002",
        ]
    );
}

#[test]
fn text_from_outside_can_neither_end_a_line_nor_fake_a_field() {
    let hostile = "x\r\nINFO shop: all is well\u{1b}[2J\" trace_id=\"0";
    let written = lines(|| {
        tracing::info!(target: "shop", agent = hostile, "{hostile}");
        tracing::info!(target: "shop", agent = ?hostile, "debugged");
    });
    let escaped = r#"x\r\nINFO shop: all is well\u{1b}[2J\" trace_id=\"0"#;
    assert_eq!(
        written[0],
        format!("INFO shop: {escaped} agent=\"{escaped}\"")
    );
    assert_eq!(written.len(), 2);
}

#[test]
fn an_error_is_written_with_its_causes() {
    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    let error = Outer(io::Error::other("inner"));
    let written = lines(
        || tracing::error!(target: "shop", error = &error as &dyn std::error::Error, "failed"),
    );
    assert_eq!(written, ["ERROR shop: failed error=\"outer: inner\""]);
}

#[test]
fn only_levels_and_targets_are_a_filter() {
    for filter in ["info", "warn,shop=debug", "off", "shop=trace"] {
        assert_eq!(check_filter(filter), Ok(()), "{filter:?}");
    }
    assert!(check_filter("shop=loud").is_err());
}
