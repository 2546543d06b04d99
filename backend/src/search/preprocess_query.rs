//! Query text to terms, by the rules of the texts.

use std::collections::BTreeMap;

use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::features::{Features, pair_of};
use super::terms::for_each_word;

/// A query, split into words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// Terms with how often each occurs: words, and pairs of neighbours where they count.
    pub(super) terms: Vec<(String, u32)>,
    /// Words that take part, as terms and as typed, in order.
    words: Vec<(String, String)>,
    /// Words that were dropped as stop words or as too short, as typed and in order.
    pub(super) dropped: Vec<String>,
}

impl Query {
    /// Words whose terms are among `terms`, as typed and in order.
    pub(super) fn typed(&self, terms: &[String]) -> Vec<String> {
        let wanted = self.words.iter().filter(|(term, _)| terms.contains(term));
        wanted.map(|(_, typed)| typed.clone()).collect()
    }
}

/// Splits `text` into terms, as the texts of an index with `features` were split.
pub(super) fn preprocess_query(text: &str, features: Features) -> Query {
    in_span(span::PREPROCESS_QUERY, |cx| {
        let query = split(text, features);
        cx.span().set_attributes([
            KeyValue::new(attribute::QUERY_TOKEN_COUNT, query.words.len() as i64),
            KeyValue::new(
                attribute::QUERY_DROPPED_STOP_WORDS,
                query.dropped.len() as i64,
            ),
        ]);
        query
    })
}

/// Punctuation that ends a part of a sentence.
const CLOSING: [char; 9] = [',', '.', ';', ':', '!', '?', '"', '\'', ')'];

fn split(text: &str, features: Features) -> Query {
    let mut words: Vec<(String, String)> = Vec::new();
    let mut dropped = Vec::new();
    for_each_word(
        text.char_indices(),
        text.len(),
        features.splitting(),
        |word| {
            let whole = &text[word.at..word.end];
            // Not all punctuation: whoever types `c++` should read `c++`.
            let typed = match whole.trim_end_matches(CLOSING) {
                "" => whole,
                trimmed => trimmed,
            };
            match word.term {
                Some(term) => words.push((term.to_owned(), typed.to_owned())),
                None => dropped.push(typed.to_owned()),
            }
        },
    );
    let mut counts: BTreeMap<String, u32> = BTreeMap::new();
    let mut count = |term: String| *counts.entry(term).or_default() += 1;
    words.iter().for_each(|(term, _)| count(term.clone()));
    if features.has_pairs() {
        words
            .windows(2)
            .for_each(|two| count(pair_of(&two[0].0, &two[1].0)));
    }
    Query {
        terms: counts.into_iter().collect(),
        words,
        dropped,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, features: Features, terms: &[(&str, u32)], dropped: &[&str]) {
        let query = split(text, features);
        let found: Vec<(&str, u32)> = query
            .terms
            .iter()
            .map(|(term, count)| (term.as_str(), *count))
            .collect();
        assert_eq!(
            (found.as_slice(), query.dropped.as_slice()),
            (terms, own(dropped).as_slice()),
            "{text:?}"
        );
    }

    fn own(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn queries_are_split_like_texts() {
        check(
            "The White whale, the WHALE!",
            Features::All,
            &[("whale", 2), ("white", 1)],
            &["The", "the"],
        );
        check(
            "white whale",
            Features::MostFrequent,
            &[("whale", 1), ("white", 1), ("white whale", 1)],
            &[],
        );
        check(
            "love--death",
            Features::All,
            &[("death", 1), ("love", 1)],
            &[],
        );
        check(
            "love--death",
            Features::MostFrequent,
            &[("lovedeath", 1)],
            &[],
        );
    }

    #[test]
    fn what_cannot_be_searched_is_dropped_and_named() {
        check("love c++", Features::All, &[("love", 1)], &["c++"]);
        check("(", Features::All, &[], &["("]);
        check("\u{611b}", Features::All, &[], &["\u{611b}"]);
        check(
            "to be, or not",
            Features::All,
            &[],
            &["to", "be", "or", "not"],
        );
        check(
            "love\0death\r\npeace",
            Features::All,
            &[("death", 1), ("love", 1), ("peace", 1)],
            &[],
        );
        check(
            "don\u{2019}t\u{2014}ocean",
            Features::All,
            &[("ocean", 1)],
            &["don", "t"],
        );
        let html = "<img src=x onerror=alert(1)>";
        check(
            html,
            Features::All,
            &[("img", 1), ("onerroralert1", 1), ("srcx", 1)],
            &[],
        );
    }

    #[test]
    fn unknown_words_are_named_as_typed() {
        let query = split("Xyzzy love, XYZZY! Plugh", Features::All);
        assert_eq!(
            query.typed(&own(&["plugh", "xyzzy"])),
            ["Xyzzy", "XYZZY", "Plugh"]
        );
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_it_and_every_part_is_a_part_of_it(text in ".{0,200}") {
            for features in [Features::All, Features::MostFrequent] {
                let query = split(&text, features);
                for typed in query.words.iter().map(|(_, typed)| typed).chain(&query.dropped) {
                    proptest::prop_assert!(text.contains(typed.as_str()) && !typed.is_empty());
                }
            }
        }
    }
}
