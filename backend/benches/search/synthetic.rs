//! Larger corpora out of the loaded one: every further copy of a book is new text with the words, the layout and the
//! frequencies of the book.
//!
//! A copy is a walk through its book: the word after the present one is looked up, one of its places in the book is drawn,
//! and the walk goes on from there. So a word follows another as often as it does in the book, punctuation, line ends and
//! headings come along, no two copies are alike, and a quotation of more than a few words is found in the real book
//! alone. What a walk cannot do is find new words, as every real book does: one in five of the words that occur three
//! times or less in the whole corpus is therefore replaced by its first half and the second half of another such word.
//! All is drawn from fixed seeds, so a corpus of a given scale is the same in every run.

use std::collections::HashMap;
use std::thread;

use backend::corpus::{Book, Chapters, Corpus, Entry, Text};
use sha2::{Digest, Sha256};

/// A word that occurs as often as this or less is rare.
const RARE: u32 = 3;
/// One of this many rare words is replaced by a new one.
const NEW_WORDS: u64 = 5;

/// `corpus`, and `scale - 1` synthetic copies of every book.
pub(crate) fn grow(mut corpus: Corpus, scale: usize) -> Corpus {
    let texts: Vec<Text> = corpus.books.iter().map(|book| book.text.clone()).collect();
    let counts = counts(&texts);
    let mut rare: Vec<&str> = counts
        .iter()
        .filter(|&(word, &count)| count <= RARE && word.len() >= 4)
        .map(|(word, _)| word.as_str())
        .collect();
    rare.sort_unstable();
    let walks: Vec<Walk<'_>> = texts
        .iter()
        .map(|text| Walk::new(text.bytes(), &counts))
        .collect();
    let entries: Vec<&'static Entry> = corpus.books.iter().map(|book| book.entry).collect();

    let threads = thread::available_parallelism().map_or(1, usize::from);
    let copies_of = |thread: usize| {
        let mut books = Vec::new();
        for copy in (1..scale).filter(|copy| copy % threads == thread) {
            for (number, walk) in walks.iter().enumerate() {
                let random = Random((copy as u64) << 32 | number as u64);
                books.push(book(entries[number], copy, walk.text(random, &rare)));
            }
        }
        books
    };
    let copies: Vec<Book> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| scope.spawn(move || copies_of(thread)))
            .collect();
        let done = workers.into_iter().map(|worker| worker.join());
        done.flat_map(|books| books.expect("a copy is made without panicking"))
            .collect()
    });
    corpus.books.extend(copies);
    corpus.books.sort_by_key(|book| book.entry.id);
    corpus
}

/// How often each word occurs in all texts, in lower case and without punctuation.
fn counts(texts: &[Text]) -> HashMap<String, u32> {
    let mut counts = HashMap::new();
    for text in texts {
        for token in Tokens(text.bytes()) {
            *counts.entry(core(token)).or_default() += 1;
        }
    }
    counts
}

/// The letters of a token in lower case; empty where there are others than those of ASCII.
fn core(token: &[u8]) -> String {
    let letters = token.trim_ascii_end();
    let letters = letters.strip_suffix(b".").unwrap_or(letters);
    let letters = letters.strip_suffix(b",").unwrap_or(letters);
    match letters.iter().all(u8::is_ascii_alphabetic) {
        true => String::from_utf8_lossy(letters).to_ascii_lowercase(),
        false => String::new(),
    }
}

/// The words of a text, each with the white space after it.
struct Tokens<'t>(&'t [u8]);

impl<'t> Iterator for Tokens<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        let is_space = u8::is_ascii_whitespace;
        let word = self.0.iter().position(is_space).unwrap_or(self.0.len());
        let space = self.0[word..].iter().position(|byte| !is_space(byte));
        let (token, rest) = self
            .0
            .split_at(space.map_or(self.0.len(), |space| word + space));
        self.0 = rest;
        (!token.is_empty()).then_some(token)
    }
}

/// A book prepared for walks through it.
struct Walk<'t> {
    bytes: usize,
    tokens: Vec<&'t [u8]>,
    /// For each token, the number of its word: what it is without the white space.
    words: Vec<u32>,
    /// For each word, where it stands.
    places: Vec<Vec<u32>>,
    /// For each word, itself in lower case if it is rare.
    rare: Vec<Option<String>>,
}

impl<'t> Walk<'t> {
    fn new(text: &'t [u8], counts: &HashMap<String, u32>) -> Self {
        let tokens: Vec<&[u8]> = Tokens(text).collect();
        let mut numbers: HashMap<&[u8], u32> = HashMap::new();
        let (mut words, mut places, mut rare) = (Vec::new(), Vec::<Vec<u32>>::new(), Vec::new());
        for (place, token) in tokens.iter().enumerate() {
            let word = *numbers.entry(token.trim_ascii_end()).or_insert_with(|| {
                let core = core(token);
                let is_rare = core.len() >= 4 && counts[&core] <= RARE;
                rare.push(is_rare.then_some(core));
                places.push(Vec::new());
                places.len() as u32 - 1
            });
            places[word as usize].push(place as u32);
            words.push(word);
        }
        Self {
            bytes: text.len(),
            tokens,
            words,
            places,
            rare,
        }
    }

    /// A new text of about the length of the book.
    fn text(&self, mut random: Random, all_rare: &[&str]) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.bytes + 64);
        let mut place = 0;
        while text.len() < self.bytes && !self.tokens.is_empty() {
            let (word, token) = (self.words[place] as usize, self.tokens[place]);
            match &self.rare[word] {
                Some(core) if random.below(NEW_WORDS) == 0 => {
                    let other = all_rare[random.below(all_rare.len() as u64) as usize];
                    text.extend_from_slice(&core.as_bytes()[..core.len() / 2]);
                    text.extend_from_slice(&other.as_bytes()[other.len() / 2..]);
                    text.extend_from_slice(&token[core.len()..]);
                }
                _ => text.extend_from_slice(token),
            }
            let next = self.words.get(place + 1).unwrap_or(&self.words[0]);
            let places = &self.places[*next as usize];
            place = places[random.below(places.len() as u64) as usize] as usize;
        }
        text
    }
}

/// SplitMix64: enough for drawing words, and the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// The entry is leaked: those of real books are constants, and this program ends soon.
fn book(original: &'static Entry, copy: usize, text: Vec<u8>) -> Book {
    let sha256: String = Sha256::digest(&text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let name = original.id.trim_end_matches(".txt");
    let entry = Entry {
        id: format!("{name}-{copy:04}.txt").leak(),
        title: format!("{} ({copy})", original.title).leak(),
        author: original.author,
        year: original.year,
        sha256: sha256.clone().leak(),
        bytes: text.len() as u64,
    };
    Book {
        entry: Box::leak(Box::new(entry)),
        sha256,
        word_count: Tokens(&text).count(),
        chapters: Chapters::find(&text),
        text: Text::in_memory(text),
    }
}
