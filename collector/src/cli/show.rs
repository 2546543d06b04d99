//! `collector show`: one trace, drawn or as OTLP JSON.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;
use trace_model::terminal::{Page, waterfall};
use trace_model::{Ailment, Examination, Finding, Summary, Tree, otlp_json};

use super::client::Client;
use super::{Outcome, ascii, print};
use crate::settings::Settings;

/// Arguments of `collector show`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Show {
    /// Id of the trace, 32 hex digits, or `latest`.
    pub id: String,
    /// Write OTLP JSON, which `collector import` takes, instead of drawing.
    #[arg(long)]
    pub json: bool,
    /// Draw every span in a line of its own, instead of folding five or more alike.
    #[arg(long)]
    pub all: bool,
    /// Characters in a line.
    #[arg(long, env = "COLUMNS", default_value_t = 100)]
    pub width: usize,
}

/// Shows a trace.
///
/// # Errors
/// When the collector does not answer, or does not hold the trace.
pub fn run(settings: &Settings, show: &Show) -> Outcome {
    let client = Client::new(settings.query);
    let id = match show.id.as_str() {
        "latest" => latest(&client)?,
        id => id.to_owned(),
    };
    let trace = trace(&client, &id)?;
    if show.json {
        print(&(ascii(&trace) + "\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let spans = otlp_json::parse(&trace).context("the trace cannot be read")?;
    let mut tree = Tree::new(spans);
    tree.adjust_clocks();
    let page = Page {
        width: show.width,
        fold: !show.all,
    };
    print(&waterfall(&tree, &examination(&client, &id)?, page))?;
    Ok(ExitCode::SUCCESS)
}

fn latest(client: &Client) -> anyhow::Result<String> {
    #[derive(Deserialize)]
    struct List {
        summaries: Vec<serde_json::Value>,
    }
    let list = client.get("/api/x/summaries", &[("limit", "1".to_owned())])?;
    let list: List = serde_json::from_slice(&list).context("the list cannot be read")?;
    let newest = list
        .summaries
        .first()
        .context("the collector holds no trace")?;
    Ok(Summary::from_json(newest)?.trace_id.to_string())
}

/// A trace as `{"resourceSpans":[…]}`.
pub(super) fn trace(client: &Client, id: &str) -> anyhow::Result<String> {
    #[derive(Deserialize)]
    struct Wrapped {
        result: Box<RawValue>,
    }
    // What is typed must not lead to another path.
    let id: trace_model::TraceId = id.parse().context("a trace is named by its id")?;
    let answer = client.get(&format!("/api/v3/traces/{id}"), &[])?;
    let wrapped: Wrapped = serde_json::from_slice(&answer).context("the trace cannot be read")?;
    Ok(wrapped.result.get().to_owned())
}

/// What the collector finds wrong with a trace; it knows the others.
fn examination(client: &Client, id: &str) -> anyhow::Result<Examination> {
    #[derive(Deserialize)]
    struct View {
        findings: Vec<FindingJson>,
        findings_omitted: usize,
    }
    #[derive(Deserialize)]
    struct FindingJson {
        name: String,
        message: String,
        rows: Vec<usize>,
    }
    let view = client.get(
        &format!("/api/x/traces/{id}/view"),
        &[("limit", "1".to_owned())],
    )?;
    let view: View = serde_json::from_slice(&view).context("the view cannot be read")?;
    let findings = view.findings.into_iter().filter_map(|finding| {
        let mut all = Ailment::ALL.into_iter();
        Some(Finding {
            ailment: all.find(|ailment| ailment.name() == finding.name)?,
            message: finding.message,
            rows: finding.rows,
        })
    });
    Ok(Examination {
        findings: findings.collect(),
        omitted: view.findings_omitted,
    })
}
