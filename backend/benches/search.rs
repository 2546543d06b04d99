//! Start-up and search on the real books (`CORPUS_DIR`) or the sample, in this process and without telemetry: prints the
//! time to a ready index and, for each query of a fixed list, the median and the 99th percentile.
//!
//! `CORPUS_DIR=… cargo bench -p backend --bench search`

#![allow(
    clippy::print_stdout,
    reason = "the table is what the benchmark is for"
)]

use std::env;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use backend::corpus::{Source, load_gutenberg_corpus};
use backend::search::{Features, Library, MOST_RESULTS, Request, perform_search};
use shared::Method;

const STARTS: usize = 10;
const ROUNDS: usize = 2_000;

/// Frequent, rare, several, unknown and stop words, and a long question.
const QUERIES: [&str; 10] = [
    "love",
    "time",
    "white whale",
    "yorick",
    "god king lord man",
    "love death time hope fear joy peace war nature",
    "adventure journey",
    "xyzzy",
    "to be or not to be",
    "In the beginning God created the heaven and the earth",
];

fn main() -> anyhow::Result<()> {
    let source = Source::find(env::var_os("CORPUS_DIR").map(PathBuf::from));
    println!("corpus: {}", source.as_str());
    let mut starts = Vec::new();
    let mut library = start(&source, &mut starts)?;
    for _ in 1..STARTS {
        library = start(&source, &mut starts)?;
    }
    let (median, worst) = (percentile(&mut starts, 50), percentile(&mut starts, 100));
    println!(
        "start-up: {:.1} ms median, {:.1} ms worst of {STARTS}",
        ms(median),
        ms(worst)
    );

    println!(
        "\n{:<60} {:>8} {:>9} {:>9}",
        "query", "matches", "p50 µs", "p99 µs"
    );
    for (method, features) in [
        (Method::Tfidf, Features::All),
        (Method::Tfidf, Features::MostFrequent),
        (Method::Bm25, Features::All),
        (Method::Hybrid, Features::All),
        (Method::Phrase, Features::All),
        (Method::Fuzzy, Features::All),
    ] {
        println!("{method} {features:?}");
        for query in QUERIES {
            let request = Request {
                query,
                method,
                features,
                limit: MOST_RESULTS,
                threshold: None,
            };
            let mut times = Vec::with_capacity(ROUNDS);
            let mut matches = 0;
            for _ in 0..ROUNDS {
                let begin = Instant::now();
                matches = black_box(perform_search(&library, &request)?).total_matches;
                times.push(begin.elapsed());
            }
            let (p50, p99) = (percentile(&mut times, 50), percentile(&mut times, 99));
            println!(
                "  {query:<58} {matches:>8} {:>9.1} {:>9.1}",
                ms(p50) * 1e3,
                ms(p99) * 1e3
            );
        }
    }
    Ok(())
}

fn start(source: &Source, times: &mut Vec<Duration>) -> anyhow::Result<Library> {
    let begin = Instant::now();
    let corpus = load_gutenberg_corpus(source.clone())?;
    let library = Library::index(corpus)?;
    times.push(begin.elapsed());
    Ok(library)
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort_unstable();
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
