//! The same queries on the same books, asked of other programs in the same run: a search with scikit-learn and SQLite FTS5
//! (`benches/peers/peers.py`), and tantivy with its own tokenizer, stemmer, BM25 and snippets.
//!
//! All run in process, one search at a time. The time of a search is that of the call: of `search` in Python, of
//! `perform_search` here. FTS5 and tantivy are given our passages and answer with the best twenty of them, with a snippet
//! for each; we answer with the best passage of each book. A query is their `OR` of its words, as it is ours of `bm25`.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use backend::search::{Features, Library, MOST_RESULTS, is_stop_word};
use serde::Deserialize;
use serde_json::json;
use shared::Method;
use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::schema::{Field, IndexRecordOption, STORED, Schema, TextFieldIndexing, TextOptions};
use tantivy::snippet::SnippetGenerator;
use tantivy::{Index, Searcher, TantivyDocument};

use crate::queries::QUERIES;
use crate::samples::Samples;

/// Times that the list of queries is asked.
const ROUNDS: usize = 20;
/// Times that the list is asked of scikit-learn, which takes minutes for as many as the others.
const SLOW_ROUNDS: usize = 2;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../benches/peers/peers.py");

/// How one program did.
#[derive(Clone)]
struct Measured {
    name: String,
    /// Hits of each query.
    found: Vec<usize>,
    /// Times of each query.
    times: Vec<Samples>,
}

impl Measured {
    /// The times of the queries for which `counts`.
    fn times(&self, counts: impl Fn(usize) -> bool) -> Samples {
        let mut all = Samples::default();
        let numbered = self.times.iter().enumerate();
        numbered
            .filter(|&(query, _)| counts(query))
            .for_each(|(_, times)| all.append(times));
        all
    }
}

/// Measures everyone, and prints times and ratios; `python` has the packages of `benches/peers/requirements.txt`.
pub(crate) fn compare(library: &Library, python: &Path) -> anyhow::Result<()> {
    let mut theirs = of_python(library, python)?;
    theirs.push(of_tantivy(library)?);
    let ours = [
        (Method::Hybrid, Features::All),
        (Method::Bm25, Features::All),
        (Method::Tfidf, Features::MostFrequent),
    ];
    let ours = ours
        .into_iter()
        .map(|(method, features)| of_library(library, method, features))
        .collect::<anyhow::Result<Vec<Measured>>>()?;

    println!(
        "\n| in process, all {} queries | samples | p50 µs | p90 µs | p99 µs | max µs | searches/s |",
        QUERIES.len()
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for measured in theirs.iter().chain(&ours) {
        let all = measured.times(|_| true);
        let (samples, cells, rate) = (all.len(), all.cells(), all.per_second());
        println!("| {} | {samples} | {cells} | {rate:.0} |", measured.name);
    }

    println!(
        "\n| how many times as fast | p50 | p90 | p99 | max | searches/s | searches/s, queries with hits of both |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for own in &ours {
        for other in &theirs {
            println!(
                "| {} against {} | {} |",
                own.name,
                other.name,
                ratios(own, other)
            );
        }
    }
    let (slow, compatible) = (&theirs[0], &ours[2]);
    let same = slow.found.iter().zip(&compatible.found);
    println!(
        "\n{} and {} find the same number of books for {} of {} queries",
        compatible.name,
        slow.name,
        same.filter(|(one, other)| one == other).count(),
        QUERIES.len()
    );
    Ok(())
}

fn ratios(own: &Measured, other: &Measured) -> String {
    let (ours, theirs) = (own.times(|_| true), other.times(|_| true));
    let mut cells: Vec<f64> = [50.0, 90.0, 99.0, 100.0]
        .map(|percent| {
            let theirs = theirs.percentile(percent).as_secs_f64();
            theirs / ours.percentile(percent).as_secs_f64()
        })
        .to_vec();
    cells.push(ours.per_second() / theirs.per_second());
    let both = |query: usize| own.found[query] > 0 && other.found[query] > 0;
    cells.push(own.times(both).per_second() / other.times(both).per_second());
    let cells: Vec<String> = cells.iter().map(|ratio| format!("{ratio:.1}×")).collect();
    cells.join(" | ")
}

fn of_library(library: &Library, method: Method, features: Features) -> anyhow::Result<Measured> {
    let search = |query: &str| {
        let answer = crate::search(library, method, features, query)?;
        Ok(answer.hits.len())
    };
    let (found, times) = ask(search)?;
    let name = format!("ours, {}", crate::name(method, features));
    Ok(Measured { name, found, times })
}

/// Asks every query in turn; the first round fills caches and counts the hits.
fn ask(
    search: impl Fn(&str) -> anyhow::Result<usize>,
) -> anyhow::Result<(Vec<usize>, Vec<Samples>)> {
    let first = QUERIES.iter().map(|query| search(query));
    let found = first.collect::<anyhow::Result<Vec<usize>>>()?;
    let mut times = vec![Samples::default(); QUERIES.len()];
    for _ in 0..ROUNDS {
        for (query, times) in QUERIES.iter().zip(&mut times) {
            let asked = Instant::now();
            black_box(search(query)?);
            times.add(asked.elapsed());
        }
    }
    Ok((found, times))
}

/// What `peers.py` writes of one program.
#[derive(Deserialize)]
struct Answer {
    name: String,
    found: Vec<usize>,
    times_ns: Vec<Vec<u64>>,
}

fn of_python(library: &Library, python: &Path) -> anyhow::Result<Vec<Measured>> {
    let books = library.corpus.books.iter();
    let books: Vec<String> = books
        .map(|book| book.text.decode(0..book.text.bytes().len()))
        .collect();
    let letters = |text: &String| text.to_lowercase();
    let words: BTreeSet<String> = books
        .iter()
        .flat_map(|text| {
            letters(text)
                .split(|c: char| !c.is_ascii_alphabetic())
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .filter(|word| is_stop_word(word))
        .collect();
    let passages: Vec<_> = library
        .passages()
        .map(|(book, bytes)| (book, bytes.start, bytes.end))
        .collect();
    let asked = json!({
        "books": books, "passages": passages, "queries": QUERIES.as_slice(), "stop_words": words,
        "rounds": ROUNDS, "slow_rounds": SLOW_ROUNDS,
    });
    let mut child = Command::new(python)
        .arg(SCRIPT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| python.display().to_string())?;
    let mut input = child.stdin.take().context("the input is piped")?;
    input.write_all(asked.to_string().as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "peers.py failed");
    let answers: Vec<Answer> = serde_json::from_slice(&output.stdout)?;
    Ok(answers.into_iter().map(measured).collect())
}

fn measured(answer: Answer) -> Measured {
    let times = answer.times_ns.into_iter().map(|times| {
        let mut samples = Samples::default();
        times
            .into_iter()
            .for_each(|ns| samples.add(Duration::from_nanos(ns)));
        samples
    });
    Measured {
        name: answer.name,
        found: answer.found,
        times: times.collect(),
    }
}

fn of_tantivy(library: &Library) -> anyhow::Result<Measured> {
    let (searcher, field) = plain_index(library)?;
    let parser = QueryParser::for_index(searcher.index(), vec![field]);
    let search = |query: &str| {
        // Nothing of the query is meant as syntax.
        let words: String = query
            .chars()
            .map(|character| {
                if character.is_alphanumeric() {
                    character
                } else {
                    ' '
                }
            })
            .collect();
        let query = parser.parse_query(&words.to_lowercase())?;
        let best = searcher.search(&query, &TopDocs::with_limit(MOST_RESULTS).order_by_score())?;
        let snippets = SnippetGenerator::create(&searcher, &*query, field)?;
        for &(_, address) in &best {
            let document: TantivyDocument = searcher.doc(address)?;
            black_box(snippets.snippet_from_doc(&document));
        }
        Ok(best.len())
    };
    let (found, times) = ask(search)?;
    let name = "tantivy, its own BM25 and snippets, passages".to_owned();
    Ok(Measured { name, found, times })
}

/// Our passages in an index as tantivy's examples make it, in memory, in one segment.
fn plain_index(library: &Library) -> anyhow::Result<(Searcher, Field)> {
    let indexing = TextFieldIndexing::default()
        .set_tokenizer("en_stem")
        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let mut schema = Schema::builder();
    let options = TextOptions::from(STORED).set_indexing_options(indexing);
    let field = schema.add_text_field("text", options);
    let index = Index::create_in_ram(schema.build());
    let mut writer = index.writer_with_num_threads(1, 400_000_000)?;
    for (book, bytes) in library.passages() {
        let mut document = TantivyDocument::new();
        document.add_text(field, library.corpus.books[book].text.decode(bytes));
        writer.add_document(document)?;
    }
    writer.commit()?;
    Ok((index.reader()?.searcher(), field))
}
