//! Full-text search over Project Gutenberg books, traced from the request to the posting list.
//!
//! The binary is [`config`], [`startup`] and [`http`] in this order; [`corpus`] and [`search`] are what they start and
//! serve, and [`progress`] is how far that is. `http` asks `search`, `search` reads `corpus`, and never the other way round.

pub mod config;
pub mod corpus;
pub mod http;
mod large_memory;
pub mod progress;
pub mod search;
pub mod startup;
