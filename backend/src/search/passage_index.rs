//! The index of passages: every word of every passage by its key, with its number among the words of the passage.
//!
//! Unlike the index of whole books, it counts words as positions: neighbours have neighbouring numbers, which is what
//! phrases and runs of words need, and a passage is so short that counting up to a word costs less than storing its byte.
//! No text is stored: a passage is a range of bytes in a mapped book.

use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use tantivy::directory::RamDirectory;
use tantivy::postings::{Postings, SegmentPostings, TermInfo};
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::TokenizerManager;
use tantivy::{
    DocId, DocSet, Index, InvertedIndexReader, ReloadPolicy, TantivyDocument, TantivyError, Term,
};

use super::SearchError;
use super::generate_snippet::{Snippet, words_in};
use super::occurrences::{Documents, Replay};
use super::passages::{Passage, passages};
use super::spelling::Spelling;
use super::words::for_each_word;
use crate::corpus::{Book, Corpus};

/// An index of all passages; those of a book have neighbouring numbers, in the order of the text.
pub(super) struct PassageIndex {
    pub(super) postings: Arc<InvertedIndexReader>,
    field: Field,
    pub(super) spelling: Spelling,
    passages: Vec<Passage>,
    /// The number of the first passage of each book, and at the end the number of all passages.
    firsts: Vec<DocId>,
    /// Words of each passage, measured by the mean of all.
    pub(super) relative_lengths: Vec<f32>,
}

impl PassageIndex {
    /// Indexes the passages of all books.
    pub(super) fn build(corpus: &Corpus) -> Result<Self, SearchError> {
        let mut terms = PassageTerms::default();
        let mut reader = Keys::default();
        let mut found = Vec::new();
        let mut firsts = vec![0];
        for book in &corpus.books {
            let first = found.len();
            found.extend(passages(
                book.text.bytes(),
                &book.chapters,
                |passage, word| {
                    let number = reader.number(word, &mut terms.keys);
                    terms.push(first + passage, number);
                },
            ));
            firsts.push(found.len() as DocId);
        }
        let lengths: Vec<usize> = (0..found.len())
            .map(|passage| terms.range(passage).len())
            .collect();
        let mean = terms.numbers.len() as f32 / lengths.len().max(1) as f32;
        let (postings, field) = write(terms, found.len())?;
        Ok(Self {
            postings,
            field,
            spelling: reader.spelling,
            passages: found,
            firsts,
            relative_lengths: lengths
                .into_iter()
                .map(|length| length as f32 / mean)
                .collect(),
        })
    }

    /// Looks a key up in the dictionary.
    pub(super) fn look_up(&self, key: &str) -> Result<Option<TermInfo>, SearchError> {
        let term = Term::from_field_text(self.field, key);
        let found = self.postings.get_term_info(&term);
        Ok(found.map_err(TantivyError::from)?)
    }

    /// The posting list of a term, with positions.
    pub(super) fn positions(&self, term: &TermInfo) -> io::Result<SegmentPostings> {
        let all = IndexRecordOption::WithFreqsAndPositions;
        self.postings.read_postings_from_terminfo(term, all)
    }

    /// Number of passages.
    pub(super) fn len(&self) -> usize {
        self.passages.len()
    }

    /// Distinct terms.
    pub(super) fn vocabulary_size(&self) -> usize {
        self.postings.terms().num_terms()
    }

    /// The book of a passage, by its place in the corpus.
    pub(super) fn book_of(&self, passage: DocId) -> usize {
        self.firsts.partition_point(|&first| first <= passage) - 1
    }

    /// The passages of each book, in the order of the corpus.
    pub(super) fn books(&self) -> impl Iterator<Item = Range<usize>> {
        let pairs = self.firsts.windows(2);
        pairs.map(|two| two[0] as usize..two[1] as usize)
    }

    /// The whole passage, with the words highlighted that are occurrences of `terms`.
    pub(super) fn show<'t>(
        &self,
        book: &Book,
        passage: DocId,
        terms: impl Iterator<Item = &'t TermInfo>,
    ) -> Result<Snippet, SearchError> {
        let mut numbers = Vec::new();
        for term in terms {
            let mut postings = self.positions(term).map_err(TantivyError::from)?;
            if postings.doc() <= passage && postings.seek(passage) == passage {
                postings.append_positions_with_offset(0, &mut numbers);
            }
        }
        numbers.sort_unstable();
        let Passage { from, line, .. } = self.passages[passage as usize];
        let bytes = self.passages[passage as usize].bytes();
        let text = &book.text.bytes()[bytes.clone()];
        let characters = text.iter().map(|&byte| char::from(byte)).enumerate();
        let mut matched = Vec::with_capacity(numbers.len());
        let (mut number, mut next) = (0, numbers.iter().peekable());
        for_each_word(characters, text.len(), |range, _| {
            if next.next_if_eq(&&number).is_some() {
                matched.push(range.start + from as usize..range.end + from as usize);
            }
            number += 1;
        });
        let words = words_in(book.text.bytes(), bytes);
        let mut snippet = Snippet::new(book, words, matched.into_iter());
        snippet.location.line = Some(line);
        Ok(snippet)
    }

    /// Looks the first key of the dictionary up, as a search would.
    pub(super) fn check(&self) -> Result<(), SearchError> {
        let mut dictionary = self.postings.terms().stream().map_err(TantivyError::from)?;
        let key = dictionary
            .next()
            .map(|(key, _)| String::from_utf8_lossy(key).into_owned());
        let key = key.unwrap_or_default();
        match self.look_up(&key)? {
            Some(term) if term.doc_freq > 0 => Ok(()),
            _ => Err(SearchError::Unfindable(key)),
        }
    }
}

/// Words to numbers of keys. Every word is stemmed once, not each time it occurs.
#[derive(Default)]
struct Keys {
    spelling: Spelling,
    of_words: HashMap<String, u32>,
    of_keys: HashMap<String, u32>,
}

impl Keys {
    fn number(&mut self, word: &str, keys: &mut Vec<String>) -> u32 {
        if let Some(&number) = self.of_words.get(word) {
            return number;
        }
        let key = self.spelling.key(word);
        let number = *self.of_keys.entry(key).or_insert_with_key(|key| {
            keys.push(key.clone());
            keys.len() as u32 - 1
        });
        self.of_words.insert(word.to_owned(), number);
        number
    }
}

/// The words of all passages, by the numbers of their keys.
#[derive(Default)]
struct PassageTerms {
    keys: Vec<String>,
    numbers: Vec<u32>,
    /// Where the words of each passage end in `numbers`.
    ends: Vec<usize>,
}

impl PassageTerms {
    fn push(&mut self, passage: usize, number: u32) {
        self.numbers.push(number);
        self.ends.resize(passage + 1, 0);
        self.ends[passage] = self.numbers.len();
    }

    fn range(&self, passage: usize) -> Range<usize> {
        let start = passage.checked_sub(1).map_or(0, |before| self.ends[before]);
        start..self.ends[passage]
    }
}

impl Documents for PassageTerms {
    fn term(&self, passage: usize, number: usize) -> Option<(usize, &str)> {
        let range = self.range(passage);
        let key = self.numbers[range].get(number)?;
        Some((number, &self.keys[*key as usize]))
    }
}

/// Name of the tokenizer.
const REPLAY: &str = "replay";
/// Sizes the writer's table of terms; it grows beyond this where needed.
const WRITER_BYTES: usize = 32 * 1024 * 1024;

fn write(
    terms: PassageTerms,
    passages: usize,
) -> Result<(Arc<InvertedIndexReader>, Field), SearchError> {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(REPLAY)
        .set_index_option(IndexRecordOption::WithFreqsAndPositions)
        .set_fieldnorms(false);
    let mut schema = Schema::builder();
    let options = TextOptions::default().set_indexing_options(indexing);
    let field = schema.add_text_field("keys", options);

    let terms = Arc::new(terms);
    let tokenizers = TokenizerManager::new();
    tokenizers.register(REPLAY, Replay(Arc::downgrade(&terms)));
    let mut writer = Index::builder()
        .schema(schema.build())
        .tokenizers(tokenizers)
        .single_segment_index_writer(RamDirectory::create(), WRITER_BYTES)?;
    for number in 0..passages {
        let mut document = TantivyDocument::new();
        document.add_text(field, number.to_string());
        writer.add_document(document)?;
    }
    let reader = writer
        .finalize()?
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        .try_into()?;
    let postings = reader.searcher().segment_reader(0).inverted_index(field)?;
    Ok((postings, field))
}
