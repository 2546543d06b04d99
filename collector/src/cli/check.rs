//! `collector check`: whether spans keep to their budgets, with an exit code for a pipeline.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use serde_json::Value as Json;
use trace_model::terminal::plain;
use trace_model::{Budgets, duration};

use super::client::Client;
use super::{Failed, Outcome, Selection, print};
use crate::settings::Settings;

/// Exit code when a budget was not kept.
const NOT_KEPT: u8 = 1;
/// Exit code when the budgets cannot be read.
const BAD_BUDGETS: u8 = 2;
/// Exit code when the collector could not be asked.
const NOT_ASKED: u8 = 3;
/// Pause between two questions while spans are waited for.
const PAUSE: Duration = Duration::from_millis(200);
/// The longest file of budgets, in bytes.
const FILE_MAX_BYTES: u64 = 64 << 10;
/// Characters of a name.
const NAME_MAX: usize = 60;

/// Arguments of `collector check`.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Check {
    /// Only these traces count.
    #[command(flatten)]
    pub selection: Selection,
    /// How long to wait until every budget has as many spans as it asks for, such as 10s: exporters send in batches.
    #[arg(long, default_value = "0s", value_parser = wait)]
    pub wait: Duration,
}

fn wait(text: &str) -> Result<Duration, String> {
    let parsed = duration::parse(text).map(Duration::from_nanos);
    parsed.ok_or_else(|| "expected a number and its unit (ms, s, m), such as 10s".to_owned())
}

/// Reads budgets, in TOML, or in JSON when the name of the file ends so.
///
/// # Errors
/// When it cannot be read, or says something else.
pub fn read_budgets(path: &Path) -> anyhow::Result<(Json, Budgets)> {
    let shown = path.display();
    let length = std::fs::metadata(path)
        .with_context(|| format!("cannot read {shown}"))?
        .len();
    anyhow::ensure!(
        length <= FILE_MAX_BYTES,
        "{shown} is longer than {FILE_MAX_BYTES} bytes"
    );
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {shown}"))?;
    let json: Json = match path.extension().is_some_and(|it| it == "json") {
        true => serde_json::from_str(&text).with_context(|| format!("{shown} is not JSON"))?,
        false => toml::from_str(&text).with_context(|| format!("{shown} is not TOML"))?,
    };
    let budgets = Budgets::from_json(&json).with_context(|| shown.to_string())?;
    Ok((json, budgets))
}

#[derive(Deserialize)]
struct Answer {
    good: bool,
    traces: u64,
    budgets: Vec<Verdict>,
}

#[derive(Deserialize)]
struct Verdict {
    span: String,
    service: Option<String>,
    good: bool,
    count: u64,
    count_at_least: u64,
    limits: Vec<Limit>,
    slowest: Option<Slowest>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Limit {
    Percentile {
        percentile: u8,
        at_most_ns: String,
        found_ns: String,
        kept: bool,
    },
    Errors {
        at_most_error_percent: f64,
        found_error_percent: f64,
        kept: bool,
    },
}

#[derive(Deserialize)]
struct Slowest {
    trace_id: String,
}

/// Checks the budgets and prints what was found for each.
///
/// # Errors
/// When the budgets cannot be read (exit code 2), or the collector cannot be asked (3).
pub fn run(settings: &Settings, check: &Check) -> Outcome {
    let failed = |code| move |error| Failed { code, error };
    let path = settings.budgets.as_deref();
    let path = path
        .context("--budgets FILE is missing")
        .map_err(failed(BAD_BUDGETS))?;
    let (budgets, _) = read_budgets(path).map_err(failed(BAD_BUDGETS))?;
    let budgets = budgets.to_string();
    let client = Client::new(settings.query);
    let until = Instant::now() + check.wait;
    let answer = loop {
        let parameters = check.selection.parameters();
        let answer = client.post("/api/x/budgets", &parameters, budgets.as_bytes());
        let answer = answer.map_err(failed(NOT_ASKED))?;
        let answer: Answer = serde_json::from_slice(&answer)
            .context("the answer cannot be read")
            .map_err(failed(NOT_ASKED))?;
        let has_enough = answer
            .budgets
            .iter()
            .all(|it| it.count >= it.count_at_least);
        if has_enough || Instant::now() >= until {
            break answer;
        }
        std::thread::sleep(PAUSE);
    };
    let mut text = String::new();
    for verdict in &answer.budgets {
        text.push_str(&written(verdict));
    }
    let kept = answer.budgets.iter().filter(|verdict| verdict.good).count();
    let all = answer.budgets.len();
    text.push_str(&format!(
        "{kept} of {all} budgets kept, {} traces\n",
        answer.traces
    ));
    print(&text)?;
    Ok(if answer.good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NOT_KEPT)
    })
}

/// A line for a budget, and one for each of its limits.
fn written(verdict: &Verdict) -> String {
    let mark = |kept| if kept { "kept    " } else { "NOT KEPT" };
    let service = verdict.service.as_deref();
    let service = service.map_or(String::new(), |service| {
        format!(" of {}", plain(service, NAME_MAX))
    });
    let slowest = match &verdict.slowest {
        Some(slowest) if !verdict.good => {
            format!(", slowest in trace {}", plain(&slowest.trace_id, 32))
        }
        _ => String::new(),
    };
    let few = match verdict.count < verdict.count_at_least {
        true => format!(", {} are needed", verdict.count_at_least),
        false => String::new(),
    };
    let name = plain(&verdict.span, NAME_MAX);
    let count = verdict.count;
    let mut text = format!(
        "{}  {name}{service}: {count} spans{few}{slowest}\n",
        mark(verdict.good)
    );
    let format = |ns: &str| ns.parse().map_or_else(|_| plain(ns, 20), duration::format);
    for limit in &verdict.limits {
        let line = match limit {
            Limit::Percentile {
                percentile,
                at_most_ns,
                found_ns,
                kept,
            } => {
                let name = if *percentile == 100 {
                    "max".to_owned()
                } else {
                    format!("p{percentile}")
                };
                format!(
                    "{}    {name:<6} {:>8} of {}",
                    mark(*kept),
                    format(found_ns),
                    format(at_most_ns)
                )
            }
            Limit::Errors {
                at_most_error_percent,
                found_error_percent,
                kept,
            } => {
                format!(
                    "{}    errors {found_error_percent:>6.2} % of {at_most_error_percent} %",
                    mark(*kept)
                )
            }
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}
