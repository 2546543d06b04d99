//! Query text to terms, by the rules of the texts that are searched.

use std::collections::BTreeMap;

use shared::semconv::{attribute, span};
use telemetry::{KeyValue, TraceContextExt, in_span};

use super::features::Features;
use super::filter;
use super::model::{Asked, Model};
use super::query_syntax::{QuerySyntax, Restrictions};
use super::terms::{Splitting, for_each_word};

/// A query, split into words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Query {
    /// Terms with how often each occurs: words, and pairs of neighbours where they count.
    pub(super) terms: Vec<(String, u32)>,
    /// Words that take part, as terms and as typed, in order.
    pub(super) words: Vec<(String, String)>,
    /// Words that were dropped as stop words or as too short, as typed and in order.
    pub(super) dropped: Vec<String>,
    /// What hits must be like besides holding words.
    pub(super) restrictions: Restrictions,
    /// How the query was read where that may not be what was meant: a sentence each.
    pub(super) hints: Vec<String>,
}

/// Punctuation that ends a part of a sentence.
const CLOSING: [char; 9] = [',', '.', ';', ':', '!', '?', '"', '\'', ')'];

impl Query {
    /// A query of these words; each is a term and what was typed.
    pub(super) fn new(words: Vec<(String, String)>, dropped: Vec<String>) -> Self {
        let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
        for (term, _) in &words {
            *counts.entry(term).or_default() += 1;
        }
        let terms = counts
            .into_iter()
            .map(|(term, count)| (term.to_owned(), count));
        Self {
            terms: terms.collect(),
            words,
            dropped,
            restrictions: Restrictions::default(),
            hints: Vec::new(),
        }
    }

    /// Splits `text` by the rules of whole books.
    pub(super) fn split(text: &str, splitting: Splitting) -> Self {
        let mut words: Vec<(String, String)> = Vec::new();
        let mut dropped = Vec::new();
        for_each_word(text.char_indices(), text.len(), splitting, |word| {
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
        });
        Self::new(words, dropped)
    }

    /// Lets every two neighbours count as a term as well, which `pair_of` makes of them.
    pub(super) fn count_pairs(&mut self, pair_of: impl Fn(&str, &str) -> String) {
        let mut counts: BTreeMap<String, u32> = self.terms.drain(..).collect();
        for two in self.words.windows(2) {
            *counts.entry(pair_of(&two[0].0, &two[1].0)).or_default() += 1;
        }
        self.terms = counts.into_iter().collect();
    }

    /// A word with this term, as typed first; empty where there is none.
    pub(super) fn typed_first(&self, term: &str) -> &str {
        let mut words = self.words.iter();
        words
            .find(|(of_word, _)| of_word == term)
            .map_or("", |(_, typed)| typed)
    }

    /// Words whose terms are among `terms`, as typed and in order.
    pub(super) fn typed(&self, terms: &[String]) -> Vec<String> {
        let wanted = self.words.iter().filter(|(term, _)| terms.contains(term));
        wanted.map(|(_, typed)| typed.clone()).collect()
    }
}

/// Reads the query that was asked and splits its words as `model` does.
pub(super) fn preprocess_query(model: &impl Model, asked: Asked<'_>) -> Query {
    in_span(span::PREPROCESS_QUERY, |cx| {
        let query = read(model, asked);
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

/// Tells words from operators and splits the words as `model` does.
pub(super) fn read(model: &impl Model, asked: Asked<'_>) -> Query {
    let typed = &asked.request.query;
    // What the compatible variant is compatible with knows words only.
    let syntax = match asked.request.features {
        Features::All => QuerySyntax::read(typed),
        Features::MostFrequent => QuerySyntax::literal(typed),
    };
    let mut query = model.split(&syntax.words);
    query.hints = syntax.hints;
    query
        .hints
        .extend(filter::hints(asked.library, &syntax.restrictions));
    query.restrictions = syntax.restrictions;
    query
}

#[cfg(test)]
mod tests {
    use super::super::features::pair_of;
    use super::*;

    fn split(text: &str, features: Features) -> Query {
        let mut query = Query::split(text, features.splitting());
        if features.has_pairs() {
            query.count_pairs(pair_of);
        }
        query
    }

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
