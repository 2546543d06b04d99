//! Cuts a snippet at its highlights, so that the page can build text nodes and never parses markup.

/// A stretch of a snippet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Text around the matches.
    Plain(String),
    /// A matched word.
    Marked(String),
}

/// The snippet in order, cut at the half-open `highlights`, which count Unicode scalar values.
/// Ranges that are empty, overlap an earlier one or lie outside of the text are cut to what is left of them.
pub(crate) fn pieces(snippet: &str, highlights: &[(usize, usize)]) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(2 * highlights.len() + 1);
    let mut letters = snippet.chars();
    let mut position = 0;
    for &(from, to) in highlights {
        let plain: String = letters
            .by_ref()
            .take(from.saturating_sub(position))
            .collect();
        position = position.max(from);
        let marked: String = letters.by_ref().take(to.saturating_sub(position)).collect();
        position = position.max(to);
        pieces.push(Piece::Plain(plain));
        pieces.push(Piece::Marked(marked));
    }
    pieces.push(Piece::Plain(letters.collect()));
    pieces.retain(|piece| !piece.text().is_empty());
    pieces
}

impl Piece {
    fn text(&self) -> &str {
        match self {
            Piece::Plain(text) | Piece::Marked(text) => text,
        }
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::Piece::{Marked, Plain};
    use super::*;

    #[track_caller]
    fn check(snippet: &str, highlights: &[(usize, usize)], expected: &[Piece]) {
        assert_eq!(pieces(snippet, highlights), expected);
    }

    #[test]
    fn words_are_marked_where_the_ranges_say() {
        check(
            "the white whale!",
            &[(4, 9), (10, 15)],
            &[
                Plain("the ".into()),
                Marked("white".into()),
                Plain(" ".into()),
                Marked("whale".into()),
                Plain("!".into()),
            ],
        );
    }

    #[test]
    fn ranges_count_scalar_values_not_bytes() {
        check(
            "œuvre — café ",
            &[(8, 12)],
            &[
                Plain("œuvre — ".into()),
                Marked("café".into()),
                Plain(" ".into()),
            ],
        );
    }

    #[test]
    fn markup_stays_text() {
        check("<b>x</b>", &[], &[Plain("<b>x</b>".into())]);
    }

    #[test]
    fn bad_ranges_lose_no_text() {
        check("abc", &[(2, 9)], &[Plain("ab".into()), Marked("c".into())]);
        check(
            "abc",
            &[(1, 2), (0, 2)],
            &[Plain("a".into()), Marked("b".into()), Plain("c".into())],
        );
        check("abc", &[(9, 2)], &[Plain("abc".into())]);
        check("", &[(0, 1)], &[]);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_snippet(snippet in ".{0,40}", highlights in prop::collection::vec((0usize..50, 0usize..50), 0..6)) {
            let joined: String = pieces(&snippet, &highlights).iter().map(Piece::text).collect();
            prop_assert_eq!(joined, snippet);
        }
    }
}
