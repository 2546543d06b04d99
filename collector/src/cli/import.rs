//! `collector import`: sends OTLP JSON from files to a collector.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use trace_model::terminal::plain;

use super::client::Client;
use super::{Outcome, note, print};
use crate::settings::Settings;

/// The longest document, in bytes: what OTLP lets a receiver take.
const DOCUMENT_MAX_BYTES: usize = 64 << 20;

/// Arguments of `collector import`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Import {
    /// Files of OTLP JSON, `-` for standard input: documents with `resourceSpans`, `resourceLogs` or `resourceMetrics`, one or
    /// many after each other, as `collector export` and the file exporter of the OpenTelemetry Collector write them.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
}

/// A document, as far as it matters where it goes.
#[derive(Deserialize)]
struct Document<'d> {
    /// As the query API wraps a trace.
    #[serde(borrow)]
    result: Option<&'d RawValue>,
    #[serde(rename = "resourceSpans")]
    spans: Option<IgnoredAny>,
    #[serde(rename = "resourceLogs")]
    logs: Option<IgnoredAny>,
    #[serde(rename = "resourceMetrics")]
    metrics: Option<IgnoredAny>,
}

impl<'d> Document<'d> {
    fn read(json: &'d str) -> anyhow::Result<Self> {
        serde_json::from_str(json).context("it is not an object")
    }
}

/// Sends every document of every file.
///
/// # Errors
/// When a file cannot be read, or the collector does not answer or refuses; what was sent before stays there.
pub fn run(settings: &Settings, import: &Import) -> Outcome {
    let client = Client::new(settings.otlp_http);
    let (mut sent, mut rejected) = (0, 0);
    for path in &import.files {
        let shown = plain(&path.display().to_string(), 200);
        let reader: Box<dyn Read> = match path.as_os_str() == "-" {
            true => Box::new(io::stdin().lock()),
            false => Box::new(File::open(path).with_context(|| format!("cannot read {shown}"))?),
        };
        let left = Rc::new(Cell::new(DOCUMENT_MAX_BYTES));
        let reader = Bounded {
            reader: io::BufReader::new(reader),
            left: left.clone(),
        };
        let documents = serde_json::Deserializer::from_reader(reader).into_iter::<Box<RawValue>>();
        for (i, document) in documents.enumerate() {
            let place = || format!("{shown}, document {}", i + 1);
            let document = document.with_context(place)?;
            rejected += send(&client, document.get()).with_context(place)?;
            sent += 1;
            left.set(DOCUMENT_MAX_BYTES);
        }
    }
    print(&format!("{sent} documents sent\n"))?;
    match rejected {
        0 => Ok(ExitCode::SUCCESS),
        _ => {
            note(&format!("{rejected} items were rejected"));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Returns how many items were rejected.
fn send(client: &Client, json: &str) -> anyhow::Result<u64> {
    let mut document = Document::read(json)?;
    let wrapped = document.result.map(RawValue::get);
    if let Some(wrapped) = wrapped {
        document = Document::read(wrapped)?;
    }
    let path = match (&document.spans, &document.logs, &document.metrics) {
        (Some(_), None, None) => "/v1/traces",
        (None, Some(_), None) => "/v1/logs",
        (None, None, Some(_)) => "/v1/metrics",
        _ => bail!("it has to have one of `resourceSpans`, `resourceLogs`, `resourceMetrics`"),
    };
    let json = wrapped.unwrap_or(json).as_bytes();
    let answer = client.post(path, &[], json)?;
    let answer: serde_json::Value =
        serde_json::from_slice(&answer).context("the answer cannot be read")?;
    let partial = &answer["partialSuccess"];
    let counts = ["rejectedSpans", "rejectedLogRecords", "rejectedDataPoints"];
    let rejected = counts.iter().map(|name| number(&partial[*name])).sum();
    if let Some(message) = partial["errorMessage"]
        .as_str()
        .filter(|message| !message.is_empty())
    {
        note(&plain(message, 500));
    }
    Ok(rejected)
}

/// A 64-bit number of OTLP JSON: a number, or decimal text.
fn number(json: &serde_json::Value) -> u64 {
    let from_text = || json.as_str()?.parse().ok();
    json.as_u64().or_else(from_text).unwrap_or(0)
}

/// Fails when more is read than is left; whoever reads says when there is room again.
struct Bounded<R> {
    reader: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        let left = self.left.get().checked_sub(length).ok_or_else(|| {
            io::Error::other(format!("it is longer than {DOCUMENT_MAX_BYTES} bytes"))
        })?;
        self.left.set(left);
        Ok(length)
    }
}
