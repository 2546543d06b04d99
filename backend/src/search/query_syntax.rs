//! What people write into a search box besides words: `"words in a row"`, `-word`, `author:name`, `book:title`.
//!
//! Reading never fails. What is none of these is taken as the words it holds, and where that may surprise, a hint says
//! how it was read. Operators stand at the beginning of a word, so that `sea-shore` and `3:16` stay what they are.

use std::borrow::Cow;

/// A query, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct QuerySyntax<'q> {
    /// The words to look for, those in quotation marks included, without any operator.
    pub(super) words: Cow<'q, str>,
    /// What hits must be like.
    pub(super) restrictions: Restrictions,
    /// How the query was read where that may not be what was meant: a sentence each.
    pub(super) hints: Vec<String>,
}

/// What hits must be like besides holding words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Restrictions {
    /// Words that must stand in a row.
    pub(super) phrases: Vec<String>,
    /// Words, or words in a row, that must not occur.
    pub(super) excluded: Vec<String>,
    /// Parts of the names of authors, one of which must fit.
    pub(super) authors: Vec<String>,
    /// Parts of titles or ids of books, one of which must fit.
    pub(super) books: Vec<String>,
}

impl<'q> QuerySyntax<'q> {
    /// Takes `query` as words and nothing else.
    pub(super) fn literal(query: &'q str) -> Self {
        Self {
            words: Cow::Borrowed(query),
            ..Self::default()
        }
    }

    /// Reads `query`.
    pub(super) fn read(query: &'q str) -> Self {
        // Nearly all queries are nothing but words.
        if !query.contains(['-', ':']) && !query.contains(QUOTATION_MARKS) {
            return Self::literal(query);
        }
        let mut reader = Reader {
            query,
            at: 0,
            words: String::with_capacity(query.len()),
            restrictions: Restrictions::default(),
            hints: Vec::new(),
        };
        while reader.at < query.len() {
            reader.step();
        }
        reader.finish()
    }
}

const QUOTATION_MARKS: [char; 4] = ['"', '\u{201c}', '\u{201d}', '\u{201e}'];

struct Reader<'q> {
    query: &'q str,
    /// The next byte to read.
    at: usize,
    words: String,
    restrictions: Restrictions,
    hints: Vec<String>,
}

impl<'q> Reader<'q> {
    fn rest(&self) -> &'q str {
        &self.query[self.at..]
    }

    /// Reads one operator or one character.
    fn step(&mut self) {
        let before = self.query[..self.at].chars().next_back();
        let is_start = before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '-');
        if is_start && (self.read_exclusion() || self.read_choice() || self.read_phrase()) {
            return;
        }
        let letter = self.rest().chars().next().unwrap_or(' ');
        self.words.push(letter);
        self.at += letter.len_utf8();
    }

    /// `-word` or `-"words in a row"`.
    fn read_exclusion(&mut self) -> bool {
        let Some(behind) = self.rest().strip_prefix('-') else {
            return false;
        };
        let value = match value(behind) {
            Some(value) if behind.starts_with(is_value_start) => value,
            _ => return false,
        };
        self.restrictions.excluded.push(value.text.to_owned());
        self.skip(1 + value.bytes);
        true
    }

    /// `author:name` or `book:title`.
    fn read_choice(&mut self) -> bool {
        for (name, example) in [("author:", "author:melville"), ("book:", "book:emma")] {
            let Some(prefix) = self.rest().get(..name.len()) else {
                continue;
            };
            if !prefix.eq_ignore_ascii_case(name) {
                continue;
            }
            let Some(value) = value(&self.rest()[name.len()..]) else {
                self.hints.push(format!(
                    "“{prefix}” takes what stands right behind it, as in {example}; here nothing does."
                ));
                self.skip(name.len());
                return true;
            };
            let wanted = value.text.to_lowercase();
            match name {
                "author:" => self.restrictions.authors.push(wanted),
                _ => self.restrictions.books.push(wanted),
            }
            self.skip(name.len() + value.bytes);
            return true;
        }
        false
    }

    /// `"words in a row"`.
    fn read_phrase(&mut self) -> bool {
        if !self.rest().starts_with(QUOTATION_MARKS) {
            return false;
        }
        let Some(phrase) = quoted(self.rest()) else {
            let behind = self.rest().trim_start_matches(QUOTATION_MARKS);
            let first = behind.split_whitespace().next().unwrap_or_default();
            self.hints.push(match first {
                "" => "The last quotation mark has no partner and was passed over.".to_owned(),
                first => format!(
                    "The quotation mark before “{}” has no partner: the words behind it may stand anywhere.",
                    first.chars().take(40).collect::<String>()
                ),
            });
            self.skip(self.rest().len() - behind.len());
            return true;
        };
        self.words.push(' ');
        self.words.push_str(phrase.text);
        if phrase.text.contains(char::is_alphanumeric) {
            self.restrictions.phrases.push(phrase.text.to_owned());
        }
        self.skip(phrase.bytes);
        true
    }

    /// Goes on behind an operator, which parts words.
    fn skip(&mut self, bytes: usize) {
        self.words.push(' ');
        self.at += bytes;
    }

    fn finish(mut self) -> QuerySyntax<'q> {
        let has_words = self.words.contains(char::is_alphanumeric);
        if !has_words && self.restrictions != Restrictions::default() {
            self.hints.push(
                "Nothing is left to look for: -word, author: and book: only narrow down what other words find."
                    .to_owned(),
            );
        }
        if !has_words && self.restrictions == Restrictions::default() {
            return QuerySyntax {
                hints: self.hints,
                ..QuerySyntax::literal(self.query)
            };
        }
        QuerySyntax {
            words: Cow::Owned(self.words),
            restrictions: self.restrictions,
            hints: self.hints,
        }
    }
}

/// What an operator applies to.
struct Value<'q> {
    text: &'q str,
    /// How much of the query it takes, its quotation marks included.
    bytes: usize,
}

fn is_value_start(letter: char) -> bool {
    letter.is_alphanumeric() || QUOTATION_MARKS.contains(&letter)
}

/// The word, or what stands between quotation marks, with which `text` begins.
fn value(text: &str) -> Option<Value<'_>> {
    if text.starts_with(QUOTATION_MARKS) {
        return quoted(text).filter(|value| value.text.contains(char::is_alphanumeric));
    }
    let bytes = text.find(char::is_whitespace).unwrap_or(text.len());
    let text = &text[..bytes];
    text.contains(char::is_alphanumeric)
        .then_some(Value { text, bytes })
}

/// What stands between the quotation mark with which `text` begins and the next one.
fn quoted(text: &str) -> Option<Value<'_>> {
    let inside = text.strip_prefix(QUOTATION_MARKS)?;
    let end = inside.find(QUOTATION_MARKS)?;
    let closing = inside[end..].chars().next().map_or(0, char::len_utf8);
    Some(Value {
        text: &inside[..end],
        bytes: text.len() - inside.len() + end + closing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words, phrases, excluded, authors, books.
    fn check(query: &str, words: &str, lists: [&[&str]; 4], hints: &[&str]) {
        let read = QuerySyntax::read(query);
        let found: Vec<&str> = read.words.split_whitespace().collect();
        assert_eq!(found.join(" "), words, "{query:?}");
        let restrictions = &read.restrictions;
        let of_query = [
            &restrictions.phrases,
            &restrictions.excluded,
            &restrictions.authors,
            &restrictions.books,
        ];
        assert_eq!(
            of_query.map(Vec::as_slice),
            lists.map(own).each_ref().map(Vec::as_slice),
            "{query:?}"
        );
        assert_eq!(read.hints, hints, "{query:?}");
    }

    fn own(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn operators_are_read_and_words_are_left() {
        check("white whale", "white whale", [&[], &[], &[], &[]], &[]);
        check(
            "\"white whale\" ship",
            "white whale ship",
            [&["white whale"], &[], &[], &[]],
            &[],
        );
        check("whale -white", "whale", [&[], &["white"], &[], &[]], &[]);
        check(
            "whale -\"white whale\" \u{201c}the sea\u{201d}",
            "whale the sea",
            [&["the sea"], &["white whale"], &[], &[]],
            &[],
        );
        check(
            "love Author:\"Jane Austen\" book:EMMA",
            "love",
            [&[], &[], &["jane austen"], &["emma"]],
            &[],
        );
    }

    #[test]
    fn what_only_looks_like_an_operator_is_taken_literally() {
        for literal in [
            "sea-shore",
            "love--death",
            "love - death",
            "John 3:16",
            "o\"clock",
            "co-author:x",
            "-",
            "--",
            "it's",
            ":",
        ] {
            let spaced: Vec<&str> = literal.split_whitespace().collect();
            check(literal, &spaced.join(" "), [&[], &[], &[], &[]], &[]);
        }
        check("\"\" whale", "whale", [&[], &[], &[], &[]], &[]);
    }

    #[test]
    fn what_may_surprise_is_said() {
        check(
            "\"white whale",
            "white whale",
            [&[], &[], &[], &[]],
            &[
                "The quotation mark before “white” has no partner: the words behind it may stand anywhere.",
            ],
        );
        check(
            "whale \"",
            "whale",
            [&[], &[], &[], &[]],
            &["The last quotation mark has no partner and was passed over."],
        );
        check(
            "whale author: melville",
            "whale melville",
            [&[], &[], &[], &[]],
            &[
                "“author:” takes what stands right behind it, as in author:melville; here nothing does.",
            ],
        );
        check(
            "-whale",
            "",
            [&[], &["whale"], &[], &[]],
            &[
                "Nothing is left to look for: -word, author: and book: only narrow down what other words find.",
            ],
        );
    }

    proptest::proptest! {
        #[test]
        fn no_query_breaks_it_and_nothing_is_invented(query in "[a-c\"\u{201d}:\\- é]{0,12}|(author:|book:|-|\"|x| ){0,9}|.{0,60}") {
            let read = QuerySyntax::read(&query);
            let restrictions = &read.restrictions;
            for text in restrictions.phrases.iter().chain(&restrictions.excluded) {
                proptest::prop_assert!(query.contains(text.as_str()) && text.contains(char::is_alphanumeric));
            }
            for word in read.words.split_whitespace() {
                proptest::prop_assert!(query.contains(word), "{word:?} of {query:?}");
            }
        }
    }
}
