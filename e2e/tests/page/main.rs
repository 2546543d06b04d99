//! The page, as its user meets it, and the trace of everything it does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bad_days;
mod barriers;
mod budgets;
mod chunks;
mod clocks;
mod comparing;
mod console;
mod failures;
mod hostile_queries;
mod isolation;
mod methods;
mod page;
mod page_load;
mod reading;
mod real_books;
mod results;
mod search_trace;
mod sent;
mod start_up;
mod trace_list;
mod trace_page;
mod trace_size;
mod tracing_test;
mod usage;
