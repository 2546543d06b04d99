//! The corpus: what is served, what is left out, and that both are said.

use std::fs;
use std::path::Path;

use backend::corpus::{BookError, Corpus, CorpusError, MANIFEST, Source, load_gutenberg_corpus};
use backend::progress::Progress;
use tempfile::TempDir;

use crate::support::corpus_dir;

#[test]
fn the_sample_retells_every_book() {
    let corpus = load_gutenberg_corpus(Source::Sample, &Progress::default()).unwrap();
    let ids: Vec<&str> = corpus.books.iter().map(|book| book.entry.id).collect();
    assert_eq!(ids, MANIFEST.map(|entry| entry.id));
    for book in &corpus.books {
        let id = book.entry.id;
        assert!(book.text.bytes().is_ascii(), "{id} is ASCII");
        assert!(
            (450..=950).contains(&book.word_count),
            "{id}: {} words",
            book.word_count
        );
        assert!(book.chapters.iter().count() > 1, "{id} has chapters");
    }
}

#[test]
fn the_real_books_are_those_of_the_manifest() {
    let Some(directory) = corpus_dir() else {
        return;
    };
    let corpus = load_gutenberg_corpus(Source::Directory(directory), &Progress::default()).unwrap();
    assert_eq!(corpus.books.len(), 18);
    assert_eq!(
        corpus
            .books
            .iter()
            .map(|book| book.word_count)
            .sum::<usize>(),
        2_135_242
    );
    // Two letters of one book are not ASCII; a byte is still a letter.
    let caesar = &corpus.books[14];
    let ash = caesar
        .text
        .bytes()
        .iter()
        .position(|&byte| byte == 0xe6)
        .unwrap();
    assert_eq!(caesar.text.decode(ash..ash + 1), "\u{e6}");
}

#[test]
fn a_missing_a_truncated_and_a_damaged_book_are_named_and_the_others_served() {
    let Some(real) = corpus_dir() else { return };
    let directory = TempDir::new().unwrap();
    for entry in &MANIFEST {
        fs::copy(real.join(entry.id), directory.path().join(entry.id)).unwrap();
    }
    fs::remove_file(directory.path().join("austen-emma.txt")).unwrap();
    change(directory.path(), "blake-poems.txt", |text| {
        text.truncate(1000)
    });
    change(directory.path(), "carroll-alice.txt", |text| {
        text[5000] ^= 1
    });
    change(directory.path(), "whitman-leaves.txt", |text| text.clear());

    let corpus = load_gutenberg_corpus(
        Source::Directory(directory.path().to_owned()),
        &Progress::default(),
    )
    .unwrap();
    assert_eq!(corpus.books.len(), 14);
    let [missing, truncated, damaged, empty] = corpus.skipped.as_slice() else {
        panic!("{:?}", corpus.skipped)
    };
    assert_eq!(
        (missing.id, missing.error.to_string().as_str()),
        ("austen-emma.txt", "the file is missing")
    );
    let told = "the file has 1000 bytes, the book has 38153";
    assert_eq!(
        (truncated.id, truncated.error.to_string().as_str()),
        ("blake-poems.txt", told)
    );
    assert_eq!(damaged.id, "carroll-alice.txt");
    assert!(matches!(damaged.error, BookError::Damaged { .. }));
    assert_eq!(empty.id, "whitman-leaves.txt");
    assert!(matches!(empty.error, BookError::Size { found: 0, .. }));
}

#[test]
fn a_directory_without_a_usable_book_is_an_error_that_names_the_first() {
    let directory = TempDir::new().unwrap();
    let error = load(directory.path()).unwrap_err();
    let told = "none of the 18 books is usable; austen-emma.txt: the file is missing";
    assert_eq!(error.to_string(), told);
}

#[test]
fn a_book_that_cannot_be_read_is_unreadable_and_not_missing() {
    let directory = TempDir::new().unwrap();
    fs::create_dir(directory.path().join("austen-emma.txt")).unwrap();
    let CorpusError::NoBook { reason, .. } = load(directory.path()).unwrap_err() else {
        panic!()
    };
    assert!(matches!(reason, BookError::Unreadable(_)), "{reason:?}");
}

fn load(directory: &Path) -> Result<Corpus, CorpusError> {
    load_gutenberg_corpus(
        Source::Directory(directory.to_owned()),
        &Progress::default(),
    )
}

fn change(directory: &Path, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let path = directory.join(name);
    let mut text = fs::read(&path).unwrap();
    change(&mut text);
    fs::remove_file(&path).unwrap();
    fs::write(&path, text).unwrap();
}
