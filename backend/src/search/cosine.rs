//! Exact TF-IDF with cosine similarity as a tantivy query; tantivy itself only knows BM25.
//!
//! The weight of a term in a document is `tf · idf` with `idf = ln((1 + N) / (1 + df)) + 1`, as scikit-learn computes
//! it; a score is the cosine between the query's and the document's vectors of weights. [`CosineWeight::new`] looks the
//! terms up in the dictionary and weighs the query, [`CosineWeight::scorer`] reads the posting lists of one segment into
//! a dense accumulator, and [`Ranking`] collects and orders. Lengths of documents depend on the `df` of the whole index,
//! so [`Lengths`] computes them once for each index.

use std::fmt;
use std::sync::Arc;

use tantivy::collector::{Collector, SegmentCollector};
use tantivy::postings::{Postings, TermInfo};
use tantivy::query::{EnableScoring, Explanation, Query, Scorer, Weight};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{
    DocAddress, DocId, DocSet, Score, Searcher, SegmentOrdinal, SegmentReader, TERMINATED,
    TantivyError, Term,
};

use super::best_window::Lists;

/// Terms with how often each occurs in the query.
#[derive(Clone)]
pub(super) struct CosineQuery {
    pub(super) field: Field,
    pub(super) terms: Vec<(String, u32)>,
    pub(super) lengths: Arc<Lengths>,
}

impl fmt::Debug for CosineQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CosineQuery({:?})", self.terms)
    }
}

impl Query for CosineQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        match scoring {
            EnableScoring::Enabled { searcher, .. } => {
                Ok(Box::new(CosineWeight::new(self, searcher)?))
            }
            EnableScoring::Disabled { .. } => Err(TantivyError::InvalidArgument(
                "a cosine cannot be left out".to_owned(),
            )),
        }
    }
}

/// The vector of a query: unit length, and nothing in it that the index does not know.
pub(super) struct CosineWeight {
    field: Field,
    /// Known terms.
    pub(super) terms: Vec<WeightedTerm>,
    /// Terms that the index does not know.
    pub(super) unknown: Vec<String>,
    lengths: Arc<Lengths>,
    /// Where the words stand, for passages.
    pub(super) lists: Lists,
}

/// One dimension of a query's vector.
#[derive(Debug)]
pub(super) struct WeightedTerm {
    /// The term.
    pub(super) text: String,
    /// Where its posting list stands in the only segment of the index.
    pub(super) info: TermInfo,
    /// Documents that contain it, which is also the length of its posting list.
    pub(super) document_frequency: u64,
    /// Rarity of the term in the index.
    pub(super) idf: f64,
    /// Its share of the query's unit vector.
    pub(super) weight: f64,
}

impl CosineWeight {
    /// Looks the terms of `query` up and weighs them.
    pub(super) fn new(query: &CosineQuery, searcher: &Searcher) -> tantivy::Result<Self> {
        // An index of this program has one segment.
        let index = searcher.segment_reader(0).inverted_index(query.field)?;
        let mut terms = Vec::with_capacity(query.terms.len());
        let mut unknown = Vec::new();
        for (text, frequency) in &query.terms {
            let term = Term::from_field_text(query.field, text);
            let Some(info) = index.get_term_info(&term)? else {
                unknown.push(text.clone());
                continue;
            };
            let document_frequency = u64::from(info.doc_freq);
            let idf = idf(searcher.num_docs(), document_frequency);
            let weight = f64::from(*frequency) * idf;
            terms.push(WeightedTerm {
                text: text.clone(),
                document_frequency,
                idf,
                weight,
                info,
            });
        }
        let length = terms
            .iter()
            .map(|term| term.weight * term.weight)
            .sum::<f64>()
            .sqrt();
        terms.iter_mut().for_each(|term| term.weight /= length);
        Ok(Self {
            field: query.field,
            terms,
            unknown,
            lengths: Arc::clone(&query.lengths),
            lists: Lists::default(),
        })
    }

    /// The terms of the query that occur in `doc`: how often each does, and what it adds to the cosine.
    pub(super) fn shares(
        &self,
        reader: &SegmentReader,
        doc: DocId,
    ) -> tantivy::Result<impl Iterator<Item = (&WeightedTerm, u32, f64)>> {
        let index = reader.inverted_index(self.field)?;
        let length = self.lengths.of(doc);
        let mut shares = Vec::with_capacity(self.terms.len());
        for term in &self.terms {
            let mut postings =
                index.read_postings_from_terminfo(&term.info, IndexRecordOption::WithFreqs)?;
            if postings.doc() <= doc && postings.seek(doc) == doc {
                let frequency = postings.term_freq();
                shares.push((term, frequency, Self::share(term, frequency) / length));
            }
        }
        Ok(shares.into_iter())
    }

    /// What `term` adds to the score of a document with length 1 in which it occurs `frequency` times.
    fn share(term: &WeightedTerm, frequency: u32) -> f64 {
        term.weight * term.idf * f64::from(frequency)
    }
}

impl Weight for CosineWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let index = reader.inverted_index(self.field)?;
        let mut products = vec![0.0; reader.max_doc() as usize];
        for term in &self.terms {
            let mut postings =
                index.read_postings_from_terminfo(&term.info, IndexRecordOption::WithFreqs)?;
            while postings.doc() != TERMINATED {
                products[postings.doc() as usize] += Self::share(term, postings.term_freq());
                postings.advance();
            }
        }
        let scores: Vec<(DocId, Score)> = (0..)
            .zip(products)
            .filter(|(_, product)| *product > 0.0)
            .map(|(doc, product)| (doc, (product / self.lengths.of(doc)) as Score * boost))
            .collect();
        Ok(Box::new(CosineScorer { scores, current: 0 }))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        let mut scorer = self.scorer(reader, 1.0)?;
        if scorer.doc() > doc || scorer.seek(doc) != doc {
            return Err(TantivyError::InvalidArgument(format!(
                "document {doc} does not match"
            )));
        }
        let mut explanation =
            Explanation::new("cosine of TF-IDF vectors, the sum of:", scorer.score());
        for (term, _, share) in self.shares(reader, doc)? {
            explanation.add_detail(Explanation::new_with_string(
                term.text.clone(),
                share as Score,
            ));
        }
        Ok(explanation)
    }
}

/// The matching documents of one segment with their scores.
struct CosineScorer {
    scores: Vec<(DocId, Score)>,
    current: usize,
}

impl DocSet for CosineScorer {
    fn advance(&mut self) -> DocId {
        self.current += 1;
        self.doc()
    }

    fn doc(&self) -> DocId {
        self.scores
            .get(self.current)
            .map_or(TERMINATED, |(doc, _)| *doc)
    }

    fn size_hint(&self) -> u32 {
        self.scores.len() as u32
    }
}

impl Scorer for CosineScorer {
    fn score(&mut self) -> Score {
        self.scores[self.current].1
    }
}

/// Lengths of the documents' vectors, in an index of one segment.
#[derive(Debug, Default)]
pub(super) struct Lengths(Vec<f64>);

impl Lengths {
    /// Computes them, for which it reads the whole index once.
    pub(super) fn compute(searcher: &Searcher, field: Field) -> tantivy::Result<Self> {
        let reader = searcher.segment_reader(0);
        let index = reader.inverted_index(field)?;
        let mut squares = vec![0.0; reader.max_doc() as usize];
        let mut terms = index.terms().stream()?;
        // One for all terms: to make another costs more than to read most lists.
        let mut block = None;
        while let Some((_, info)) = terms.next() {
            let idf = idf(searcher.num_docs(), u64::from(info.doc_freq));
            let block = match &mut block {
                Some(block) => {
                    index.reset_block_postings_from_terminfo(info, block)?;
                    block
                }
                None => {
                    let all = IndexRecordOption::WithFreqs;
                    block.insert(index.read_block_postings_from_terminfo(info, all)?)
                }
            };
            while !block.docs().is_empty() {
                for (&doc, &frequency) in block.docs().iter().zip(block.freqs()) {
                    let weight = f64::from(frequency) * idf;
                    squares[doc as usize] += weight * weight;
                }
                block.advance();
            }
        }
        Ok(Self(squares.into_iter().map(f64::sqrt).collect()))
    }

    /// The lengths of so many documents; `None` if `bytes` are not what [`Lengths::to_bytes`] gives.
    pub(super) fn from_bytes(bytes: &[u8], documents: usize) -> Option<Self> {
        let (lengths, rest) = bytes.as_chunks();
        let lengths: Vec<f64> = lengths
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
            .collect();
        let are_lengths = lengths
            .iter()
            .all(|length| length.is_finite() && *length >= 0.0);
        (are_lengths && rest.is_empty() && lengths.len() == documents).then_some(Self(lengths))
    }

    /// Eight bytes for each document, the lowest first.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().copied().flat_map(f64::to_le_bytes).collect()
    }

    /// The length of one document.
    pub(super) fn of(&self, document: DocId) -> f64 {
        self.0[document as usize]
    }
}

fn idf(documents: u64, document_frequency: u64) -> f64 {
    ((1 + documents) as f64 / (1 + document_frequency) as f64).ln() + 1.0
}

/// Collects every match, by descending score; of equal ones, the earlier document comes first.
pub(super) struct Ranking;

impl Collector for Ranking {
    type Fruit = Vec<(Score, DocAddress)>;
    type Child = SegmentRanking;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        _reader: &SegmentReader,
    ) -> tantivy::Result<SegmentRanking> {
        Ok(SegmentRanking {
            segment,
            matches: Vec::new(),
        })
    }

    fn requires_scoring(&self) -> bool {
        true
    }

    fn merge_fruits(
        &self,
        segments: Vec<Vec<(Score, DocAddress)>>,
    ) -> tantivy::Result<Self::Fruit> {
        let mut all: Self::Fruit = segments.into_iter().flatten().collect();
        all.sort_by(|one, other| other.0.total_cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        Ok(all)
    }
}

/// The matches of one segment.
pub(super) struct SegmentRanking {
    segment: SegmentOrdinal,
    matches: Vec<(Score, DocAddress)>,
}

impl SegmentCollector for SegmentRanking {
    type Fruit = Vec<(Score, DocAddress)>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.matches
            .push((score, DocAddress::new(self.segment, doc)));
    }

    fn harvest(self) -> Self::Fruit {
        self.matches
    }
}
