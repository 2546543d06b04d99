//! The pages of the application, one per address.

pub(crate) mod books;
pub(crate) mod compare;
pub(crate) mod reader;
pub(crate) mod search;
pub(crate) mod trace;
pub(crate) mod trace_diff;
pub(crate) mod traces;
pub(crate) mod tracing_test;
