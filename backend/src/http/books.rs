//! `GET /books`: the books that are searched.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::{Book, Books, SkippedBook};

use super::{ApiError, App};
use crate::corpus::{self, Corpus};

pub(super) async fn books(State(app): State<Arc<App>>) -> Result<Json<Books>, ApiError> {
    let corpus = &app.library()?.corpus;
    Ok(Json(Books {
        corpus: corpus.source.corpus_name().to_owned(),
        books: corpus.books.iter().map(book).collect(),
        skipped: skipped(corpus),
    }))
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

fn book(book: &corpus::Book) -> Book {
    Book {
        id: book.entry.id.to_owned(),
        title: book.entry.title.to_owned(),
        author: book.entry.author.map(str::to_owned),
        year: book.entry.year,
        word_count: book.word_count,
    }
}
