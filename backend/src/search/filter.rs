//! What a query asks of hits besides its words, as the books and passages that fulfil it.

use std::ops::Range;

use tantivy::DocId;

use super::deadline::Deadline;
use super::passage_index::{KnownTerm, PassageIndex};
use super::phrase_places::Phrase;
use super::query_syntax::Restrictions;
use super::{Library, SearchError};
use crate::corpus::Book;

/// The books and passages that may answer.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// For each book whether it may; `None` where all may.
    books: Option<Vec<bool>>,
    is_one_book: bool,
    /// The passages in which all phrases stand, in order; `None` where there is no phrase.
    required: Option<Vec<DocId>>,
    /// The passages in which something excluded stands, in order.
    excluded: Vec<DocId>,
}

impl Filter {
    /// What fulfils `restrictions` and lies in the book `only`, if there is one.
    pub(super) fn new(
        library: &Library,
        restrictions: &Restrictions,
        only: Option<usize>,
        deadline: &Deadline,
    ) -> Result<Self, SearchError> {
        let mut filter = Self {
            books: books(library, restrictions, only),
            is_one_book: only.is_some(),
            ..Self::default()
        };
        let passages = &library.passages;
        for phrase in &restrictions.phrases {
            let mut found = holding(passages, phrase, deadline)?;
            if let Some(before) = filter.required.take() {
                found.retain(|passage| before.binary_search(passage).is_ok());
            }
            filter.required = Some(found);
        }
        for excluded in &restrictions.excluded {
            filter
                .excluded
                .extend(holding(passages, excluded, deadline)?);
        }
        filter.excluded.sort_unstable();
        filter.excluded.dedup();
        if let Some(required) = &mut filter.required {
            required.retain(|passage| filter.excluded.binary_search(passage).is_err());
        }
        Ok(filter)
    }

    /// Whether one book is searched, and not books.
    pub(super) fn is_one_book(&self) -> bool {
        self.is_one_book
    }

    /// Whether it lets all passages of a book through or none, and not of one book alone.
    pub(super) fn is_of_books(&self) -> bool {
        !self.is_one_book && self.required.is_none() && self.excluded.is_empty()
    }

    /// Whether a passage of this book may answer.
    pub(super) fn allows_book(&self, book: usize) -> bool {
        self.books.as_ref().is_none_or(|books| books[book])
    }

    /// Those of `passages` in which all phrases stand, in order, if there are phrases; nothing excluded is among them.
    pub(super) fn required_among(&self, passages: &Range<DocId>) -> Option<&[DocId]> {
        Some(among(self.required.as_ref()?, passages))
    }

    /// Those of `passages` in which something excluded stands, in order.
    pub(super) fn excluded_among(&self, passages: &Range<DocId>) -> &[DocId] {
        among(&self.excluded, passages)
    }

    /// Whether a passage may answer.
    pub(super) fn allows(&self, index: &PassageIndex, passage: DocId) -> bool {
        let required = self.required.as_ref();
        self.allows_book(index.book_of(passage))
            && required.is_none_or(|required| required.binary_search(&passage).is_ok())
            && self.excluded.binary_search(&passage).is_err()
    }

    /// For each book whether it may answer as a whole; `None` where all may.
    pub(super) fn whole_books(&self, index: &PassageIndex) -> Option<Vec<bool>> {
        let is_open = self.books.is_none() && self.required.is_none() && self.excluded.is_empty();
        if is_open {
            return None;
        }
        let may_answer = |(book, passages): (usize, Range<usize>)| {
            let passages = passages.start as DocId..passages.end as DocId;
            self.allows_book(book)
                && self
                    .required_among(&passages)
                    .is_none_or(|required| !required.is_empty())
                && self.excluded_among(&passages).is_empty()
        };
        Some(index.books().enumerate().map(may_answer).collect())
    }
}

/// Those of `all`, which are in order, that lie in `passages`.
fn among<'p>(all: &'p [DocId], passages: &Range<DocId>) -> &'p [DocId] {
    let from = all.partition_point(|&one| one < passages.start);
    let to = all.partition_point(|&one| one < passages.end);
    &all[from..to]
}

/// The passages in which words stand in a row, in order; where they begin in one passage and end in another, both.
fn holding(
    index: &PassageIndex,
    text: &str,
    deadline: &Deadline,
) -> Result<Vec<DocId>, SearchError> {
    let keys = index.keys(text);
    let terms = keys.iter().map(|key| index.look_up(key));
    let terms = terms.collect::<Result<Vec<_>, SearchError>>()?;
    // A word that no book holds stands in no row.
    let terms: Option<Vec<&KnownTerm>> = terms.iter().map(Option::as_ref).collect();
    let Some(phrase) = terms.and_then(Phrase::new) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for place in phrase.places(index, deadline)? {
        found.push(index.passage_of(place));
        found.push(index.passage_of(place + phrase.len() - 1));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn books(library: &Library, restrictions: &Restrictions, only: Option<usize>) -> Option<Vec<bool>> {
    let Restrictions { authors, books, .. } = restrictions;
    if authors.is_empty() && books.is_empty() && only.is_none() {
        return None;
    }
    let fits = |(number, book): (usize, &Book)| {
        only.is_none_or(|only| only == number)
            && (authors.is_empty() || authors.iter().any(|author| is_by(book, author)))
            && (books.is_empty() || books.iter().any(|name| is_called(book, name)))
    };
    Some(library.corpus.books.iter().enumerate().map(fits).collect())
}

/// Whether a name in lower case is part of the author's.
fn is_by(book: &Book, author: &str) -> bool {
    let name = book.entry.author.unwrap_or_default().to_lowercase();
    name.contains(author)
}

/// Whether a name in lower case is part of the book's title or id.
fn is_called(book: &Book, name: &str) -> bool {
    book.entry.title.to_lowercase().contains(name) || book.entry.id.contains(name)
}

/// What to say where nothing can fulfil `restrictions`: a sentence for each name that nobody and no book has.
pub(super) fn hints(library: &Library, restrictions: &Restrictions) -> Vec<String> {
    let books = &library.corpus.books;
    let nobody = |author: &&String| !books.iter().any(|book| is_by(book, author));
    let nothing = |name: &&String| !books.iter().any(|book| is_called(book, name));
    let authors = restrictions.authors.iter().filter(nobody);
    let names = restrictions.books.iter().filter(nothing);
    authors
        .map(|author| format!("No author here is called “{author}”."))
        .chain(names.map(|name| format!("No book here is called “{name}”.")))
        .collect()
}
