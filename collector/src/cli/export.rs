//! `collector export`: writes traces as OTLP JSON, a document in a line each, which `collector import` takes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use trace_model::Summary;

use super::client::{Client, Refused};
use super::{Outcome, Selection, ascii, note, show};
use crate::settings::Settings;

/// Traces that are asked for at a time.
const PAGE: usize = 200;

/// Arguments of `collector export`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Export {
    /// Ids of the traces; all when none is given.
    pub ids: Vec<String>,
    /// Which of all traces.
    #[command(flatten)]
    pub selection: Selection,
    /// So many of them at most, the newest.
    #[arg(long, default_value_t = usize::MAX, hide_default_value = true)]
    pub limit: usize,
    /// Write the log records of each trace as well.
    #[arg(long)]
    pub logs: bool,
    /// The file to write; standard output when absent.
    #[arg(long)]
    pub output: Option<PathBuf>,
}

/// Writes the traces, newest first.
///
/// # Errors
/// When the collector does not answer, an id that was given is not held, or the file cannot be written.
pub fn run(settings: &Settings, export: &Export) -> Outcome {
    let client = Client::new(settings.query);
    let mut writer: Box<dyn Write> = match &export.output {
        None => Box::new(io::stdout().lock()),
        Some(path) => {
            let cannot = || format!("cannot write {}", path.display());
            Box::new(BufWriter::new(File::create(path).with_context(cannot)?))
        }
    };
    let mut written = 0;
    if export.ids.is_empty() {
        written = all(&client, export, &mut writer)?;
    } else {
        for id in &export.ids {
            write(&client, id, export.logs, &mut writer)?;
            written += 1;
        }
    }
    writer.flush()?;
    note(&format!("{written} traces written"));
    Ok(ExitCode::SUCCESS)
}

fn all(client: &Client, export: &Export, writer: &mut impl Write) -> anyhow::Result<usize> {
    #[derive(Deserialize)]
    struct List {
        summaries: Vec<serde_json::Value>,
        more: bool,
    }
    let mut written = 0;
    let mut before: Option<String> = None;
    while written < export.limit {
        let mut parameters = export.selection.parameters();
        parameters.push(("limit", PAGE.min(export.limit - written).to_string()));
        parameters.extend(before.take().map(|id| ("before", id)));
        let list = client.get("/api/x/summaries", &parameters)?;
        let list: List = serde_json::from_slice(&list).context("the list cannot be read")?;
        for json in &list.summaries {
            let id = Summary::from_json(json)?.trace_id.to_string();
            match write(client, &id, export.logs, writer) {
                Ok(()) => written += 1,
                // It was evicted since it was listed, as all that are older may have been.
                Err(error) if is_gone(&error) => return Ok(written),
                Err(error) => return Err(error),
            }
            before = Some(id);
        }
        if !list.more || before.is_none() {
            break;
        }
    }
    Ok(written)
}

fn is_gone(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<Refused>()
        .is_some_and(|refused| refused.status == 404)
}

fn write(client: &Client, id: &str, logs: bool, writer: &mut impl Write) -> anyhow::Result<()> {
    writeln!(writer, "{}", ascii(&show::trace(client, id)?))?;
    if logs {
        let logs = client.get(&format!("/api/x/traces/{id}/logs"), &[])?;
        let logs = String::from_utf8(logs).context("the log records cannot be read")?;
        if logs.trim() != r#"{"resourceLogs":[]}"# {
            writeln!(writer, "{}", ascii(&logs))?;
        }
    }
    Ok(())
}
