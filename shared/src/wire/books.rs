//! Books and their texts, as JSON.

use serde::{Deserialize, Serialize};

/// Answer to `GET /books`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Books {
    /// Which texts are served: `gutenberg` or `sample`.
    pub corpus: String,
    /// Books in the order of their ids.
    pub books: Vec<Book>,
    /// Books that are not served, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skipped: Vec<SkippedBook>,
}

/// One book of the corpus.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// Id of the book, such as `austen-emma.txt`.
    pub id: String,
    /// True title.
    pub title: String,
    /// True author; absent where the work names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Year of first publication.
    pub year: u16,
    /// Words separated by white space.
    pub word_count: usize,
}

/// Answer to `GET /books/{id}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookDetail {
    /// The book as it stands in the list.
    #[serde(flatten)]
    pub book: Book,
    /// Length of its text in bytes.
    pub bytes: usize,
    /// Its chapters in order, as far as headings were recognised; what stands before the first one belongs to none.
    pub chapters: Vec<Chapter>,
}

/// A chapter of a book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chapter {
    /// Its heading on one line.
    pub title: String,
    /// First byte of its heading.
    pub from: usize,
    /// Byte after its end.
    pub to: usize,
}

/// Answer to `GET /books/{id}/text`: a part of the text of a book.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookText {
    /// Id of the book.
    pub id: String,
    /// First byte of the part.
    pub from: usize,
    /// Byte after the part.
    pub to: usize,
    /// The text as it stands in the book, line ends included; one letter for each byte.
    pub text: String,
    /// Half-open ranges of the words that a query looks for, in Unicode scalar values of `text`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub highlights: Vec<(usize, usize)>,
}

/// A book that could not be served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedBook {
    /// Id of the book.
    pub id: String,
    /// What is wrong with it, in one sentence.
    pub reason: String,
}
