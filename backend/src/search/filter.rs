//! What a query asks of hits besides its words, as the books and passages that fulfil it.

use std::ops::Range;

use tantivy::DocId;

use super::deadline::Deadline;
use super::passage_index::PassageIndex;
use super::passage_vector::Scored;
use super::phrase_places::Phrase;
use super::query_syntax::Restrictions;
use super::{Library, SearchError};
use crate::corpus::Book;

/// The books and passages that may answer.
#[derive(Debug, Default)]
pub(super) struct Filter {
    /// For each book whether it may; `None` where all may.
    books: Option<Vec<bool>>,
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
        Ok(filter)
    }

    /// Keeps the passages that may answer; they come in order.
    pub(super) fn retain_passages(&self, index: &PassageIndex, scored: &mut Vec<Scored>) {
        if let Some(books) = &self.books {
            let allowed: Vec<Range<usize>> = index
                .books()
                .zip(books)
                .filter(|(_, allowed)| **allowed)
                .map(|(passages, _)| passages)
                .collect();
            let mut ranges = allowed.iter().peekable();
            scored.retain(|&(passage, _)| {
                let passage = passage as usize;
                while ranges.next_if(|range| range.end <= passage).is_some() {}
                ranges.peek().is_some_and(|range| range.contains(&passage))
            });
        }
        if let Some(required) = &self.required {
            let mut is_required = membership(required);
            scored.retain(|&(passage, _)| is_required(passage));
        }
        if !self.excluded.is_empty() {
            let mut is_excluded = membership(&self.excluded);
            scored.retain(|&(passage, _)| !is_excluded(passage));
        }
    }

    /// For each book whether it may answer as a whole; `None` where all may.
    pub(super) fn whole_books(&self, index: &PassageIndex) -> Option<Vec<bool>> {
        let is_open = self.books.is_none() && self.required.is_none() && self.excluded.is_empty();
        if is_open {
            return None;
        }
        let among = |passages: &Vec<DocId>, of_book: &Range<usize>| {
            let first = passages.partition_point(|&passage| (passage as usize) < of_book.start);
            passages
                .get(first)
                .is_some_and(|&passage| (passage as usize) < of_book.end)
        };
        let may_answer = |(book, passages): (usize, Range<usize>)| {
            self.books.as_ref().is_none_or(|books| books[book])
                && self
                    .required
                    .as_ref()
                    .is_none_or(|required| among(required, &passages))
                && !among(&self.excluded, &passages)
        };
        Some(index.books().enumerate().map(may_answer).collect())
    }
}

/// Tells whether a passage is among `passages`; asked in order.
fn membership(passages: &[DocId]) -> impl FnMut(DocId) -> bool {
    let mut rest = passages.iter().peekable();
    move |passage| {
        while rest.next_if(|&&one| one < passage).is_some() {}
        rest.peek() == Some(&&passage)
    }
}

/// The passages in which words stand in a row, in order; where they begin in one passage and end in another, both.
fn holding(
    index: &PassageIndex,
    text: &str,
    deadline: &Deadline,
) -> Result<Vec<DocId>, SearchError> {
    let Some(phrase) = Phrase::look_up(index, text)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for place in phrase.places(index, 0..index.len() as DocId, deadline)? {
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
