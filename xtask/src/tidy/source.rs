//! Rust source as the rules see it: the code with comments, strings and test modules blanked out, so that a search for
//! a word finds code only. A scanner of a page instead of a parser: it knows as much of the language as the rules need.

/// One source file.
pub(super) struct Source {
    /// Relative to the workspace.
    pub(super) path: String,
    /// The line as it stands in the file.
    pub(super) first_line: String,
    /// Lines of the file.
    pub(super) line_count: usize,
    /// The code, comments and the insides of literals replaced by blanks, all line breaks kept.
    pub(super) code: String,
}

impl Source {
    pub(super) fn new(path: &str, text: &str) -> Source {
        Source {
            path: path.to_owned(),
            first_line: text.lines().next().unwrap_or_default().to_owned(),
            line_count: text.lines().count(),
            code: without_comments_and_literals(text),
        }
    }

    /// Whether the whole file is a test: it lies in a folder of tests or benchmarks, or is itself a test module.
    pub(super) fn is_test(&self) -> bool {
        let in_test_folder = self
            .path
            .split('/')
            .any(|part| matches!(part, "tests" | "benches" | "fuzz" | "e2e"));
        in_test_folder || self.path.ends_with("/tests.rs")
    }

    /// The code without the modules that are compiled for tests only.
    pub(super) fn code_without_tests(&self) -> String {
        let mut rest = self.code.as_str();
        let mut kept = String::new();
        while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
            kept.push_str(before);
            rest = match item_end(after) {
                Some(end) => &after[end..],
                None => "",
            };
        }
        kept.push_str(rest);
        kept
    }
}

/// Where the item that `code` begins with ends: behind its closing brace, or behind a semicolon before any brace.
pub(super) fn item_end(code: &str) -> Option<usize> {
    // Brackets and parentheses may hold a semicolon, as `[u8; 16]` does.
    let mut depth = 0_usize;
    let mut braces = 0_usize;
    for (index, byte) in code.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            b'{' => braces += 1,
            b'}' => {
                braces = braces.saturating_sub(1);
                if braces == 0 && depth == 0 {
                    return Some(index + 1);
                }
            }
            b';' if depth == 0 && braces == 0 => return Some(index + 1),
            _ => {}
        }
    }
    None
}

fn without_comments_and_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let follows_word = code.ends_with(|last: char| last.is_alphanumeric() || last == '_');
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment_length(rest)
        } else if first == '"' {
            string_length(rest)
        } else if let Some(length) = raw_string_length(rest)
            && !follows_word
        {
            length
        } else if let Some(length) = character_length(rest) {
            length
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        let (blanked, after) = rest.split_at(length);
        code.extend(
            blanked
                .chars()
                .map(|letter| if letter == '\n' { '\n' } else { ' ' }),
        );
        rest = after;
    }
    code
}

fn block_comment_length(text: &str) -> usize {
    let mut depth = 0_usize;
    let bytes = text.as_bytes();
    let mut index = 0;
    while index + 1 < bytes.len() {
        match &bytes[index..index + 2] {
            b"/*" => {
                depth += 1;
                index += 2;
            }
            b"*/" => {
                depth -= 1;
                index += 2;
                if depth == 0 {
                    return index;
                }
            }
            _ => index += 1,
        }
    }
    text.len()
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of a raw string, with its `b` or `c` if it has one.
fn raw_string_length(text: &str) -> Option<usize> {
    let inner = text
        .strip_prefix("br")
        .or_else(|| text.strip_prefix("cr"))
        .or_else(|| text.strip_prefix('r'))?;
    let hashes = inner.bytes().take_while(|byte| *byte == b'#').count();
    let body = inner[hashes..].strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(hashes));
    let before = text.len() - body.len();
    Some(
        body.find(&end)
            .map_or(text.len(), |found| before + found + end.len()),
    )
}

/// Length of a character literal; a quotation mark that begins a lifetime is none.
fn character_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    let first = inner.chars().next()?;
    if first == '\\' {
        // The escaped character itself may be a quotation mark.
        let end = inner.get(2..)?.find('\'')?;
        return Some(1 + 2 + end + 1);
    }
    inner[first.len_utf8()..]
        .starts_with('\'')
        .then_some(1 + first.len_utf8() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_stays_and_everything_else_becomes_blank() {
        let check = |text: &str, code: &str| {
            assert_eq!(Source::new("a.rs", text).code, code, "{text:?}");
        };
        check("a // b\nc", "a     \nc");
        check("a /* b /* c */ d */ e", "a                   e");
        check(r#"a("b\"{", c)"#, r#"a(      , c)"#);
        check(r##"a(r#"b"{"#, c)"##, "a(        , c)");
        check(r"a('{', '\'', '\u{e9}')", "a(   ,     ,         )");
        check("fn a<'b>(c: &'b str)", "fn a<'b>(c: &'b str)");
        check("\"a\nb\" c", "  \n   c");
        check("for r in s", "for r in s");
    }

    #[test]
    fn test_modules_are_left_out() {
        let source = Source::new(
            "a.rs",
            "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() { x; }\n}\nfn c() {}\n#[cfg(test)]\nmod d;\nfn e() {}",
        );
        let code = source.code_without_tests();
        assert!(code.contains("fn a") && code.contains("fn c") && code.contains("fn e"));
        assert!(!code.contains("fn b") && !code.contains("mod d"));
    }

    #[test]
    fn an_item_ends_at_its_own_brace_or_semicolon() {
        let check = |code: &str, item: &str| {
            assert_eq!(item_end(code).map(|end| &code[..end]), Some(item), "{code}");
        };
        check("(a: [u8; 2]) { { b; } } fn", "(a: [u8; 2]) { { b; } }");
        check("(a: [u8; 2]); fn b() {}", "(a: [u8; 2]);");
    }
}
