//! TF-IDF once more, in the plainest Rust: what the index must agree with.

use std::collections::BTreeMap;

use backend::search::{FEATURES, Features};

/// Words that the generated texts use and that are stop words.
const STOP_WORDS: [&str; 3] = ["the", "and", "not"];

/// The cosine between `query` and each of `texts`.
pub(super) fn scores(texts: &[String], query: &str, features: Features) -> Vec<f64> {
    let mut books: Vec<Counts> = texts.iter().map(|text| count(text, features)).collect();
    if features == Features::MostFrequent {
        keep_most_frequent(&mut books);
    }
    let mut document_frequency: BTreeMap<&str, f64> = BTreeMap::new();
    for term in books.iter().flat_map(BTreeMap::keys) {
        *document_frequency.entry(term).or_default() += 1.0;
    }
    let number = texts.len() as f64;
    let weights = |counts: &Counts| -> BTreeMap<String, f64> {
        let known = counts.iter().filter_map(|(term, tf)| {
            let df = document_frequency.get(term.as_str())?;
            Some((
                term.clone(),
                tf * (((1.0 + number) / (1.0 + df)).ln() + 1.0),
            ))
        });
        known.collect()
    };
    let query = weights(&count(query, features));
    books
        .iter()
        .map(|book| cosine(&query, &weights(book)))
        .collect()
}

type Counts = BTreeMap<String, f64>;

fn count(text: &str, features: Features) -> Counts {
    let mut text = text.to_lowercase();
    if features == Features::All {
        text = text.replace("--", " ");
    }
    text.retain(|character| !character.is_ascii_punctuation());
    let words: Vec<&str> = text
        .split_whitespace()
        .filter(|word| word.len() > 2 && !STOP_WORDS.contains(word))
        .collect();
    let mut counts = Counts::new();
    let mut add = |term: String| *counts.entry(term).or_default() += 1.0;
    words.iter().for_each(|word| add((*word).to_owned()));
    if features == Features::MostFrequent {
        words.windows(2).for_each(|pair| add(pair.join(" ")));
    }
    counts
}

fn keep_most_frequent(books: &mut [Counts]) {
    let mut totals = Counts::new();
    for (term, count) in books.iter().flatten() {
        *totals.entry(term.clone()).or_default() += count;
    }
    let mut order: Vec<(String, f64)> = totals.into_iter().collect();
    order.sort_by(|one, other| other.1.total_cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let kept: Vec<String> = order
        .into_iter()
        .take(FEATURES)
        .map(|(term, _)| term)
        .collect();
    books
        .iter_mut()
        .for_each(|book| book.retain(|term, _| kept.contains(term)));
}

fn cosine(one: &BTreeMap<String, f64>, other: &BTreeMap<String, f64>) -> f64 {
    let length = |vector: &BTreeMap<String, f64>| {
        vector
            .values()
            .map(|weight| weight * weight)
            .sum::<f64>()
            .sqrt()
    };
    let product: f64 = one
        .iter()
        .filter_map(|(term, weight)| Some(weight * other.get(term)?))
        .sum();
    if product == 0.0 {
        0.0
    } else {
        product / (length(one) * length(other))
    }
}

/// The BM25 of each of `passages` with the parameters of tantivy; words are separated by white space.
pub(super) fn bm25(passages: &[String], query: &str) -> Vec<f64> {
    let (k1, b) = (1.2, 0.75);
    let words: Vec<Vec<String>> = passages.iter().map(|passage| words(passage)).collect();
    let number = words.len() as f64;
    let mean = words.iter().map(Vec::len).sum::<usize>() as f64 / number;
    let mut terms = self::words(query);
    terms.sort();
    terms.dedup();
    let score = |passage: &Vec<String>| {
        let share = |term: &String| {
            let holding = words.iter().filter(|passage| passage.contains(term));
            let df = holding.count() as f64;
            let tf = passage.iter().filter(|word| *word == term).count() as f64;
            let idf = (1.0 + (number - df + 0.5) / (df + 0.5)).ln();
            let norm = k1 * (1.0 - b + b * passage.len() as f64 / mean);
            idf * tf * (k1 + 1.0) / (tf + norm)
        };
        terms.iter().map(share).sum()
    };
    words.iter().map(score).collect()
}

fn words(text: &str) -> Vec<String> {
    let words = text.split_whitespace();
    words.map(str::to_lowercase).collect()
}
