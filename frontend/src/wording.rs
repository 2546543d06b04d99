//! The sentences of the pages: what is common to them here, what one page says in a file of its own.

pub(crate) mod method;
pub(crate) mod reader;
pub(crate) mod search;
pub(crate) mod trace;

/// `“a”, “b” and “c”`; at most six words are named.
pub(crate) fn listed(words: &[String], conjunction: &str) -> String {
    const NAMED: usize = 6;
    let mut quoted: Vec<String> = words
        .iter()
        .take(NAMED)
        .map(|word| format!("“{}”", shortened(word)))
        .collect();
    match words.len() {
        0 | 1 => quoted.concat(),
        n if n > NAMED => format!("{} {conjunction} {} more", quoted.join(", "), n - NAMED),
        _ => {
            let last = quoted.pop().unwrap_or_default();
            format!("{} {conjunction} {last}", quoted.join(", "))
        }
    }
}

/// A word as it is quoted: nobody needs all of a word of ten thousand letters.
pub(crate) fn shortened(word: &str) -> String {
    const LETTERS: usize = 40;
    match word.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_owned(),
    }
}

/// `18 books`, `1 book`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A number with thin spaces between the thousands.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_and_long_words_are_cut() {
        let many: Vec<String> = (0..9).map(|n| format!("w{n}")).collect();
        assert_eq!(
            listed(&many, "or"),
            "“w0”, “w1”, “w2”, “w3”, “w4”, “w5” or 3 more"
        );
        let long = "é".repeat(10_000);
        assert_eq!(shortened(&long).chars().count(), 41);
    }

    #[test]
    fn numbers_read_in_groups_of_three() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(26_443), "26\u{202f}443");
        assert_eq!(grouped(1_010_654), "1\u{202f}010\u{202f}654");
    }
}
