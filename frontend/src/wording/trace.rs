//! Sentences about traces that are laid side by side.

use trace_model::{Diff, DiffRow, duration};

/// `+1.20 ms`, `−1.20 ms`, `0 µs`.
pub(crate) fn signed(change_ns: i64) -> String {
    let sign = match change_ns {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    format!("{sign}{}", duration::format(change_ns.unsigned_abs()))
}

/// How the second trace did against the first.
pub(crate) fn outcome(diff: &Diff) -> String {
    let (first, second) = (
        duration::format(diff.first_ns),
        duration::format(diff.second_ns),
    );
    let apart_ns = diff.first_ns.abs_diff(diff.second_ns);
    let percent = apart_ns as f64 * 100.0 / diff.first_ns.max(1) as f64;
    let verdict = match diff.second_ns.cmp(&diff.first_ns) {
        std::cmp::Ordering::Less => "quicker",
        std::cmp::Ordering::Equal => return format!("{first} each time."),
        std::cmp::Ordering::Greater => "slower",
    };
    let apart = duration::format(apart_ns);
    format!("{first} first, {second} then: {apart} or {percent:.0} % {verdict}.")
}

/// What a row has to do with it.
pub(crate) fn cause(row: &DiffRow) -> String {
    let amount = duration::format(row.self_change_ns().unsigned_abs());
    match (row.first, row.second) {
        (None, _) => format!("was not there the first time: {amount} more"),
        (_, None) => format!("was not there the second time: {amount} less"),
        _ if row.self_change_ns() > 0 => format!("took {amount} more by itself"),
        _ => format!("took {amount} less by itself"),
    }
}

#[cfg(test)]
mod tests {
    use trace_model::{Span, SpanId, Tree, diff};

    use super::*;

    fn tree(durations_us: &[(&str, u64)]) -> Tree {
        let spans = durations_us.iter().zip(1..).map(|(&(name, us), id)| Span {
            span_id: SpanId([id; 8]),
            parent_id: (id > 1).then_some(SpanId([1; 8])),
            name: name.into(),
            end_ns: us * 1_000,
            ..Span::default()
        });
        Tree::new(spans.collect())
    }

    #[test]
    fn a_difference_is_said_in_words() {
        let diff = diff(
            &tree(&[("search", 100), ("a", 40)]),
            &tree(&[("search", 150), ("b", 40)]),
        );
        assert_eq!(
            outcome(&diff),
            "100 µs first, 150 µs then: 50.0 µs or 50 % slower."
        );
        let causes: Vec<String> = diff.rows.iter().map(cause).collect();
        assert_eq!(
            causes,
            [
                "took 50.0 µs more by itself",
                "was not there the first time: 40.0 µs more",
                "was not there the second time: 40.0 µs less",
            ]
        );
        let same = tree(&[("search", 100)]);
        assert_eq!(
            outcome(&trace_model::diff(&same, &same)),
            "100 µs each time."
        );
        assert_eq!(
            [signed(1_200_000), signed(-5_000), signed(0)],
            ["+1.20 ms", "−5.00 µs", "0 µs"]
        );
    }
}
