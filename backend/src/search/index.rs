//! One index in memory: the terms of every book with their positions.
//!
//! The position of a term is the byte at which it stands in the text, not its number among the words. So a hit leads
//! straight to its passage, and no text is ever split into words again after start-up.

use std::sync::Arc;

use tantivy::directory::RamDirectory;
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{DocId, Index, ReloadPolicy, Searcher, TantivyDocument, TantivyError};

use super::SearchError;
use super::cosine::{CosineQuery, Lengths, Ranking};
use super::features::Features;
use super::occurrences::{Occurrences, Replay};

/// Changes with the meaning of what is in an index.
pub(super) const SCHEMA_VERSION: u32 = 2;

/// An index of all books; document numbers are those of the corpus.
pub(super) struct TfidfIndex {
    /// Which terms it holds.
    pub(super) features: Features,
    /// Where to look terms up.
    pub(super) searcher: Searcher,
    /// The only field.
    pub(super) field: Field,
    /// Lengths of the documents' vectors.
    pub(super) lengths: Arc<Lengths>,
}

impl TfidfIndex {
    /// Indexes `books`, each given by the occurrences of its terms.
    pub(super) fn build(features: Features, books: Vec<Occurrences>) -> Result<Self, SearchError> {
        let (schema, field) = schema();
        let books = Arc::new(books);
        let tokenizers = TokenizerManager::new();
        tokenizers.register(REPLAY, Replay(Arc::downgrade(&books)));
        let mut writer = Index::builder()
            .schema(schema)
            .tokenizers(tokenizers)
            .single_segment_index_writer(RamDirectory::create(), WRITER_BYTES)?;
        for number in 0..books.len() {
            let mut document = TantivyDocument::new();
            document.add_text(field, number.to_string());
            writer.add_document(document)?;
        }
        let reader = writer
            .finalize()?
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let searcher = reader.searcher();
        let lengths = Arc::new(Lengths::new(&searcher, field)?);
        Ok(Self {
            features,
            searcher,
            field,
            lengths,
        })
    }

    /// Looks the first word of the dictionary up, as a search would.
    pub(super) fn check(&self) -> Result<(), SearchError> {
        let terms = self.searcher.segment_reader(0).inverted_index(self.field)?;
        let mut dictionary = terms.terms().stream().map_err(TantivyError::from)?;
        let word = dictionary
            .next()
            .map(|(word, _)| String::from_utf8_lossy(word).into_owned());
        let word = word.unwrap_or_default();
        let query = CosineQuery {
            field: self.field,
            terms: vec![(word.clone(), 1)],
            lengths: Arc::clone(&self.lengths),
        };
        match self.searcher.search(&query, &Ranking)?.is_empty() {
            true => Err(SearchError::Unfindable(word)),
            false => Ok(()),
        }
    }

    /// Length of the vector of a document.
    pub(super) fn length(&self, document: DocId) -> f64 {
        self.lengths.of(self.searcher.segment_reader(0))[document as usize]
    }

    /// Distinct terms.
    pub(super) fn vocabulary_size(&self) -> Result<usize, SearchError> {
        let mut terms = 0;
        for reader in self.searcher.segment_readers() {
            terms += reader.inverted_index(self.field)?.terms().num_terms();
        }
        Ok(terms)
    }
}

/// Name of the tokenizer.
const REPLAY: &str = "replay";
/// Sizes the writer's table of terms; it grows beyond this where needed.
pub(super) const WRITER_BYTES: usize = 4 * 1024 * 1024;

fn schema() -> (Schema, Field) {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(REPLAY)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions)
        .set_fieldnorms(false);
    let mut schema = Schema::builder();
    let field = schema.add_text_field(
        "terms",
        TextOptions::default().set_indexing_options(indexing),
    );
    (schema.build(), field)
}
