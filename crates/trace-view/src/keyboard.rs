//! What a key does in the waterfall, as a plain function of the rows.

use crate::rows::{Row, RowId};

/// What to do after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Put the focus on a row.
    Focus(RowId),
    /// Fold or unfold a row.
    Toggle(RowId),
    /// Show or hide the details of a row.
    Open(RowId),
    /// Hide the details.
    Close,
}

/// The action of `key` while row `at` has the focus; nothing when the key means nothing here.
pub(crate) fn action(rows: &[Row], at: RowId, key: &str) -> Option<Action> {
    let index = rows.iter().position(|row| row.id == at)?;
    let row = &rows[index];
    let focus = |index: usize| rows.get(index).map(|row| Action::Focus(row.id));
    match key {
        "ArrowDown" => focus(index + 1),
        "ArrowUp" => focus(index.checked_sub(1)?),
        "Home" => focus(0),
        "End" => focus(rows.len() - 1),
        "Enter" | " " => Some(Action::Open(at)),
        "Escape" => Some(Action::Close),
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
