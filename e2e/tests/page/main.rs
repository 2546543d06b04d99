//! The page, as its user meets it, and the trace of everything it does.

mod expected;
mod failures;
mod hostile_queries;
mod isolation;
mod page;
mod real_books;
mod search_trace;
mod tree;
mod usage;
