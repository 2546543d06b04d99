//! Rule: the first line of every source file says what the file is for. A crate that can be used by itself may let its
//! README say it.

use super::Finding;
use super::source::Source;

const README_IN_PLACE: &str = "#![doc = include_str!(\"../README.md\")]";

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| {
            let text = source.first_line.strip_prefix("//!");
            source.first_line != README_IN_PLACE && text.is_none_or(|text| text.trim().is_empty())
        })
        .map(|source| Finding {
            path: source.path.clone(),
            problem: "the first line does not say what the file is for".to_owned(),
            cure: "begin it with `//! ` and a sentence: what it is, and where it sits".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_a_file_that_begins_otherwise() {
        let check = |text, count| {
            assert_eq!(check(&[Source::new("a.rs", text)]).len(), count, "{text:?}");
        };
        check("//! Routes of the API.\n", 0);
        check("#![doc = include_str!(\"../README.md\")]\n", 0);
        check("//!\n//! Routes of the API.\n", 1);
        check("// Routes of the API.\n", 1);
        check("use std::fmt;\n\n//! Routes of the API.\n", 1);
        check("", 1);
    }
}
