//! The download of the books, from a server on this machine.

use std::fs;
use std::io::{BufRead, BufReader, Cursor, Write};
use std::net::TcpListener;
use std::path::Path;
use std::thread;

use backend::corpus::MANIFEST;
use backend::corpus::fetch::{FetchError, Fetched, Progress, fetch};
use tempfile::TempDir;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::support::corpus_dir;

/// Answers one request with `body`; gives the address to ask.
fn serve_once(body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
    });
    format!("http://{address}/gutenberg.zip")
}

fn archive(texts: impl IntoIterator<Item = (String, Vec<u8>)>) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, text) in texts {
        archive.start_file(name, options).unwrap();
        archive.write_all(&text).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn fetch_from(url: &str, directory: &Path) -> Result<Fetched, FetchError> {
    fetch(url, directory, &mut Progress::on_stderr())
}

#[test]
fn the_books_replace_what_was_there_and_are_not_downloaded_twice() {
    let Some(real) = corpus_dir() else { return };
    let texts = MANIFEST.iter().map(|entry| {
        (
            format!("gutenberg/{}", entry.id),
            fs::read(real.join(entry.id)).unwrap(),
        )
    });
    let url = serve_once(archive(texts));
    let cache = TempDir::new().unwrap();
    let directory = cache.path().join("corpus");
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("austen-emma.txt"), "half a download").unwrap();

    assert_eq!(fetch_from(&url, &directory).unwrap(), Fetched::Downloaded);
    assert_eq!(fs::read_dir(&directory).unwrap().count(), 18);
    assert_eq!(
        fs::read_dir(cache.path()).unwrap().count(),
        1,
        "nothing is left beside it"
    );
    // Nobody answers any more, and nobody is asked.
    assert_eq!(fetch_from(&url, &directory).unwrap(), Fetched::AlreadyThere);
}

#[test]
fn a_text_that_differs_leaves_the_cache_as_it_was() {
    let texts = MANIFEST.map(|entry| {
        (
            format!("gutenberg/{}", entry.id),
            b"something else".to_vec(),
        )
    });
    let url = serve_once(archive(texts));
    let cache = TempDir::new().unwrap();
    let directory = cache.path().join("corpus");
    let error = fetch_from(&url, &directory).unwrap_err();
    let told = "austen-emma.txt in the archive is not the expected text: its SHA-256 differs";
    assert_eq!(error.to_string(), told);
    assert!(!directory.exists());
}

#[test]
fn an_archive_without_a_book_and_no_archive_at_all_are_told_apart() {
    let cache = TempDir::new().unwrap();
    let check = |body: Vec<u8>, told: &str| {
        let error = fetch_from(&serve_once(body), cache.path()).unwrap_err();
        assert!(error.to_string().contains(told), "{error}");
    };
    check(
        archive([]),
        "austen-emma.txt in the archive is not the expected text: it is missing",
    );
    check(b"<html>Please log in</html>".to_vec(), "is no zip archive");
}

#[test]
fn without_a_network_the_message_says_what_to_do() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/gutenberg.zip", listener.local_addr().unwrap());
    drop(listener);
    let cache = TempDir::new().unwrap();
    let error = fetch_from(&url, cache.path()).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("{url} cannot be downloaded: ")),
        "{error}"
    );
    assert!(
        error.contains("name it with --corpus-dir or CORPUS_DIR"),
        "{error}"
    );
}
