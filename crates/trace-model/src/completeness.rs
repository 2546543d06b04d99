//! Whether all spans of a trace have arrived, as far as the spans themselves can tell.

use std::collections::HashSet;

use crate::{Kind, Span, Tree, Value};

/// Boolean attributes of a call whose answer nobody waited for any longer: dropped by its caller, or cut off by the end
/// of its page.
const GIVEN_UP: [&str; 2] = ["cancelled", "page.unloaded"];

/// Attribute of a call that some server answered, well or badly.
const STATUS_CODE: &str = "http.response.status_code";

/// Whether a trace is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// Exactly one root, every parent is there, every call was answered.
    Complete,
    /// Something is still to come, or was lost. Both counts are 0 when there is no root, or more than one.
    Waiting {
        /// Spans that others name as their parent and that are not there.
        missing_parents: usize,
        /// Client spans without a span of the service they called.
        unanswered_clients: usize,
    },
}

/// Looks whether anything is missing. A client span may go unanswered when it failed before a status came back, or when
/// it was given up, which its boolean attribute `cancelled` or `page.unloaded` says.
#[must_use]
pub fn completeness(tree: &Tree) -> Completeness {
    let mut missing_parents = HashSet::new();
    for (row, span) in tree.spans().iter().enumerate() {
        if tree.node(row).parent.is_none() {
            missing_parents.extend(span.parent_id);
        }
    }
    let unanswered_clients = unanswered_calls(tree).count();
    match (
        tree.roots().len(),
        missing_parents.len(),
        unanswered_clients,
    ) {
        (1, 0, 0) => Completeness::Complete,
        (_, missing_parents, unanswered_clients) => Completeness::Waiting {
            missing_parents,
            unanswered_clients,
        },
    }
}

/// Rows of client spans that ought to have an answer and have none.
pub(crate) fn unanswered_calls(tree: &Tree) -> impl Iterator<Item = usize> {
    let is_answer_expected = |span: &Span| {
        let may_have_failed = span.is_error() && span.attribute(STATUS_CODE).is_none();
        span.kind == Kind::Client && !may_have_failed && !was_given_up(span)
    };
    (0..tree.len())
        .filter(move |&row| is_answer_expected(tree.span(row)) && !tree.has_remote_child(row))
}

fn was_given_up(span: &Span) -> bool {
    GIVEN_UP
        .iter()
        .any(|key| span.attribute(key) == Some(&Value::Bool(true)))
}
