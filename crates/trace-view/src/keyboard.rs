//! What a key does in the waterfall, as a plain function of the rows.

use crate::find::Way;
use crate::rows::{Row, RowId};

/// Rows that Page Up and Page Down pass over.
const PAGE: usize = 20;

/// What to do after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Turn to a row.
    Focus(RowId),
    /// Fold or unfold a row.
    Toggle(RowId),
    /// Show or hide the details of a row.
    Open(RowId),
    /// Hide the details.
    Close,
    /// Go to the field that takes what is looked for.
    Find,
    /// Turn to the next span that holds what is looked for.
    Match(Way),
    /// Turn to the next span that failed.
    Failure,
    /// Show the critical path only, or all again.
    CriticalPath,
    /// Let the time axis show this row and no more.
    ZoomTo(RowId),
    /// Let the time axis show all.
    ZoomOut,
}

/// The action of `key` while row `at` is the current one; nothing when the key means nothing here.
pub(crate) fn action(rows: &[Row], at: RowId, key: &str) -> Option<Action> {
    match key {
        "f" | "/" => return Some(Action::Find),
        "n" => return Some(Action::Match(Way::Forwards)),
        "N" => return Some(Action::Match(Way::Backwards)),
        "e" => return Some(Action::Failure),
        "c" => return Some(Action::CriticalPath),
        "z" => return Some(Action::ZoomTo(at)),
        "0" => return Some(Action::ZoomOut),
        "Escape" => return Some(Action::Close),
        _ => {}
    }
    let index = rows.iter().position(|row| row.id == at)?;
    let row = &rows[index];
    let focus = |index: usize| rows.get(index).map(|row| Action::Focus(row.id));
    match key {
        "ArrowDown" => focus(index + 1),
        "ArrowUp" => focus(index.checked_sub(1)?),
        "PageDown" => focus((index + PAGE).min(rows.len() - 1)),
        "PageUp" => focus(index.saturating_sub(PAGE)),
        "Home" => focus(0),
        "End" => focus(rows.len() - 1),
        "Enter" | " " => Some(Action::Open(at)),
        "ArrowRight" => match row.expanded? {
            false => Some(Action::Toggle(at)),
            true => focus(index + 1),
        },
        "ArrowLeft" if row.expanded == Some(true) => Some(Action::Toggle(at)),
        "ArrowLeft" => {
            let parent = rows[..index]
                .iter()
                .rposition(|other| other.depth < row.depth)?;
            focus(parent)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use trace_model::SpanId;

    use super::*;
    use crate::drawing::Drawing;
    use crate::drawing::sample::{ORIGINS, search};
    use crate::rows::{Scope, rows};

    fn span(id: u8) -> RowId {
        RowId::Span(SpanId([0, 0, 0, 0, 0, 0, 0, id]))
    }

    fn group(id: u8) -> RowId {
        RowId::Group(SpanId([0, 0, 0, 0, 0, 0, 0, id]))
    }

    #[track_caller]
    fn check(toggled: &[RowId], at: RowId, key: &str, expected: Option<Action>) {
        let rows = rows(
            &Drawing::new(search(), ORIGINS),
            &toggled.iter().copied().collect::<HashSet<RowId>>(),
            Scope::All,
        );
        assert_eq!(action(&rows, at, key), expected);
    }

    #[test]
    fn up_and_down_stop_at_the_ends() {
        check(&[], span(1), "ArrowDown", Some(Action::Focus(span(2))));
        check(&[], span(2), "ArrowUp", Some(Action::Focus(span(1))));
        check(&[], span(1), "ArrowUp", None);
        check(&[], group(4), "ArrowDown", None);
        check(&[], span(2), "End", Some(Action::Focus(group(4))));
        check(&[], group(4), "Home", Some(Action::Focus(span(1))));
    }

    #[test]
    fn right_unfolds_and_then_enters() {
        check(&[], group(4), "ArrowRight", Some(Action::Toggle(group(4))));
        check(
            &[group(4)],
            group(4),
            "ArrowRight",
            Some(Action::Focus(span(4))),
        );
        check(&[group(4)], span(4), "ArrowRight", None);
    }

    #[test]
    fn left_folds_and_then_leaves() {
        check(&[], span(3), "ArrowLeft", Some(Action::Toggle(span(3))));
        check(
            &[span(3)],
            span(3),
            "ArrowLeft",
            Some(Action::Focus(span(2))),
        );
        check(
            &[group(4)],
            span(6),
            "ArrowLeft",
            Some(Action::Focus(group(4))),
        );
        check(&[span(1)], span(1), "ArrowLeft", None);
    }

    #[test]
    fn enter_opens_and_escape_closes() {
        check(&[], span(2), "Enter", Some(Action::Open(span(2))));
        check(&[], span(2), "Escape", Some(Action::Close));
        check(&[], span(2), "x", None);
    }

    #[test]
    fn pages_stop_at_the_ends() {
        check(
            &[group(4)],
            span(1),
            "PageDown",
            Some(Action::Focus(span(8))),
        );
        check(&[group(4)], span(8), "PageUp", Some(Action::Focus(span(1))));
    }

    #[test]
    fn letters_look_for_spans_wherever_the_reader_is() {
        check(&[], span(99), "f", Some(Action::Find));
        check(&[], span(99), "n", Some(Action::Match(Way::Forwards)));
        check(&[], span(99), "N", Some(Action::Match(Way::Backwards)));
        check(&[], span(99), "e", Some(Action::Failure));
        check(&[], span(99), "c", Some(Action::CriticalPath));
        check(&[], span(2), "z", Some(Action::ZoomTo(span(2))));
        check(&[], span(2), "0", Some(Action::ZoomOut));
    }

    #[test]
    fn a_row_that_is_gone_does_nothing() {
        check(&[span(1)], span(3), "ArrowDown", None);
    }
}
