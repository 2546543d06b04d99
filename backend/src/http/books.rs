//! `GET /books`, `/books/{id}`, `/books/{id}/text`: the books that are searched, to be chosen from and read.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use shared::{Book, BookDetail, BookText, Books, Chapter, SkippedBook};

use super::parameters::{number, query_text};
use super::{ApiError, App};
use crate::corpus::{self, Corpus};
use crate::search::matching_words;

/// Most bytes of a book in one answer.
const MOST_TEXT_BYTES: usize = 65_536;

pub(super) async fn books(State(app): State<Arc<App>>) -> Result<Json<Books>, ApiError> {
    let corpus = &app.library()?.corpus;
    Ok(Json(Books {
        corpus: corpus.source.corpus_name().to_owned(),
        books: corpus.books.iter().map(entry).collect(),
        skipped: skipped(corpus),
    }))
}

pub(super) async fn book(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
) -> Result<Json<BookDetail>, ApiError> {
    let corpus = &app.library()?.corpus;
    let book = &corpus.books[find(corpus, &id)?];
    let bytes = book.text.bytes().len();
    let starts: Vec<usize> = book.chapters.starts().collect();
    let ends = starts.iter().skip(1).copied().chain([bytes]);
    let chapters = book.chapters.iter().zip(starts.iter().zip(ends));
    Ok(Json(BookDetail {
        book: entry(book),
        bytes,
        chapters: chapters
            .map(|(title, (&from, to))| Chapter {
                title: title.to_owned(),
                from,
                to,
            })
            .collect(),
    }))
}

/// Parameters as they come.
#[derive(Deserialize)]
pub(super) struct Part {
    /// First byte; 0 where it is left out.
    from: Option<String>,
    /// Byte after the last; as many as an answer may hold where it is left out.
    to: Option<String>,
    /// What to mark.
    q: Option<String>,
}

pub(super) async fn text(
    State(app): State<Arc<App>>,
    Path(id): Path<String>,
    part: Result<Query<Part>, QueryRejection>,
) -> Result<Json<BookText>, ApiError> {
    let Query(part) = part.map_err(|_| ApiError::unreadable_parameter())?;
    let library = app.library()?;
    let place = find(&library.corpus, &id)?;
    let text = &library.corpus.books[place].text;
    let bytes = text.bytes().len();
    let complaint = || format!("from: allowed is a byte of this book, 0 to {}", bytes - 1);
    let from = number(part.from.as_deref(), |from| *from < bytes, complaint)?.unwrap_or(0);
    let most = (from + MOST_TEXT_BYTES).min(bytes);
    let complaint = || format!("to: allowed is {} to {most} after this `from`", from + 1);
    let is_allowed = |to: &usize| (from + 1..=from + MOST_TEXT_BYTES).contains(to);
    let to = number(part.to.as_deref(), is_allowed, complaint)?.unwrap_or(most);
    let range = from..to.min(bytes);
    let highlights = match part.q.as_deref() {
        Some(query) => matching_words(library, query_text(Some(query))?, place, range.clone())?,
        None => Vec::new(),
    };
    Ok(Json(BookText {
        id,
        from,
        to: range.end,
        text: text.decode(range),
        highlights,
    }))
}

/// The place of the book `id` in the corpus.
pub(super) fn find(corpus: &Corpus, id: &str) -> Result<usize, ApiError> {
    let mut books = corpus.books.iter();
    books
        .position(|book| book.entry.id == id)
        .ok_or(ApiError::UnknownBook)
}

/// The books that are left out, as they are shown to people.
pub(super) fn skipped(corpus: &Corpus) -> Vec<SkippedBook> {
    let skipped = corpus.skipped.iter();
    skipped
        .map(|book| SkippedBook {
            id: book.id.to_owned(),
            reason: book.error.to_string(),
        })
        .collect()
}

fn entry(book: &corpus::Book) -> Book {
    Book {
        id: book.entry.id.to_owned(),
        title: book.entry.title.to_owned(),
        author: book.entry.author.map(str::to_owned),
        year: book.entry.year,
        word_count: book.word_count,
    }
}
