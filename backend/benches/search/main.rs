//! Start-up, search and memory, on the real books (`CORPUS_DIR`) or the sample, and on larger corpora made from them; the
//! tables are Markdown.
//!
//! `CORPUS_DIR=… cargo bench -p backend --bench search [-- --scale 1,10,100]`. Searches in process run one at a time on one
//! thread and without telemetry; the percentiles are of all samples of a fixed list of queries (`queries`), each answered
//! whole, snippets included. Over HTTP, the load runs in this process, on the same cores as the server.

#![allow(
    clippy::print_stdout,
    reason = "the tables are what the benchmark is for"
)]

mod isolation;
mod load;
mod peers;
mod process;
mod queries;
mod samples;
mod synthetic;

use std::env;
use std::fs;
use std::hint::black_box;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use backend::corpus::{Corpus, Source, load_gutenberg_corpus};
use backend::http::{self, App};
use backend::progress::Progress;
use backend::search::{Answer, Deadline, Features, IndexSettings, Library, Limits, Request};
use clap::Parser;
use shared::{Method, QueryCapture};
use telemetry::SpanContext;
use tokio::net::TcpListener;

use crate::isolation::{Isolation, PHRASES, SLOW, isolation};
use crate::load::{CONNECTIONS, Load, load, search_path};
use crate::process::{Backend, Memory};
use crate::queries::{QUERIES, judged};
use crate::samples::{Samples, ms, us};

/// Starts of each kind.
const STARTS: usize = 10;
/// Times that the list of queries is asked, at 1×; at larger scales fewer.
const ROUNDS: usize = 500;
/// What one method may take for all rounds; at least one round is finished.
const MOST_TIME: Duration = Duration::from_secs(6);
/// How long each method is asked over HTTP.
const LOAD_TIME: Duration = Duration::from_secs(3);

/// The benchmark's own arguments.
#[derive(Parser)]
struct Arguments {
    /// Scales to measure: 1 is the corpus as it is, 10 ten times as many books
    #[arg(long, value_delimiter = ',', default_values_t = [1, 10])]
    scale: Vec<usize>,
    /// Compare with other programs instead, with a Python that has the packages of `benches/peers/requirements.txt`
    #[arg(long, value_name = "PYTHON")]
    peers: Option<PathBuf>,
    /// What cargo passes to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let source = Source::find(env::var_os("CORPUS_DIR").map(PathBuf::from));
    println!("corpus: {}", source.as_str());
    if let Some(python) = arguments.peers {
        let library = Library::index(load_gutenberg_corpus(source, &Progress::default())?)?;
        return peers::compare(&library, &python);
    }
    if arguments.scale.contains(&1) {
        starts(&source)?;
    }
    for scale in arguments.scale {
        let corpus = load_gutenberg_corpus(source.clone(), &Progress::default())?;
        measure(corpus, scale.max(1))?;
    }
    Ok(())
}

/// Starts of the process and of the library in this process, with nothing kept of an earlier start and with its index.
fn starts(source: &Source) -> anyhow::Result<()> {
    let kept = tempfile::tempdir()?;
    Backend::start(kept.path())?;
    let mut library = [Samples::default(), Samples::default()];
    let mut ready = library.clone();
    let mut answered = library.clone();
    for _ in 0..STARTS {
        for (warm, settings) in [IndexSettings::default(), keep_in(kept.path())]
            .iter()
            .enumerate()
        {
            let begin = Instant::now();
            let corpus = load_gutenberg_corpus(source.clone(), &Progress::default())?;
            black_box(Library::start(corpus, settings, &Progress::default())?);
            library[warm].add(begin.elapsed());
            let nothing = tempfile::tempdir()?;
            let indexes = [nothing.path(), kept.path()][warm];
            let backend = Backend::start(indexes)?;
            ready[warm].add(backend.ready);
            answered[warm].add(backend.first_answer);
        }
    }
    println!("\n| start, {STARTS} times | median ms | worst ms |\n| --- | ---: | ---: |");
    for (warm, index) in ["no index", "kept index"].iter().enumerate() {
        for (name, samples) in [
            ("library, in process", &library[warm]),
            ("process, until it is ready", &ready[warm]),
            ("process, until its first answer", &answered[warm]),
        ] {
            let (median, worst) = (samples.percentile(50.0), samples.percentile(100.0));
            println!("| {name}, {index} | {:.1} | {:.1} |", ms(median), ms(worst));
        }
    }
    println!("\nindex: {:.1} MB on disk", size_mb(kept.path())?);
    Ok(())
}

fn keep_in(folder: &Path) -> IndexSettings {
    IndexSettings {
        directory: Some(folder.to_owned()),
        ..IndexSettings::default()
    }
}

/// All files below `folder`, in MB.
fn size_mb(folder: &Path) -> anyhow::Result<f64> {
    let mut size = 0.0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        size += match entry.file_type()?.is_dir() {
            true => size_mb(&entry.path())?,
            false => entry.metadata()?.len() as f64 / 1e6,
        };
    }
    Ok(size)
}

/// All of one scale.
fn measure(corpus: Corpus, scale: usize) -> anyhow::Result<()> {
    let begin = Instant::now();
    let corpus = synthetic::grow(corpus, scale);
    let made = begin.elapsed();
    let bytes: usize = corpus
        .books
        .iter()
        .map(|book| book.text.bytes().len())
        .sum();
    let books = corpus.books.len();
    let kept = tempfile::tempdir()?;
    let (settings, progress) = (keep_in(kept.path()), Progress::default());
    let begin = Instant::now();
    let corpus = Library::start(corpus, &settings, &progress)?.corpus;
    let built = begin.elapsed();
    let begin = Instant::now();
    let library = Library::start(corpus, &settings, &progress)?;
    let opened = begin.elapsed();
    println!(
        "\n## {scale}×: {books} books, {:.1} MB of text; texts made in {:.1} s, indexed in {:.2} s, index of {:.1} MB opened in {:.0} ms",
        bytes as f64 / 1e6,
        made.as_secs_f64(),
        built.as_secs_f64(),
        size_mb(kept.path())?,
        ms(opened),
    );

    let rounds = (ROUNDS / scale).max(3);
    let judged = judged()?;
    println!(
        "\n| {scale}×, in process | samples | p50 µs | p90 µs | p99 µs | max µs | searches/s |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    let mut by_query = Vec::new();
    for (method, features) in variants() {
        let name = name(method, features);
        let times = ask(&library, method, features, &QUERIES, rounds)?;
        row(&name, &times);
        if !judged.is_empty() {
            let judged: Vec<&str> = judged.iter().map(String::as_str).collect();
            let times = ask(&library, method, features, &judged, rounds)?;
            row(&format!("{name}, judged queries"), &times);
        }
        by_query.push((name, times));
    }
    print_by_query(scale, &by_query);
    match scale {
        1 => over_http_to_a_process()?,
        _ => over_http_in_process(library, scale)?,
    }
    Ok(())
}

/// Every method but the one that is slow on purpose.
fn methods() -> impl Iterator<Item = Method> {
    let all = Method::ALL.into_iter();
    all.filter(|method| *method != Method::SlowTfidf)
}

/// Every way to search.
fn variants() -> Vec<(Method, Features)> {
    let mut variants: Vec<_> = methods().map(|method| (method, Features::All)).collect();
    variants.push((Method::Tfidf, Features::MostFrequent));
    variants
}

fn name(method: Method, features: Features) -> String {
    match features {
        Features::All => format!("`{method}`"),
        Features::MostFrequent => format!("`{method}`, `features=5000`"),
    }
}

fn search(
    library: &Library,
    method: Method,
    features: Features,
    query: &str,
) -> anyhow::Result<Answer> {
    let request = Request {
        features,
        ..Request::new(query, method)
    };
    Ok(library.search(&request, &Deadline::none())?)
}

/// The times of each of `queries`, asked in turn.
fn ask(
    library: &Library,
    method: Method,
    features: Features,
    queries: &[&str],
    rounds: usize,
) -> anyhow::Result<Vec<Samples>> {
    let mut times = vec![Samples::default(); queries.len()];
    let begin = Instant::now();
    for round in 0..=rounds {
        for (query, times) in queries.iter().zip(&mut times) {
            let asked = Instant::now();
            black_box(search(library, method, features, query)?);
            // The first round fills caches.
            if round > 0 {
                times.add(asked.elapsed());
            }
        }
        if round > 0 && begin.elapsed() > MOST_TIME {
            break;
        }
    }
    Ok(times)
}

fn row(name: &str, times: &[Samples]) {
    let mut all = Samples::default();
    times.iter().for_each(|times| all.append(times));
    let (samples, cells, rate) = (all.len(), all.cells(), all.per_second());
    println!("| {name} | {samples} | {cells} | {rate:.0} |");
}

fn print_by_query(scale: usize, methods: &[(String, Vec<Samples>)]) {
    let names: Vec<&str> = methods.iter().map(|(name, _)| name.as_str()).collect();
    println!("\n| {scale}×, p50 / p99 µs | {} |", names.join(" | "));
    println!("| --- |{}", " ---: |".repeat(names.len()));
    for (number, query) in QUERIES.iter().enumerate() {
        let cell = |(_, times): &(String, Vec<Samples>)| {
            let (p50, p99) = (
                times[number].percentile(50.0),
                times[number].percentile(99.0),
            );
            format!("{:.1} / {:.1}", us(p50), us(p99))
        };
        let cells: Vec<String> = methods.iter().map(cell).collect();
        println!("| {query} | {} |", cells.join(" | "));
    }
}

fn over_http_to_a_process() -> anyhow::Result<()> {
    let kept = tempfile::tempdir()?;
    let built = Backend::start(kept.path())?.memory()?;
    let backend = Backend::start(kept.path())?;
    let ready = backend.memory()?;
    println!("\n| 1×, over HTTP, to a process | {HTTP_COLUMNS}");
    http_rows(backend.address)?;
    let loaded = backend.memory()?;
    println!(
        "\n| 1×, memory of the process | RSS MB | without mapped files MB | peak MB |\n| --- | ---: | ---: | ---: |"
    );
    for (name, memory) in [
        ("index built, one search", built),
        ("index opened, one search", ready),
        ("index opened, after the load", loaded),
    ] {
        let Memory {
            resident,
            anonymous,
            peak,
        } = memory;
        println!("| {name} | {resident:.1} | {anonymous:.1} | {peak:.1} |");
    }
    beside_expensive_searches(backend.address)
}

fn beside_expensive_searches(server: SocketAddr) -> anyhow::Result<()> {
    let Isolation { samples, slow } = isolation(server)?;
    let [answered, refused] = slow;
    println!(
        "\n| 1×, beside {SLOW} clients of `slow_tfidf` and {PHRASES} phrases of stop words | samples | p50 µs | p90 µs | p99 µs | max µs |\n\
         | --- | ---: | ---: | ---: | ---: | ---: |"
    );
    for (path, samples) in ["/books", "/livez"].into_iter().zip(&samples) {
        println!("| `{path}` | {} | {} |", samples.len(), samples.cells());
    }
    println!("\n{answered} slow searches were answered meanwhile, {refused} were not");
    Ok(())
}

/// A larger library cannot be given to another process.
fn over_http_in_process(library: Library, scale: usize) -> anyhow::Result<()> {
    let app = Arc::new(App::new(
        SpanContext::NONE,
        QueryCapture::Off,
        Limits::default(),
        Arc::default(),
    ));
    app.ready(library);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    runtime.spawn(http::serve(listener, app, std::future::pending()));
    println!("\n| {scale}×, over HTTP, in process | {HTTP_COLUMNS}");
    http_rows(address)?;
    let Memory {
        resident,
        anonymous,
        peak,
    } = Memory::own()?;
    println!(
        "\nmemory of this process: {resident:.0} MB RSS, {anonymous:.0} MB without mapped files, {peak:.0} MB at most; \
         the synthetic texts are part of it"
    );
    Ok(())
}

const HTTP_COLUMNS: &str =
    "searches/s | p50 µs | p90 µs | p99 µs | max µs |\n| --- | ---: | ---: | ---: | ---: | ---: |";

fn http_rows(server: SocketAddr) -> anyhow::Result<()> {
    for method in methods() {
        let path = |query: &&str| search_path(query, method.as_str());
        let paths: Vec<String> = QUERIES.iter().map(path).collect();
        let Load {
            per_second,
            samples,
        } = load(server, &paths, LOAD_TIME)?;
        println!("| `{method}` | {per_second:.0} | {} |", samples.cells());
    }
    println!("\n{CONNECTIONS} connections, each asking again as soon as it has its answer");
    Ok(())
}
