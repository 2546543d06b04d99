//! Traces in files of OTLP JSON: those that were dropped onto the page are shown without a collector, those of the
//! collector can be kept.

use std::sync::Arc;

use trace_model::{Span, Summary, Tree, otlp_json};

/// Spans that are kept; the traces that were brought first leave for more.
pub(crate) const SPANS_MAX: usize = 200_000;
/// Bytes of a file.
pub(crate) const FILE_BYTES_MAX: usize = 64 << 20;

/// A trace out of a file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Imported {
    /// What its line says.
    pub summary: Summary,
    /// Its spans, as they were in the file.
    pub spans: Arc<Vec<Span>>,
}

/// The traces of a file, in its order.
///
/// # Errors
/// A sentence that says what is wrong with the file.
pub(crate) fn read(text: &str) -> Result<Vec<Imported>, String> {
    let spans = otlp_json::parse(text).map_err(|why| {
        format!("This file holds no OTLP JSON, which begins with resourceSpans: {why}.")
    })?;
    let mut traces: Vec<Vec<Span>> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for span in spans {
        let place = *places.entry(span.trace_id).or_insert_with(|| {
            traces.push(Vec::new());
            traces.len() - 1
        });
        traces[place].push(span);
    }
    if traces.is_empty() {
        return Err("This file holds no span.".into());
    }
    let imported = traces.into_iter().filter_map(|spans| {
        let mut tree = Tree::new(spans.clone());
        tree.adjust_clocks();
        Some(Imported {
            summary: Summary::of(&tree)?,
            spans: Arc::new(spans),
        })
    });
    Ok(imported.collect())
}

/// Adds what a file brought to what is kept, newest first. A trace that comes again takes the place of the one before.
pub(crate) fn keep(kept: &mut Vec<Imported>, brought: Vec<Imported>) {
    for trace in brought {
        kept.retain(|other| other.summary.trace_id != trace.summary.trace_id);
        kept.insert(0, trace);
    }
    let mut spans = 0;
    let mut is_first = true;
    kept.retain(|trace| {
        spans += trace.spans.len();
        std::mem::take(&mut is_first) || spans <= SPANS_MAX
    });
}

/// The OTLP JSON in an answer of the collector, which wraps it into `{"result":…}`.
pub(crate) fn unwrapped(answer: &str) -> &str {
    let inner = answer.trim().strip_prefix(r#"{"result":"#);
    inner
        .and_then(|inner| inner.strip_suffix('}'))
        .unwrap_or(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(spans: &[(char, u64)]) -> String {
        let spans: Vec<String> = spans
            .iter()
            .map(|(trace, id)| {
                let trace = trace.to_string().repeat(32);
                format!(r#"{{"traceId":"{trace}","spanId":"{id:016x}","name":"n","startTimeUnixNano":"1","endTimeUnixNano":"5"}}"#)
            })
            .collect();
        format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#,
            spans.join(",")
        )
    }

    #[test]
    fn a_file_may_hold_several_traces() {
        let traces = read(&file(&[('a', 1), ('b', 2), ('a', 3)])).expect("it is OTLP JSON");
        let counts: Vec<u64> = traces.iter().map(|trace| trace.summary.spans).collect();
        assert_eq!(counts, [2, 1]);
        let mut kept = Vec::new();
        keep(&mut kept, traces.clone());
        keep(&mut kept, traces);
        assert_eq!(kept.len(), 2);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let many: Vec<(char, u64)> = (1..=120_000).map(|id| ('a', id)).collect();
        let mut kept = Vec::new();
        let large = read(&file(&many)).expect("it is OTLP JSON");
        keep(&mut kept, large.clone());
        let mut other = large;
        other[0].summary.trace_id = trace_model::TraceId([7; 16]);
        keep(&mut kept, other);
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].summary.trace_id.0[0], 7);
    }

    #[test]
    fn what_is_kept_can_be_read_again() {
        let text = file(&[('a', 1)]);
        assert_eq!(unwrapped(&format!(r#"{{"result":{text}}}"#)), text);
        assert_eq!(unwrapped(&text), text);
    }

    #[track_caller]
    fn check_refusal(text: &str, says: &str) {
        let refusal = read(text).expect_err("it is no trace");
        assert!(refusal.contains(says), "{refusal}");
    }

    #[test]
    fn a_file_of_something_else_is_refused_in_words() {
        check_refusal("<html>", "holds no OTLP JSON");
        check_refusal("[]", "holds no OTLP JSON");
        check_refusal("{}", "no span");
    }
}
