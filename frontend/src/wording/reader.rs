//! The sentences of the reader.

use super::{counted, grouped};

/// Where the user is among the matches that are on the page.
pub(crate) fn position(here: Option<usize>, count: usize) -> String {
    match (here, count) {
        (_, 0) => "No match in this part".to_owned(),
        (Some(here), _) => format!("Match {} of {} in this part", grouped(here), grouped(count)),
        (None, _) => format!("{} in this part", counted(count, "match", "matches")),
    }
}

/// There is no other match in what is loaded; `is_more` tells whether the book goes on there.
pub(crate) fn no_match(is_next: bool, is_more: bool) -> &'static str {
    match (is_next, is_more) {
        (true, true) => "No match in the next parts; go on to look further",
        (true, false) => "No further match up to the end",
        (false, true) => "No match in the parts before; go on to look further",
        (false, false) => "No other match from the beginning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_among_the_matches_is_said() {
        assert_eq!(position(Some(3), 12), "Match 3 of 12 in this part");
        assert_eq!(position(None, 1), "1 match in this part");
        assert_eq!(position(None, 0), "No match in this part");
    }

    #[test]
    fn the_end_of_the_book_is_told_from_the_end_of_what_was_looked_through() {
        assert_eq!(no_match(true, false), "No further match up to the end");
        assert!(no_match(false, true).ends_with("look further"));
    }
}
