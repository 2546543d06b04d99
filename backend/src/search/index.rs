//! The index of whole books: the terms of every book with their positions, once for each choice of [`Features`].
//!
//! The position of a term is the byte at which it stands in the text, not its number among the words. So a hit leads
//! straight to its passage, and no text is ever split into words again after start-up.

use std::path::Path;
use std::sync::Arc;

use tantivy::directory::{OwnedBytes, RamDirectory};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{Directory, DocId, Index, ReloadPolicy, Searcher, TantivyDocument, TantivyError};

use super::SearchError;
use super::cosine::{CosineQuery, Lengths, Ranking};
use super::features::Features;
use super::occurrences::{OccurrencesOf, Replay};

/// The index of all books as it was opened; document numbers are those of the corpus.
pub(super) struct Books {
    searcher: Searcher,
    /// The field of each choice of features, with the lengths of all documents.
    all: (Field, OwnedBytes),
    most_frequent: (Field, OwnedBytes),
}

impl Books {
    /// Indexes so many `books`, each given by the occurrences of its terms: of all of them, and of the most frequent
    /// features. `written` is told each book that is done.
    pub(super) fn write(
        books: usize,
        choices: [Arc<OccurrencesOf>; 2],
        mut written: impl FnMut(usize),
    ) -> Result<RamDirectory, SearchError> {
        let (schema, fields) = schema();
        let tokenizers = TokenizerManager::new();
        for (name, choice) in FIELDS.into_iter().zip(choices) {
            tokenizers.register(name, Replay(choice));
        }
        let files = RamDirectory::create();
        let mut writer = Index::builder()
            .schema(schema)
            .tokenizers(tokenizers)
            .single_segment_index_writer(files.clone(), WRITER_BYTES)?;
        for number in 0..books {
            let mut document = TantivyDocument::new();
            for field in fields {
                document.add_text(field, number.to_string());
            }
            writer.add_document(document)?;
            written(number);
        }
        writer.finalize()?;
        // Lengths depend on how rare every term is among all books, so they come last.
        let searcher = open(files.clone(), &self::schema().0)?;
        for (name, field) in LENGTHS.into_iter().zip(fields) {
            let lengths = Lengths::compute(&searcher, field)?.to_bytes();
            let written = files.atomic_write(Path::new(name), &lengths);
            written.map_err(TantivyError::from)?;
        }
        Ok(files)
    }

    /// Opens the index of so many `books`.
    pub(super) fn open(files: impl Directory, books: usize) -> Result<Self, SearchError> {
        let (schema, [all, most_frequent]) = schema();
        let mut lengths = Vec::with_capacity(LENGTHS.len());
        for name in LENGTHS {
            let file = files.open_read(Path::new(name));
            let bytes = file.map_err(TantivyError::from)?.read_bytes();
            lengths.push(bytes.map_err(TantivyError::from)?);
        }
        let are_lengths = |bytes: &OwnedBytes| Lengths::from_bytes(bytes, books).is_some();
        let searcher = open(files, &schema)?;
        match <[OwnedBytes; 2]>::try_from(lengths) {
            Ok(lengths)
                if searcher.num_docs() == books as u64 && lengths.iter().all(are_lengths) =>
            {
                let [of_all, of_most_frequent] = lengths;
                Ok(Self {
                    searcher,
                    all: (all, of_all),
                    most_frequent: (most_frequent, of_most_frequent),
                })
            }
            _ => Err(foreign()),
        }
    }

    /// The index as `features` sees it, with the lengths of the documents.
    pub(super) fn warm(&self, features: Features) -> Result<TfidfIndex, SearchError> {
        let (field, lengths) = match features {
            Features::All => &self.all,
            Features::MostFrequent => &self.most_frequent,
        };
        let documents = self.searcher.num_docs() as usize;
        Ok(TfidfIndex {
            features,
            searcher: self.searcher.clone(),
            field: *field,
            lengths: Arc::new(Lengths::from_bytes(lengths, documents).ok_or_else(foreign)?),
        })
    }

    /// Distinct terms of the full vocabulary.
    pub(super) fn vocabulary_size(&self) -> Result<usize, SearchError> {
        let terms = self.searcher.segment_reader(0).inverted_index(self.all.0)?;
        Ok(terms.terms().num_terms())
    }
}

/// Opens an index of one segment, if it is one of `schema`.
pub(super) fn open(files: impl Directory, schema: &Schema) -> Result<Searcher, SearchError> {
    let index = Index::open(files)?;
    if index.schema() != *schema {
        return Err(foreign());
    }
    let reader = index
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        .try_into()?;
    let searcher: Searcher = reader.searcher();
    match searcher.segment_readers().len() {
        1 => Ok(searcher),
        _ => Err(foreign()),
    }
}

/// An index was opened that cannot be that of the corpus.
pub(super) fn foreign() -> SearchError {
    TantivyError::SchemaError("it does not hold what the corpus needs".to_owned()).into()
}

/// What is searched for one choice of features.
pub(super) struct TfidfIndex {
    /// Which terms it holds.
    pub(super) features: Features,
    /// Where to look terms up.
    pub(super) searcher: Searcher,
    /// The field of these features.
    pub(super) field: Field,
    /// Lengths of the documents' vectors.
    pub(super) lengths: Arc<Lengths>,
}

impl TfidfIndex {
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
        self.lengths.of(document)
    }
}

/// Names of the fields, and of the tokenizers that fill them.
const FIELDS: [&str; 2] = ["terms", "features"];
/// Names of the files of [`Lengths`], beside those of tantivy.
const LENGTHS: [&str; 2] = ["terms.lengths", "features.lengths"];
/// Sizes the writer's table of terms; it grows beyond this where needed.
pub(super) const WRITER_BYTES: usize = 4 * 1024 * 1024;

fn schema() -> (Schema, [Field; 2]) {
    let mut schema = Schema::builder();
    let fields = FIELDS.map(|name| {
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(name)
            .set_index_option(IndexRecordOption::WithFreqsAndPositions)
            .set_fieldnorms(false);
        let options = TextOptions::default().set_indexing_options(indexing);
        schema.add_text_field(name, options)
    });
    (schema.build(), fields)
}
