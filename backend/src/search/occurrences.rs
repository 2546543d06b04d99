//! The terms of one text with their positions, kept in two allocations, and how tantivy gets to read them.
//!
//! tantivy would also take tokens one by one, each with a string of its own, and write them down as JSON on the way;
//! that is three quarters of the time of a start-up. Instead it is given the number of a book as a text, and the
//! tokenizer of the field replays what was found in that book.

use std::sync::Arc;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Terms with the byte at which each stands, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Occurrences {
    /// All terms, one behind the other.
    letters: String,
    /// Position of each term, and where it ends in `letters`.
    ends: Vec<(u32, u32)>,
}

impl Occurrences {
    /// Adds the term that `parts` make, at the position `at`, which is not before the last one's.
    pub(super) fn push(&mut self, at: usize, parts: &[&str]) {
        parts.iter().for_each(|part| self.letters.push_str(part));
        let end = self.letters.len();
        self.ends.push((narrow(at), narrow(end)));
    }

    /// Position and letters of the term with this number.
    pub(super) fn get(&self, number: usize) -> Option<(usize, &str)> {
        let &(at, end) = self.ends.get(number)?;
        let start = number
            .checked_sub(1)
            .map_or(0, |before| self.ends[before].1);
        Some((at as usize, &self.letters[start as usize..end as usize]))
    }
}

/// The terms of a book, by its place in the corpus.
pub(super) type OccurrencesOf = dyn Fn(usize) -> Arc<Occurrences> + Send + Sync;

/// Turns the number of a book into its terms, when it is written: those of all books would be more than their texts.
#[derive(Clone)]
pub(super) struct Replay(pub(super) Arc<OccurrencesOf>);

impl Tokenizer for Replay {
    type TokenStream<'a> = Replayed;

    fn token_stream(&mut self, book: &str) -> Replayed {
        let book = book.parse().expect("the writer is given numbers of books");
        Replayed {
            book: (self.0)(book),
            next: 0,
            token: Token::default(),
        }
    }
}

/// The terms of one book, one after the other.
pub(super) struct Replayed {
    book: Arc<Occurrences>,
    next: usize,
    token: Token,
}

impl TokenStream for Replayed {
    fn advance(&mut self) -> bool {
        let Some((at, term)) = self.book.get(self.next) else {
            return false;
        };
        self.next += 1;
        self.token.position = at;
        self.token.text.clear();
        self.token.text.push_str(term);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// Positions are 32 bits wide in tantivy, and no book is longer than that.
pub(super) fn narrow(position: usize) -> u32 {
    u32::try_from(position).expect("a book is shorter than 4 GiB")
}
