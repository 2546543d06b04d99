//! The addends of a score, for every model: what each term, and with `hybrid` each share, adds to it.

use shared::{Contribution, ScorePart};
use tantivy::{DocId, Score};

use super::SearchError;
use super::bm25_search::Probabilistic;
use super::cosine::CosineWeight;
use super::deadline::Deadline;
use super::fuzzy_search::Forgiving;
use super::hybrid_search::TwoStages;
use super::model::{Match, Model};
use super::passage_index::PassageIndex;
use super::passage_vector::{PassageTerm, PassageVector, idf, saturate};
use super::phrase_search::{Positional, phrase, weight};
use super::preprocess_query::Query;
use super::rerank_passages::shared_words;
use super::tfidf_search::VectorSpace;

/// A model that can tell its scores apart.
pub(super) trait Additive: Model {
    /// Whether the document holds this byte of its book.
    fn holds(&self, document: DocId, byte: usize) -> bool;

    /// How the addends become the score.
    const FORMULA: &'static str;

    /// Documents, the length of one of them (0 for none), and the mean of their lengths.
    fn lengths(&self, document: Option<DocId>) -> (u64, f64, Option<f64>);

    /// The addends of the score of `found`, which was one of `candidates`.
    fn addends(
        &self,
        query: &Query,
        vector: &Self::Vector,
        found: Match,
        candidates: &[Match],
    ) -> Result<Vec<Contribution>, SearchError>;
}

impl Additive for VectorSpace<'_> {
    /// Documents are whole books.
    fn holds(&self, _: DocId, _: usize) -> bool {
        true
    }

    const FORMULA: &'static str = "The cosine of query and book: each term adds its weight in the query × how often it \
        occurs × its idf ÷ the length of the book’s vector.";

    fn lengths(&self, document: Option<DocId>) -> (u64, f64, Option<f64>) {
        let length = document.map_or(0.0, |document| self.index.length(document));
        (self.index.searcher.num_docs(), length, None)
    }

    fn addends(
        &self,
        query: &Query,
        vector: &CosineWeight,
        found: Match,
        _: &[Match],
    ) -> Result<Vec<Contribution>, SearchError> {
        let shares = vector.shares(self.index.searcher.segment_reader(0), found.document)?;
        Ok(shares
            .map(|(term, term_frequency, share)| Contribution {
                word: typed(query, &term.text),
                term: term.text.clone(),
                part: ScorePart::Cosine,
                term_frequency,
                document_frequency: term.document_frequency,
                idf: term.idf,
                weight: term.weight,
                contribution: share,
            })
            .collect())
    }
}

impl Additive for Probabilistic<'_> {
    fn holds(&self, document: DocId, byte: usize) -> bool {
        self.0.bytes_of(document).contains(&byte)
    }

    const FORMULA: &'static str = "The BM25 of the book’s best passage: each term adds its weight × 2.2 tf ÷ (tf + 1.2 × \
        (0.25 + 0.75 × words of the passage ÷ mean)), where tf is how often it occurs.";

    fn lengths(&self, document: Option<DocId>) -> (u64, f64, Option<f64>) {
        passage_lengths(self.0, document)
    }

    fn addends(
        &self,
        query: &Query,
        vector: &PassageVector,
        found: Match,
        _: &[Match],
    ) -> Result<Vec<Contribution>, SearchError> {
        Ok(bm25_addends(self.0, query, vector, found.document))
    }
}

impl Additive for Forgiving<'_> {
    fn holds(&self, document: DocId, byte: usize) -> bool {
        self.strict.0.bytes_of(document).contains(&byte)
    }

    const FORMULA: &'static str = Probabilistic::FORMULA;

    fn lengths(&self, document: Option<DocId>) -> (u64, f64, Option<f64>) {
        self.strict.lengths(document)
    }

    fn addends(
        &self,
        query: &Query,
        vector: &PassageVector,
        found: Match,
        candidates: &[Match],
    ) -> Result<Vec<Contribution>, SearchError> {
        self.strict.addends(query, vector, found, candidates)
    }
}

impl Additive for Positional<'_> {
    fn holds(&self, document: DocId, byte: usize) -> bool {
        self.0.bytes_of(document).contains(&byte)
    }

    const FORMULA: &'static str = "The BM25 of the phrase in the book’s best passage, as if it were one word that is as \
        rare as all of its words together.";

    fn lengths(&self, document: Option<DocId>) -> (u64, f64, Option<f64>) {
        passage_lengths(self.0, document)
    }

    fn addends(
        &self,
        query: &Query,
        vector: &PassageVector,
        found: Match,
        _: &[Match],
    ) -> Result<Vec<Contribution>, SearchError> {
        let Some(phrase) = phrase(vector) else {
            return Ok(Vec::new());
        };
        let places = phrase.places(self.0, &Deadline::none())?;
        let mut passages: Vec<DocId> = places
            .into_iter()
            .map(|place| self.0.passage_of(place))
            .collect();
        let here = passages.iter().filter(|one| **one == found.document);
        let term_frequency = here.count() as u32;
        passages.dedup();
        let joined = |words: Vec<&str>| words.join(" ");
        Ok(vec![Contribution {
            word: joined(
                query
                    .words
                    .iter()
                    .map(|(_, typed)| typed.as_str())
                    .collect(),
            ),
            term: joined(query.words.iter().map(|(key, _)| key.as_str()).collect()),
            part: ScorePart::Phrase,
            term_frequency,
            document_frequency: passages.len() as u64,
            idf: f64::from(weight(vector)),
            weight: f64::from(weight(vector)),
            contribution: f64::from(found.score),
        }])
    }
}

impl Additive for TwoStages<'_> {
    fn holds(&self, document: DocId, byte: usize) -> bool {
        self.passages.bytes_of(document).contains(&byte)
    }

    const FORMULA: &'static str = "The mean of three shares: of the highest BM25 of all candidates, of the weight of the \
        query’s words that occur (coverage), and of the weight of its longest run that occurs word for word (run).";

    fn lengths(&self, document: Option<DocId>) -> (u64, f64, Option<f64>) {
        passage_lengths(self.passages, document)
    }

    fn addends(
        &self,
        query: &Query,
        vector: &PassageVector,
        found: Match,
        candidates: &[Match],
    ) -> Result<Vec<Contribution>, SearchError> {
        let index = self.passages;
        let mut addends = bm25_addends(index, query, vector, found.document);
        // The words of the query, each by the first term that stands for it, as an addend of another part.
        let of_word = |word: usize, part: ScorePart, all: f32| {
            let term = vector.terms.iter().find(|term| term.word == word);
            term.map(|term| Contribution {
                part,
                weight: f64::from(vector.words[word]),
                contribution: f64::from(vector.words[word] / all) / 3.0,
                ..addend(index, query, term, 0)
            })
        };
        let scores = candidates
            .iter()
            .map(|one| vector.bm25(index, one.document));
        let highest = scores.fold(0.0, Score::max);
        addends
            .iter_mut()
            .for_each(|addend| addend.contribution /= 3.0 * f64::from(highest));
        let words: f32 = vector.words.iter().sum();
        let sequence = weight(vector);
        let (seen, run) = match vector.sequence.len() {
            // A single word is the whole query wherever it stands.
            1 => ((0..vector.words.len()).collect(), 0..=0),
            _ => shared_words(index, vector, found.document),
        };
        let coverage = seen
            .into_iter()
            .filter_map(|word| of_word(word, ScorePart::Coverage, words));
        let run = vector.sequence[run]
            .iter()
            .flatten()
            .filter_map(|&word| of_word(word, ScorePart::Run, sequence));
        let others: Vec<Contribution> = coverage.chain(run).collect();
        addends.extend(others);
        Ok(addends)
    }
}

fn passage_lengths(index: &PassageIndex, document: Option<DocId>) -> (u64, f64, Option<f64>) {
    let words = |passage| index.words_of(passage).len() as f64;
    let all = index.words_of(index.len().saturating_sub(1) as DocId).end;
    (
        index.len() as u64,
        document.map_or(0.0, words),
        Some(f64::from(all) / index.len().max(1) as f64),
    )
}

fn bm25_addends(
    index: &PassageIndex,
    query: &Query,
    vector: &PassageVector,
    passage: DocId,
) -> Vec<Contribution> {
    let words: Vec<u32> = index.words(index.words_of(passage)).collect();
    let mut addends = Vec::new();
    for term in &vector.terms {
        let occurrences = words.iter().filter(|word| **word == term.term.number);
        match occurrences.count() as u32 {
            0 => (),
            frequency => addends.push(addend(index, query, term, frequency)),
        }
    }
    let norm = index.length_norms.of(passage);
    for addend in &mut addends {
        let frequency = addend.term_frequency as f32;
        addend.contribution = addend.weight * f64::from(saturate(frequency, norm));
    }
    addends
}

/// A term of BM25 that does not add anything yet.
fn addend(
    index: &PassageIndex,
    query: &Query,
    term: &PassageTerm,
    term_frequency: u32,
) -> Contribution {
    let (key, _) = &query.terms[term.of_query];
    Contribution {
        word: typed(query, key),
        term: term.stand_in.as_ref().unwrap_or(key).clone(),
        part: ScorePart::Bm25,
        term_frequency,
        document_frequency: u64::from(term.term.info.doc_freq),
        idf: f64::from(idf(index.len(), term.term.info.doc_freq)),
        weight: f64::from(term.weight),
        contribution: 0.0,
    }
}

/// A term of the query as typed; of a pair of neighbours, both.
fn typed(query: &Query, term: &str) -> String {
    let words = term.split(' ').map(|word| query.typed_first(word));
    words.collect::<Vec<_>>().join(" ")
}
