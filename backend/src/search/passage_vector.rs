//! A query as passages are searched by it: words in order, each with the terms of the index that stand for it.

use shared::Suggestion;
use tantivy::{DocId, Score};

use super::SearchError;
use super::model::{Match, Vector};
use super::passage_index::{KnownTerm, PassageIndex};
use super::passage_words::TermSet;
use super::preprocess_query::Query;
use super::similar_words::MOST_REPLACED;
use super::words::for_each_word;

/// How fast further occurrences of a word in a passage stop to matter, and how much the length of a passage matters: the
/// values that tantivy and Lucene use.
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// A weighed query.
#[derive(Debug)]
pub(super) struct PassageVector {
    /// Terms to read, by descending weight: in this order they are added up wherever they are, so that a passage has one
    /// score and not several that differ by their rounding.
    pub(super) terms: Vec<PassageTerm>,
    /// The distinct words of the query that have a term: the weight of each.
    pub(super) words: Vec<f32>,
    /// The words of the query in order, by their place in `words`.
    pub(super) sequence: Vec<Option<usize>>,
    /// What was found in place of words that the index does not know, as typed.
    pub(super) looked_up: Vec<Suggestion>,
    /// Keys that the index does not know.
    unknown: Vec<String>,
    /// The terms, to be recognised in a passage.
    pub(super) set: TermSet,
}

impl PassageVector {
    /// The BM25 of a passage, whether it was found or not.
    pub(super) fn bm25(&self, index: &PassageIndex, passage: DocId) -> Score {
        let mut frequencies = [0_u32; FEW];
        if self.terms.len() > FEW {
            let mut frequencies = vec![0; self.terms.len()];
            return self.bm25_by(index, passage, &mut frequencies);
        }
        self.bm25_by(index, passage, &mut frequencies)
    }

    fn bm25_by(&self, index: &PassageIndex, passage: DocId, frequencies: &mut [u32]) -> Score {
        index.for_each_found(passage, &self.set, |_, terms| {
            for &(_, place) in terms {
                frequencies[place] += 1;
            }
        });
        self.sum(frequencies, index.length_norms.of(passage))
    }

    /// The BM25 of a passage in which the terms occur so often; `norm` is what its length does to that.
    pub(super) fn sum(&self, frequencies: &[u32], norm: f32) -> Score {
        let mut sum = 0.0;
        for (term, &frequency) in self.terms.iter().zip(frequencies) {
            if frequency > 0 {
                sum += term.weight * saturate(frequency as f32, norm);
            }
        }
        sum
    }
}

/// Terms of nearly every query.
const FEW: usize = 16;

/// A term of the index that stands for a word of the query.
#[derive(Debug)]
pub(super) struct PassageTerm {
    pub(super) term: KnownTerm,
    /// Its word, by the place in [`PassageVector::words`].
    pub(super) word: usize,
    /// Its rarity, less the more it differs from the word.
    pub(super) weight: f32,
    /// Its word, by the place in the terms of the query.
    pub(super) of_query: usize,
    /// The key that stands for an unknown word.
    pub(super) stand_in: Option<String>,
}

/// A key that stands for a word, and how much like the word it is, up to 1.
pub(super) type Similar = (String, f32);

impl Vector for PassageVector {
    fn nonzero(&self) -> usize {
        self.terms.len()
    }

    fn unknown(&self) -> &[String] {
        &self.unknown
    }

    fn looked_up(&self) -> &[Suggestion] {
        &self.looked_up
    }
}

/// Splits the text of a query as passages were split.
pub(super) fn split(index: &PassageIndex, text: &str) -> Query {
    let mut words = Vec::new();
    for_each_word(text.char_indices(), text.len(), |range, word| {
        words.push((index.spelling.key(word), text[range].to_owned()));
    });
    let dropped = match words.is_empty() {
        true => text.split_whitespace().map(str::to_owned).collect(),
        false => Vec::new(),
    };
    Query::new(words, dropped)
}

/// Looks the words of `query` up; for an unknown one, the terms that are `similar` to it take its place.
pub(super) fn weigh(
    index: &PassageIndex,
    query: &Query,
    mut similar: impl FnMut(&str) -> Result<Vec<Similar>, SearchError>,
) -> Result<PassageVector, SearchError> {
    let mut vector = PassageVector {
        terms: Vec::new(),
        words: Vec::new(),
        sequence: Vec::new(),
        looked_up: Vec::new(),
        unknown: Vec::new(),
        set: TermSet::new([].into_iter()),
    };
    let mut places = Vec::with_capacity(query.terms.len());
    for (of_query, (key, _)) in query.terms.iter().enumerate() {
        let mut found = Vec::new();
        match index.look_up(key)? {
            Some(term) => found.push((term, 1.0, None)),
            None => {
                vector.unknown.push(key.clone());
                let stand_ins = match vector.unknown.len() > MOST_REPLACED {
                    true => Vec::new(),
                    false => similar(query.typed_first(key))?,
                };
                for (key, likeness) in stand_ins {
                    let term = index.look_up(&key)?;
                    found.extend(term.map(|term| (term, likeness, Some(key))));
                }
            }
        }
        places.push((!found.is_empty()).then_some(vector.words.len()));
        let mut weight: f32 = 0.0;
        for (known, likeness, stand_in) in found {
            let term = PassageTerm {
                weight: likeness * idf(index.len(), known.info.doc_freq),
                word: vector.words.len(),
                of_query,
                stand_in,
                term: known,
            };
            weight = weight.max(term.weight);
            vector.terms.push(term);
        }
        if weight > 0.0 {
            vector.words.push(weight);
        }
    }
    let place = |key: &String| {
        let found = query.terms.binary_search_by(|(term, _)| term.cmp(key));
        found.ok().and_then(|number| places[number])
    };
    let weight = |term: &PassageTerm| term.weight;
    vector
        .terms
        .sort_by(|one, other| weight(other).total_cmp(&weight(one)));
    vector.set = TermSet::new(vector.terms.iter().map(|term| term.term.number));
    vector.sequence = query.words.iter().map(|(key, _)| place(key)).collect();
    Ok(vector)
}

/// Rarity of a term, as tantivy and Lucene compute it: always above zero.
pub(super) fn idf(passages: usize, passages_with_term: u32) -> f32 {
    let (all, with_term) = (passages as f32, passages_with_term as f32);
    (1.0 + (all - with_term + 0.5) / (with_term + 0.5)).ln()
}

/// What occurrences count for at most.
pub(super) const HIGHEST_SATURATION: f32 = 1.0 + K1;

/// What occurrences count for: ever less, and less in a long passage; about 1 for one in a passage of mean length.
pub(super) fn saturate(frequency: f32, norm: f32) -> f32 {
    frequency * HIGHEST_SATURATION / (frequency + norm)
}

/// What [`saturate`] is to know of a passage: its length, measured by the mean of all.
pub(super) fn length_norm(relative_length: f32) -> f32 {
    K1 * (1.0 - B + B * relative_length)
}

/// Of each book the best passage; of equally good ones, the first. The passages come in order.
pub(super) fn best_of_each_book(mut passages: Vec<Match>) -> Vec<Match> {
    passages.dedup_by(|next, best| {
        let is_same_book = next.book == best.book;
        if is_same_book && next.score > best.score {
            *best = *next;
        }
        is_same_book
    });
    passages
}
