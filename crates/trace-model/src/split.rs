//! Where the time went: the duration of the whole divided by origin.

use std::collections::HashMap;

use crate::{Kind, Span, Tree};

/// Whose time it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part<O> {
    /// Of spans of this origin.
    Origin(O),
    /// On the way to another service and back: a client span waited while the span that answered it was not running.
    Network,
}

/// A part of the root's duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share<O> {
    /// Whose time it was.
    pub part: Part<O>,
    /// How much of it, in nanoseconds.
    pub duration_ns: u64,
}

/// Divides the duration of [`Tree::whole`] along the critical path; shares in the order in which they first had a turn.
/// They sum to that duration exactly. What the origins are is up to the caller: services, layers, anything.
pub fn split<O: PartialEq>(tree: &Tree, origin_of: impl Fn(&Span) -> O) -> Vec<Share<O>> {
    let mut shares: Vec<Share<O>> = Vec::new();
    // A call with many children has many stretches, each of which would look through all of them.
    let mut was_answered: HashMap<usize, bool> = HashMap::new();
    for segment in tree.critical_path() {
        let span = tree.span(segment.row);
        let is_answered_call = span.kind == Kind::Client
            && *was_answered
                .entry(segment.row)
                .or_insert_with(|| tree.has_remote_child(segment.row));
        let part = match is_answered_call {
            true => Part::Network,
            false => Part::Origin(origin_of(span)),
        };
        let duration_ns = segment.duration_ns();
        match shares.iter_mut().find(|share| share.part == part) {
            Some(share) => share.duration_ns += duration_ns,
            None => shares.push(Share { part, duration_ns }),
        }
    }
    shares
}
