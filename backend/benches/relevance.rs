//! How well each method finds what was meant: for judged queries (`RELEVANCE_QUERIES`) on the real books (`CORPUS_DIR`),
//! prints in how many the right book, and the right passage of it, comes first (R@1) and among the first ten (R@10), and
//! the mean of one over its rank (MRR). Queries whose first passage is not the right one are named.
//!
//! The file holds a JSON list of objects with `query`, `book` (an id) and `anchor`: a text, white space and case aside,
//! that the right passage contains.
//!
//! `CORPUS_DIR=… RELEVANCE_QUERIES=… cargo bench -p backend --bench relevance`

#![allow(
    clippy::print_stdout,
    reason = "the table is what the benchmark is for"
)]

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::Context;
use backend::corpus::{Source, load_gutenberg_corpus};
use backend::progress::Progress;
use backend::search::{Deadline, Library, Request};
use serde::Deserialize;
use shared::{Hit, Method};

/// A query with what it is meant to find.
#[derive(Deserialize)]
struct Judged {
    query: String,
    book: String,
    anchor: String,
}

fn main() -> anyhow::Result<()> {
    let Some(path) = env::var_os("RELEVANCE_QUERIES") else {
        println!(
            "relevance: RELEVANCE_QUERIES names no file with judged queries, so there is nothing to measure"
        );
        return Ok(());
    };
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let queries: Vec<Judged> = serde_json::from_str(&text)?;
    let source = Source::find(env::var_os("CORPUS_DIR").map(PathBuf::from));
    println!("corpus: {}; {} queries", source.as_str(), queries.len());
    let library = Library::index(load_gutenberg_corpus(source, &Progress::default())?)?;

    println!(
        "\n{:<10} {:>9} {:>10} {:>8} {:>12} {:>13} {:>11}",
        "method", "book R@1", "book R@10", "book MRR", "passage R@1", "passage R@10", "passage MRR"
    );
    let mut missed = Vec::new();
    for method in Method::ALL {
        let (mut books, mut passages) = (Ranks::default(), Ranks::default());
        for judged in &queries {
            let hits = search(&library, method, &judged.query)?;
            let is_book = |hit: &Hit| hit.id == judged.book;
            books.add(hits.iter().position(is_book));
            let passage = hits
                .iter()
                .position(|hit| is_book(hit) && contains(&hit.snippet, &judged.anchor));
            passages.add(passage);
            if passage != Some(0) {
                let found = hits.first().map_or("nothing", |hit| hit.id.as_ref());
                missed.push(format!("{method}: {:?} found {found}", judged.query));
            }
        }
        println!("{:<10} {books} {passages}", method.as_str());
    }
    println!("\nnot found first:");
    missed.iter().for_each(|line| println!("  {line}"));
    Ok(())
}

fn search(library: &Library, method: Method, query: &str) -> anyhow::Result<Vec<Hit>> {
    let request = Request::new(query, method);
    Ok(library.search(&request, &Deadline::none())?.hits)
}

/// Snippets have single blanks for all white space, and so do anchors.
fn contains(snippet: &str, anchor: &str) -> bool {
    snippet.to_lowercase().contains(&anchor.to_lowercase())
}

/// The ranks of what was meant, over all queries.
#[derive(Default)]
struct Ranks {
    queries: f64,
    first: f64,
    among_ten: f64,
    reciprocal: f64,
}

impl Ranks {
    /// Counts a query; `place` is that of what was meant, from 0.
    fn add(&mut self, place: Option<usize>) {
        self.queries += 1.0;
        if let Some(place) = place {
            self.first += f64::from(u8::from(place == 0));
            self.among_ten += f64::from(u8::from(place < 10));
            self.reciprocal += 1.0 / (place + 1) as f64;
        }
    }
}

impl std::fmt::Display for Ranks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let share = |sum: f64| sum / self.queries;
        write!(
            f,
            "{:>9.3} {:>10.3} {:>8.3}",
            share(self.first),
            share(self.among_ten),
            share(self.reciprocal)
        )
    }
}
