//! The index of passages: every word of every passage by its key, with its number among the words of the passage.
//!
//! Posting lists say which passages hold a word, and how often; of frequent words, columns say the same (`frequent_terms`).
//! In which order words stand is told by a file of its own: all words of all books, by the numbers of their terms
//! (`passage_words`). No text is stored: a passage is a range of bytes of its book, which stands in the columns of the
//! index. The writer is given each passage as its keys with blanks between them, so that a word is stemmed once and not
//! wherever it occurs.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use tantivy::directory::{OwnedBytes, RamDirectory};
use tantivy::postings::{BlockSegmentPostings, TermInfo};
use tantivy::schema::{FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TokenizerManager, WhitespaceTokenizer};
use tantivy::{
    Directory, DocId, Index, InvertedIndexReader, SegmentReader, TantivyDocument, TantivyError,
};

use super::SearchError;
use super::block_maxima::{Blocks, Maxima};
use super::byte_set::ByteSet;
use super::frequent_terms::FrequentTerms;
use super::generate_snippet::Snippet;
use super::index::{WRITER_BYTES, foreign, open};
use super::length_norms::LengthNorms;
use super::passage_keys::Keys;
use super::passage_words::{TermSet, Words};
use super::passages::{Passage, first_words_of, for_each_passage};
use super::spelling::Spelling;
use super::word_places::find_words;
use super::words::for_each_word;
use crate::corpus::{Book, Corpus};
use crate::progress::Progress;

/// An index of all passages; those of a book have neighbouring numbers, in the order of the text.
pub(super) struct PassageIndex {
    pub(super) postings: Arc<InvertedIndexReader>,
    /// All words of all books in their order.
    words: Words,
    frequent_terms: FrequentTerms,
    pub(super) blocks: Blocks,
    pub(super) maxima: Maxima,
    pub(super) spelling: Spelling,
    passages: Vec<Passage>,
    /// The number of the first passage of each book, and at the end the number of all passages.
    firsts: Vec<DocId>,
    /// The number of the first word of each passage among those of all books, and at the end the number of all words.
    first_words: Vec<u32>,
    pub(super) length_norms: LengthNorms,
}

impl PassageIndex {
    /// Indexes the passages of all books.
    pub(super) fn write(corpus: &Corpus, progress: &Progress) -> Result<RamDirectory, SearchError> {
        let (schema, field, columns) = schema();
        // Not an empty one, because tantivy asks for a tokenizer even for a column of numbers.
        let tokenizers = TokenizerManager::default();
        tokenizers.register(AT_BLANKS, WhitespaceTokenizer::default());
        let files = RamDirectory::create();
        let mut writer = Index::builder()
            .schema(schema)
            .tokenizers(tokenizers)
            .single_segment_index_writer(files.clone(), WRITER_BYTES)?;
        let keys = RefCell::new(Keys::default());
        let (mut words, mut words_of_passages, mut firsts) = (Vec::new(), Vec::new(), vec![0]);
        let mut joined = String::new();
        for (number, book) in (0..).zip(&corpus.books) {
            let mut written = Ok(());
            let text = book.text.bytes();
            let key = |word: &str| keys.borrow_mut().of(word);
            for_each_passage(text, &book.chapters, key, |passage, numbers| {
                keys.borrow().join(numbers, &mut joined);
                words.extend_from_slice(numbers);
                words_of_passages.push(numbers.len() as u32);
                let mut document = TantivyDocument::new();
                document.add_text(field, &joined);
                for (column, value) in columns.into_iter().zip(row(number, passage)) {
                    document.add_u64(column, value.into());
                }
                if written.is_ok() {
                    written = writer.add_document(document);
                }
            });
            written?;
            firsts.push(words_of_passages.len() as DocId);
            progress.advance(text.len() as u64);
        }
        writer.finalize()?;
        let terms = keys.into_inner().number_by_the_alphabet(&mut words);
        // The longer what is given back, the more the allocator holds back from then on.
        words.shrink_to_fit();
        let [frequent_terms, maxima] =
            FrequentTerms::to_bytes(&words, terms, &words_of_passages, &Blocks::new(&firsts));
        for (name, bytes) in [
            (WORDS, Words::to_bytes(&words)),
            (FREQUENT_TERMS, frequent_terms),
            (MAXIMA, maxima),
        ] {
            let written = files.atomic_write(Path::new(name), &bytes);
            written.map_err(TantivyError::from)?;
        }
        Ok(files)
    }

    /// Opens the index of the passages of `corpus`.
    pub(super) fn open(files: impl Directory, corpus: &Corpus) -> Result<Self, SearchError> {
        let (schema, field, _) = schema();
        let read = |name: &str| -> Result<OwnedBytes, TantivyError> {
            Ok(files.open_read(Path::new(name))?.read_bytes()?)
        };
        let words = Words::new(read(WORDS)?);
        let (frequent_terms, maxima) = (read(FREQUENT_TERMS)?, read(MAXIMA)?);
        let searcher = open(files, &schema)?;
        let reader = searcher.segment_reader(0);
        let (passages, firsts) = read_columns(reader, corpus)?;
        let first_words = first_words_of(&passages);
        let blocks = Blocks::new(&firsts);
        if words.len() != first_words.last().map_or(0, |&all| all as usize) {
            return Err(foreign());
        }
        Ok(Self {
            postings: reader.inverted_index(field)?,
            words,
            frequent_terms: FrequentTerms::from_bytes(&frequent_terms, passages.len())
                .ok_or_else(foreign)?,
            maxima: Maxima::from_bytes(&maxima, &blocks).ok_or_else(foreign)?,
            blocks,
            spelling: Spelling::default(),
            length_norms: LengthNorms::new(passages.iter().map(|passage| passage.words)),
            first_words,
            passages,
            firsts,
        })
    }

    /// Looks a key up in the dictionary.
    pub(super) fn look_up(&self, key: &str) -> Result<Option<KnownTerm>, SearchError> {
        let terms = self.postings.terms();
        let number = terms.term_ord(key).map_err(TantivyError::from)?;
        let info = terms.get(key).map_err(TantivyError::from)?;
        Ok(number.zip(info).map(|(number, info)| KnownTerm {
            number: number as u32,
            info,
        }))
    }

    /// The posting list of a term.
    pub(super) fn postings(&self, term: &KnownTerm) -> Result<BlockSegmentPostings, SearchError> {
        let option = IndexRecordOption::WithFreqs;
        let postings = self
            .postings
            .read_block_postings_from_terminfo(&term.info, option);
        Ok(postings.map_err(TantivyError::from)?)
    }

    /// How often the term stands in each passage, if it stands in many.
    pub(super) fn column(&self, term: &KnownTerm) -> Option<&[u8]> {
        self.frequent_terms.column(term.number)
    }

    /// The words of these places, by the numbers of their terms; places behind the last word are left out.
    pub(super) fn words(&self, places: Range<u32>) -> impl ExactSizeIterator<Item = u32> {
        self.words.at(places)
    }

    /// Visits the words of a passage that are of `terms`, as [`TermSet::for_each_found`] does.
    pub(super) fn for_each_found(
        &self,
        passage: DocId,
        terms: &TermSet,
        visit: impl FnMut(u32, &[(u32, usize)]),
    ) {
        terms.for_each_found(self.stored_words(passage), visit);
    }

    /// The words of a passage as they are stored.
    pub(super) fn stored_words(&self, passage: DocId) -> &[[u8; 4]] {
        self.words.slice(self.words_of(passage))
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

    /// The bytes of a passage in its book.
    pub(super) fn bytes_of(&self, passage: DocId) -> Range<usize> {
        self.passages[passage as usize].bytes()
    }

    /// The book in which the word with this number stands.
    pub(super) fn book_at(&self, word: u32) -> usize {
        self.book_of(self.passage_of(word))
    }

    /// The passages of each book, in the order of the corpus.
    pub(super) fn books(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        let pairs = self.firsts.windows(2);
        pairs.map(|two| two[0] as usize..two[1] as usize)
    }

    /// The book of each passage, by its place in the corpus, and the bytes of its text.
    pub(super) fn ranges(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        let numbered = self.passages.iter().enumerate();
        numbered.map(|(number, passage)| (self.book_of(number as DocId), passage.bytes()))
    }

    /// The numbers of the words of a passage among those of all books.
    pub(super) fn words_of(&self, passage: DocId) -> Range<u32> {
        let passage = passage as usize;
        self.first_words[passage]..self.first_words[passage + 1]
    }

    /// The passage in which the word with this number stands.
    pub(super) fn passage_of(&self, word: u32) -> DocId {
        self.first_words.partition_point(|&first| first <= word) as DocId - 1
    }

    /// The keys of the words of a text, in order.
    pub(super) fn keys(&self, text: &str) -> Vec<String> {
        let mut keys = Vec::new();
        for_each_word(text.char_indices(), text.len(), |_, word| {
            keys.push(self.spelling.key(word));
        });
        keys
    }

    /// The whole passage, with the words highlighted that are occurrences of `terms`.
    pub(super) fn show(&self, book: &Book, passage: DocId, terms: &TermSet) -> Snippet {
        thread_local! {
            static NUMBERS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
        }
        NUMBERS.with_borrow_mut(|numbers| {
            numbers.clear();
            self.for_each_found(passage, terms, |number, _| numbers.push(number));
            self.show_words(book, passage, numbers)
        })
    }

    /// The whole passage, with the words highlighted that have these numbers in it, which are in order.
    pub(super) fn show_words(&self, book: &Book, passage: DocId, numbers: &[u32]) -> Snippet {
        let Passage { from, line, .. } = self.passages[passage as usize];
        let bytes = self.passages[passage as usize].bytes();
        let text = &book.text.bytes()[bytes.clone()];
        // Kept by the thread, because to allocate takes as long as to look at a passage.
        thread_local! {
            static WORDS: RefCell<ByteSet> = const { RefCell::new(ByteSet::new()) };
        }
        let from = from as usize;
        WORDS.with_borrow_mut(|words| {
            find_words(text, words);
            let matched = words.runs(numbers.iter().copied());
            let matched = matched.map(|place| place.start + from..place.end + from);
            let mut snippet = Snippet::new(book, bytes, numbers.len(), matched);
            snippet.location.line = Some(line);
            snippet
        })
    }

    /// Whether a term stands in the first passage of its posting list.
    fn stands_in_its_first_passage(&self, term: &KnownTerm) -> Result<bool, SearchError> {
        let postings = self.postings(term)?;
        let first = postings.docs().first().copied();
        Ok(first.is_some_and(|passage| {
            let mut words = self.words(self.words_of(passage));
            words.any(|word| word == term.number)
        }))
    }

    /// Looks the first key of the dictionary up, as a search would.
    pub(super) fn check(&self) -> Result<(), SearchError> {
        let mut dictionary = self.postings.terms().stream().map_err(TantivyError::from)?;
        let key = dictionary
            .next()
            .map(|(key, _)| String::from_utf8_lossy(key).into_owned());
        let key = key.unwrap_or_default();
        // The first word by the alphabet has the number 0, wherever it stands.
        match self.look_up(&key)? {
            Some(term) if self.stands_in_its_first_passage(&term)? => Ok(()),
            _ => Err(SearchError::Unfindable(key)),
        }
    }
}

/// A term of the index.
#[derive(Clone, Debug)]
pub(super) struct KnownTerm {
    /// Its number by the alphabet.
    pub(super) number: u32,
    pub(super) info: TermInfo,
}

/// Names of the files of [`Words`], of [`FrequentTerms`] and of [`Maxima`], beside those of tantivy.
const WORDS: &str = "words";
const FREQUENT_TERMS: &str = "frequent_terms";
const MAXIMA: &str = "block_maxima";

/// Names of the columns: the book by its place in the corpus, and what a [`Passage`] says.
const COLUMNS: [&str; 5] = ["book", "from", "to", "line", "words"];

/// Rows of the columns that are read at a time.
const ROWS: usize = 512;

/// The values of a passage in the order of [`COLUMNS`].
fn row(book: u32, passage: Passage) -> [u32; 5] {
    let Passage {
        from,
        to,
        line,
        words,
    } = passage;
    [book, from, to, line, words]
}

/// All passages, and the number of the first one of each book and of all of them, if they are passages of `corpus`: in
/// order, apart, and within their books.
fn read_columns(
    reader: &SegmentReader,
    corpus: &Corpus,
) -> Result<(Vec<Passage>, Vec<DocId>), SearchError> {
    let mut columns = Vec::with_capacity(COLUMNS.len());
    for name in COLUMNS {
        columns.push(reader.fast_fields().u64(name)?.values);
    }
    let number = reader.max_doc() as usize;
    let mut lengths = columns.iter().map(|column| column.num_vals() as usize);
    if lengths.any(|length| length != number) {
        return Err(foreign());
    }
    // A few rows at a time: memory for whole columns would have to be got, which takes longer than to read them.
    let mut rows = [[0; ROWS]; COLUMNS.len()];
    let mut passages = Vec::with_capacity(number);
    let mut firsts = vec![0];
    let (mut book, mut end) = (0, 0);
    for row in 0..number {
        let place = row % ROWS;
        if place == 0 {
            let length = ROWS.min(number - row);
            for (column, values) in columns.iter().zip(&mut rows) {
                column.get_range(row as u64, &mut values[..length]);
            }
        }
        let value = |column: usize| u32::try_from(rows[column][place]).map_err(|_| foreign());
        let of = value(0)? as usize;
        if of < book || of >= corpus.books.len() {
            return Err(foreign());
        }
        if of > book {
            firsts.resize(of + 1, row as DocId);
            (book, end) = (of, 0);
        }
        let passage = Passage {
            from: value(1)?,
            to: value(2)?,
            line: value(3)?,
            words: value(4)?,
        };
        let within = passage.to as usize <= corpus.books[book].text.bytes().len();
        if passage.from < end || passage.to <= passage.from || !within {
            return Err(foreign());
        }
        end = passage.to;
        passages.push(passage);
    }
    firsts.resize(corpus.books.len() + 1, number as DocId);
    Ok((passages, firsts))
}

/// Name of the tokenizer.
const AT_BLANKS: &str = "at_blanks";

fn schema() -> (Schema, Field, [Field; 5]) {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer(AT_BLANKS)
        .set_index_option(IndexRecordOption::WithFreqs)
        .set_fieldnorms(false);
    let mut schema = Schema::builder();
    let options = TextOptions::default().set_indexing_options(indexing);
    let field = schema.add_text_field("keys", options);
    let columns = COLUMNS.map(|name| schema.add_u64_field(name, FAST));
    (schema.build(), field, columns)
}
