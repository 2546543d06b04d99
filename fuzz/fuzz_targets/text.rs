//! Any bytes as the text of a book: its chapters, its passages and its words are found where they stand.
//!
//! A line `?` parts the text from the query; without one, the text itself is asked for.

#![no_main]

#[path = "../../backend/tests/integration/search/invariants.rs"]
mod invariants;

use backend::corpus::{Book, Chapters, Corpus, MANIFEST, Source, Text};
use backend::search::{Deadline, Library, Request, matching_words};
use invariants::{check_answer, check_ranges};
use libfuzzer_sys::fuzz_target;
use shared::Method;

fuzz_target!(|bytes: &[u8]| {
    let mark = bytes.windows(3).position(|three| three == b"\n?\n");
    let (text, query) = match mark {
        Some(at) => (&bytes[..at], &bytes[at + 3..]),
        None => (bytes, bytes),
    };
    let chapters = Chapters::find(text);
    let mut end = 0;
    for start in chapters.starts() {
        assert!(end <= start && start < text.len());
        end = start + 1;
    }
    let book = Book {
        entry: &MANIFEST[0],
        sha256: "of no interest".to_owned(),
        word_count: 0,
        chapters,
        text: Text::in_memory(text.to_vec()),
    };
    let corpus = Corpus {
        source: Source::Sample,
        books: vec![book],
        skipped: Vec::new(),
    };
    let library = Library::index(corpus).expect("any text can be indexed");
    let mut end = 0;
    for (_, passage) in library.passages() {
        assert!(end <= passage.start && passage.start < passage.end && passage.end <= text.len());
        end = passage.end;
    }
    let query: String = query.iter().take(1024).map(|&byte| char::from(byte)).collect();
    for method in Method::ALL {
        let request = Request::new(query.as_str(), method);
        let answer = library.search(&request, &Deadline::none());
        check_answer(&library, &request, &answer.expect("the index can be read"));
    }
    let marked = matching_words(&library, &query, 0, 0..text.len());
    let decoded = library.corpus.books[0].text.decode(0..text.len());
    check_ranges(&marked.expect("words can be looked up"), &decoded);
});
