//! The parts of the pages.

pub(crate) mod book_filter;
pub(crate) mod budgets;
pub(crate) mod doctor;
pub(crate) mod explanation;
pub(crate) mod link;
pub(crate) mod notice;
pub(crate) mod passages;
pub(crate) mod reader_text;
pub(crate) mod search_form;
pub(crate) mod sentence;
pub(crate) mod syntax_help;
pub(crate) mod telemetry;
pub(crate) mod trace_filter;
pub(crate) mod trace_line;
pub(crate) mod trace_panel;
