//! What the collector says about budgets, in lines: which spans have to keep to what, and whether they do.

use serde_json::Value as Json;
use trace_model::{SpanId, TraceId, duration};

use crate::wording::counted;

/// A budget and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// Name of the spans, and their service where it matters.
    pub spans: String,
    /// Whether they kept to it.
    pub good: bool,
    /// Each limit with what was found.
    pub limits: Vec<Limit>,
    /// How many spans there were, where that is too few.
    pub too_few: Option<String>,
    /// The span that took longest.
    pub slowest: Option<(TraceId, SpanId)>,
}

/// A limit with what was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    /// `95 of 100 within 12.0 ms, 80.0 ms allowed`.
    pub words: String,
    /// Whether it was kept.
    pub kept: bool,
}

/// The lines of an answer; nothing where it is none.
pub(crate) fn lines(answer: &Json) -> Option<Vec<Line>> {
    answer
        .get("budgets")?
        .as_array()?
        .iter()
        .map(line)
        .collect()
}

fn line(json: &Json) -> Option<Line> {
    let number = |name: &str| json.get(name).and_then(Json::as_u64);
    let (count, at_least) = (number("count")?, number("count_at_least")?);
    let span = json.get("span")?.as_str()?;
    let slowest = json.get("slowest").and_then(|slowest| {
        let text = |name: &str| slowest.get(name).and_then(Json::as_str);
        Some((
            text("trace_id")?.parse().ok()?,
            text("span_id")?.parse().ok()?,
        ))
    });
    Some(Line {
        spans: match json.get("service").and_then(Json::as_str) {
            Some(service) => format!("{span} in {service}"),
            None => span.to_owned(),
        },
        good: json.get("good")?.as_bool()?,
        limits: json
            .get("limits")?
            .as_array()?
            .iter()
            .map(limit)
            .collect::<Option<_>>()?,
        too_few: (count < at_least).then(|| {
            let spans = counted(count as usize, "span", "spans");
            format!("{spans}, {at_least} needed to tell")
        }),
        slowest,
    })
}

fn limit(json: &Json) -> Option<Limit> {
    let time = |name: &str| {
        let text = json.get(name)?.as_str()?;
        Some(duration::format(text.parse().ok()?))
    };
    let share = |name: &str| json.get(name).and_then(Json::as_f64);
    let words = match json.get("percentile").and_then(Json::as_u64) {
        Some(100) => format!(
            "longest {}, {} allowed",
            time("found_ns")?,
            time("at_most_ns")?
        ),
        Some(percent) => format!(
            "{percent} of 100 within {}, {} allowed",
            time("found_ns")?,
            time("at_most_ns")?
        ),
        None => format!(
            "{:.1} % failed, {:.1} % allowed",
            share("found_error_percent")?,
            share("at_most_error_percent")?
        ),
    };
    Some(Limit {
        words,
        kept: json.get("kept")?.as_bool()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_budget_is_a_line() {
        let answer = json!({ "good": false, "traces": 3, "budgets": [{
            "span": "GET /search", "service": "backend", "good": false, "count": 3, "count_at_least": 10,
            "limits": [
                { "percentile": 95, "at_most_ns": "80000000", "found_ns": "12000000", "kept": true },
                { "percentile": 100, "at_most_ns": "80000000", "found_ns": "92000000", "kept": false },
                { "at_most_error_percent": 1.0, "found_error_percent": 0.0, "kept": true },
            ],
            "slowest": { "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "00f067aa0ba902b7" },
        }]});
        let lines = lines(&answer).expect("it is an answer");
        let line = &lines[0];
        assert_eq!(line.spans, "GET /search in backend");
        assert_eq!(line.too_few.as_deref(), Some("3 spans, 10 needed to tell"));
        let limits: Vec<(&str, bool)> = line
            .limits
            .iter()
            .map(|limit| (&*limit.words, limit.kept))
            .collect();
        assert_eq!(
            limits,
            [
                ("95 of 100 within 12.0 ms, 80.0 ms allowed", true),
                ("longest 92.0 ms, 80.0 ms allowed", false),
                ("0.0 % failed, 1.0 % allowed", true),
            ]
        );
        assert!(!line.good && line.slowest.is_some());
    }

    #[test]
    fn something_else_is_no_answer() {
        assert_eq!(lines(&json!({ "title": "not found" })), None);
        assert_eq!(lines(&json!({ "budgets": [{ "span": 3 }] })), None);
    }
}
