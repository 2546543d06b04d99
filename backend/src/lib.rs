//! Full-text search over Project Gutenberg books, traced from the request to the posting list.
