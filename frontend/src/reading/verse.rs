//! Tells verse from prose by the way the lines end: prose goes on until the next word does not fit, verse ends its lines
//! where it wants to.

/// Lines of prose are at least this long in every book; a line that ends much earlier ends on purpose.
const PROSE_WIDTH: usize = 60;

/// Whether most of the line ends of a paragraph are made by its author and not by the width of the page.
pub(super) fn is_verse(lines: &[&[char]]) -> bool {
    let ends = lines.len().saturating_sub(1);
    let outermost = lines
        .iter()
        .map(|line| indentation(line))
        .min()
        .unwrap_or(0);
    // In prose, hardly ever do five lines in a row happen to begin with a capital letter.
    if ends > 3 && lines.iter().all(|line| begins_anew(line)) {
        return true;
    }
    let meant = lines
        .windows(2)
        .filter(|pair| is_meant(pair[0], pair[1], outermost))
        .count();
    ends > 0 && 2 * meant > ends
}

/// Whether a line ends on purpose: the next one is indented beyond the others, or begins like a verse although its first
/// word would have found room.
fn is_meant(line: &[char], next: &[char], outermost: usize) -> bool {
    if indentation(next) > outermost {
        return true;
    }
    let words: &[char] = &next[indentation(next)..];
    let first_word = words
        .iter()
        .take_while(|letter| !letter.is_whitespace())
        .count();
    begins_anew(next) && line.len() + 1 + first_word <= PROSE_WIDTH
}

/// Whether a line begins with a capital letter or a number.
fn begins_anew(line: &[char]) -> bool {
    line.iter()
        .find(|letter| letter.is_alphanumeric())
        .is_some_and(|letter| !letter.is_lowercase())
}

fn indentation(line: &[char]) -> usize {
    line.iter()
        .take_while(|letter| letter.is_whitespace())
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: bool) {
        let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
        let lines: Vec<&[char]> = lines.iter().map(Vec::as_slice).collect();
        assert_eq!(is_verse(&lines), expected, "{text}");
    }

    #[test]
    fn lines_that_begin_anew_before_they_are_full_are_verse() {
        check(
            "The sun does arise\nAnd make happy the skies\nThe merry bells ring",
            true,
        );
        check(
            "  The sun does arise\nAnd make happy the skies\nThe merry bells ring",
            true,
        );
        check(
            "Stay, speak: I charge thee, speak\nMar. Tis gone, and will not answer",
            true,
        );
    }

    #[test]
    fn lines_that_are_full_are_prose() {
        check(
            "When the town grew too narrow for him, Ishmael would go to sea;\nOther men in such a mood take to drink.",
            false,
        );
        check(
            "    She had been a friend and companion such as few possessed:\nintelligent, well-informed, useful.",
            false,
        );
        check(
            "a short line\nthat goes on in the next one\nand in one more",
            false,
        );
    }

    #[test]
    fn one_line_is_no_verse() {
        check("The sun does arise", false);
        check("", false);
    }
}
