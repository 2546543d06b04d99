//! The parts of the pages.

pub(crate) mod link;
pub(crate) mod passages;
pub(crate) mod search_form;
pub(crate) mod trace_panel;
