//! Text of strangers as it can be shown: nothing in it acts on what stands around it.

/// The text with at most `max_letters` letters. Control characters, and characters that turn the direction of what
/// follows, are shown as what they are instead of doing what they do.
#[must_use]
pub fn plain(text: &str, max_letters: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(max_letters * 4));
    for (count, letter) in text.chars().enumerate() {
        if count == max_letters {
            shown.push('…');
            break;
        }
        match letter {
            '\n' | '\t' => shown.push(' '),
            // The pictures of the control characters are in the same order as they are.
            '\0'..='\x1f' => shown.extend(char::from_u32(0x2400 + letter as u32)),
            '\x7f' => shown.push('\u{2421}'),
            '\u{80}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}' => {
                shown.push_str(&format!("⟨U+{:04X}⟩", letter as u32));
            }
            letter => shown.push(letter),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(plain(text, 20), expected);
    }

    #[test]
    fn what_acts_is_shown_instead() {
        check("compute_similarity", "compute_similarity");
        check("<script>alert(1)", "<script>alert(1)");
        check("a\0b\x1b[31mred\x7f", "a␀b␛[31mred␡");
        check("user\u{202e}nimda", "user⟨U+202E⟩nimda");
        check("zero\u{200b}width\u{feff}", "zero⟨U+200B⟩width⟨U+FEFF⟩");
        check("two\nlines", "two lines");
        check("грамота 龍 é", "грамота 龍 é");
    }

    #[test]
    fn long_texts_are_cut() {
        check(&"x".repeat(100_000), "xxxxxxxxxxxxxxxxxxxx…");
        check(&"龍".repeat(20), &"龍".repeat(20));
    }
}
