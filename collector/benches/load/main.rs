//! What the collector takes: spans per second of processor time, memory of a stored span, processor time and memory at a steady
//! 10,000 spans per second, and what a log on the disk costs; beside the OpenTelemetry Collector that drops everything, and rotel that does.
//!
//! `cargo xtask bench collector` runs it: with `OTELCOL`, or `otelcol` on PATH, and `ROTEL`, where they are.
//!
//! Rates are spans by the seconds of processor time that the server has used, which is what it can take on one core and does
//! not change with what else runs on the machine. Every server gets the same requests over four connections of HTTP/1.1.

mod server;
mod traffic;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use server::Server;
use traffic::Traffic;

/// Spans of a measurement of the rate.
const SPANS: u64 = 2_000_000;
/// Spans per second of the steady load, and for how long.
const STEADY_RATE: u64 = 10_000;
const STEADY: Duration = Duration::from_secs(10);

fn main() {
    let traffic = Traffic::new();
    say(&format!(
        "{} spans in a request, {:.0} bytes each as they are sent, {} in a trace\n",
        traffic::SPANS_PER_REQUEST,
        traffic.bytes_per_span(),
        traffic::SPANS_PER_TRACE
    ));
    say(
        "| server | spans/s on one core | ms for a request (median, p99) | at 10,000 spans/s | memory then |",
    );
    say("| --- | --- | --- | --- | --- |");
    let servers = [
        Some((
            "collector",
            server::ours as fn(&PathBuf) -> Server,
            PathBuf::new(),
        )),
        program("OTELCOL", &["otelcol", "otelcol-contrib"]).map(|path| {
            (
                "Collector, nop exporter",
                server::otelcol as fn(&PathBuf) -> Server,
                path,
            )
        }),
        program("ROTEL", &[]).map(|path| {
            (
                "rotel, blackhole exporter",
                server::rotel as fn(&PathBuf) -> Server,
                path,
            )
        }),
    ];
    for (name, start, path) in servers.into_iter().flatten() {
        say(&row(name, || start(&path), &traffic));
    }
    let (per_span, spans) = memory_of_a_span(&traffic);
    say(&format!(
        "\nMemory of a stored span: {per_span:.0} bytes of the process, {spans} spans held."
    ));
    let (rate, start) = durable(&traffic);
    say(&format!(
        "With a data folder: {rate:.0} spans/s as sent by four senders; a start with 256 MiB in it takes {:.2} s of processor time.",
        start.as_secs_f64()
    ));
    for missing in ["OTELCOL", "ROTEL"] {
        if program(missing, &["otelcol", "otelcol-contrib"]).is_none() {
            say(&format!(
                "note: {missing} is not set, so it is not measured"
            ));
        }
    }
}

/// The rate and the steady load of one server.
fn row(name: &str, start: impl Fn() -> Server, traffic: &Traffic) -> String {
    let server = start();
    // Warm: buffers have their size, and the store is full.
    traffic.send(&server.otlp, SPANS / 4, None);
    let before = server.cpu_time();
    let mut latencies = traffic.send(&server.otlp, SPANS, None);
    let rate = SPANS as f64 / (server.cpu_time() - before).as_secs_f64();
    latencies.sort();
    let at = |share: f64| latencies[(latencies.len() as f64 * share) as usize].as_secs_f64() * 1e3;
    let (median, p99) = (at(0.5), at(0.99));
    drop(server);

    let server = start();
    let (before, began) = (server.cpu_time(), Instant::now());
    let spans = STEADY_RATE * STEADY.as_secs();
    traffic.send(&server.otlp, spans, Some(STEADY_RATE));
    let share = (server.cpu_time() - before).as_secs_f64() / began.elapsed().as_secs_f64();
    let steady_rss = server.rss_bytes();
    format!(
        "| {name} | {rate:.0} | {median:.2}, {p99:.2} | {:.1} % of a core | {:.0} MB |",
        share * 100.0,
        steady_rss as f64 / 1e6
    )
}

/// What the process grows by for each span that it keeps.
fn memory_of_a_span(traffic: &Traffic) -> (f64, u64) {
    let server = server::ours_with("--max-bytes=1GiB");
    traffic.send(&server.otlp, 50_000, None);
    let (rss, held) = (server.rss_bytes(), server.spans_held());
    traffic.send(&server.otlp, 1_000_000, None);
    let spans = server.spans_held() - held;
    let bytes = (server.rss_bytes() - rss) as f64;
    (bytes / spans as f64, spans)
}

/// Spans per second that are on the disk before they are acknowledged, and the processor time of a start when the log is full.
fn durable(traffic: &Traffic) -> (f64, Duration) {
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let argument = format!("--data-dir={}", folder.path().display());
    let server = server::ours_with(&argument);
    let began = Instant::now();
    traffic.send(&server.otlp, SPANS, None);
    let rate = SPANS as f64 / began.elapsed().as_secs_f64();
    drop(server);
    // It says where it listens when it has read the log.
    let server = server::ours_with(&argument);
    let took = server.cpu_time();
    assert!(server.spans_held() > 100_000, "it has read the log");
    (rate, took)
}

/// A program that a variable names, or that is on PATH under one of these names.
fn program(variable: &str, names: &[&str]) -> Option<PathBuf> {
    if let Some(set) = std::env::var_os(variable) {
        return Some(set.into());
    }
    let names = if variable == "OTELCOL" { names } else { &[] };
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|file| file.is_file())
}

#[allow(clippy::print_stdout, reason = "the table is what it is for")]
fn say(line: &str) {
    println!("{line}");
}
