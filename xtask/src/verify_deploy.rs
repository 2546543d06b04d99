//! `cargo xtask verify-deploy`: every check of images, compose file, Collector configuration, manifests and workflows that
//! this machine can run. A check whose tool is neither here nor to be had is skipped and says why. `cargo xtask test
//! deploy` runs the fast ones. Each file below holds the checks of its name.

mod arm64;
mod cluster;
mod compose;
mod docker;
mod documents;
mod images;
mod linters;
mod manifests;
pub(crate) mod otelcol;
mod pinned;

use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::process;

/// One thing that can be shown to hold.
struct Check {
    name: &'static str,
    /// What holds when it passes.
    shows: &'static str,
    speed: Speed,
    /// Commands of README.md and docs/deploy.md that it runs, word for word.
    commands: &'static [&'static str],
    /// Runs it; the answer names the tool and its version.
    run: fn() -> Result<String, Verdict>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Speed {
    /// Seconds, without Docker or a cluster: part of `cargo xtask test`.
    Fast,
    /// Minutes, or in need of a server.
    Slow,
}

/// Why a check did not pass.
enum Verdict {
    /// The tool is missing and cannot be installed here, for the reason given.
    Skipped(String),
    /// It ran and does not hold.
    Failed(Failure),
}

impl From<Failure> for Verdict {
    fn from(failure: Failure) -> Verdict {
        Verdict::Failed(failure)
    }
}

impl From<&str> for Verdict {
    fn from(message: &str) -> Verdict {
        Verdict::Failed(message.into())
    }
}

impl From<String> for Verdict {
    fn from(message: String) -> Verdict {
        Verdict::Failed(message.into())
    }
}

/// All checks in the order in which they run: the cheap ones first.
fn checks() -> Vec<&'static Check> {
    [
        documents::CHECKS,
        linters::CHECKS,
        manifests::CHECKS,
        otelcol::CHECKS,
        images::CHECKS,
        compose::CHECKS,
        cluster::CHECKS,
        arm64::CHECKS,
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let all = checks();
    let chosen = match arguments {
        [] => all,
        [flag] if flag == "--fast" => fast(all),
        [flag] if flag == "--list" => {
            for check in all {
                process::say(&format!("{:20} {}", check.name, check.shows));
            }
            return Ok(());
        }
        [flag, name] if flag == "--only" => only(all, name)?,
        _ => {
            return Err(Failure::usage(
                "verify-deploy takes --list, --fast, --only NAME, or nothing for all",
            ));
        }
    };
    run_all(&chosen)
}

/// The checks that take seconds.
///
/// # Errors
/// When one does not hold.
pub(crate) fn run_fast() -> Result<(), Failure> {
    run_all(&fast(checks()))
}

fn fast(mut checks: Vec<&'static Check>) -> Vec<&'static Check> {
    checks.retain(|check| check.speed == Speed::Fast);
    checks
}

fn only(checks: Vec<&'static Check>, name: &str) -> Result<Vec<&'static Check>, Failure> {
    let names: Vec<&str> = checks.iter().map(|check| check.name).collect();
    let found = checks.iter().find(|check| check.name == name);
    found.map(|check| vec![*check]).ok_or_else(|| {
        Failure::usage(format!(
            "there is no check `{name}`, only {}",
            names.join(", ")
        ))
    })
}

fn run_all(checks: &[&Check]) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let mut failed = Vec::new();
    for check in checks {
        process::say(&format!("==> {}: {}", check.name, check.shows));
        let started = Instant::now();
        let outcome = (check.run)();
        rows.push(row(check.name, &outcome, started.elapsed()));
        if let Err(Verdict::Failed(failure)) = outcome {
            process::complain(&failure.message);
            failed.push(check.name);
        }
    }
    process::say(&format!("\n{}", rows.join("\n")));
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("verify-deploy: {} failed", failed.join(", ")).into()),
    }
}

/// Check, result, seconds, tool or reason.
fn row(name: &str, outcome: &Result<String, Verdict>, took: Duration) -> String {
    let (result, detail) = match outcome {
        Ok(tool) => ("passed", tool.as_str()),
        Err(Verdict::Skipped(reason)) => ("skipped", reason.as_str()),
        Err(Verdict::Failed(_)) => ("FAILED", "see above"),
    };
    let seconds = took.as_secs_f64();
    format!("{name:20} {result:8} {seconds:7.1} s  {detail}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own() {
        let names: BTreeSet<&str> = checks().iter().map(|check| check.name).collect();
        assert_eq!(names.len(), checks().len());
    }

    #[test]
    fn an_unknown_check_is_refused_before_anything_runs() {
        let failure = run(&["--only".to_owned(), "moon".to_owned()]).unwrap_err();
        assert_eq!(failure.exit_code, 2);
    }

    #[test]
    fn a_row_says_what_was_used_or_why_not() {
        let took = Duration::from_millis(1_250);
        assert_eq!(
            row("yamllint", &Ok("yamllint 1.37.1".to_owned()), took),
            "yamllint             passed       1.2 s  yamllint 1.37.1"
        );
        let skipped = Err(Verdict::Skipped("no Docker answers".to_owned()));
        assert_eq!(
            row("compose", &skipped, took),
            "compose              skipped      1.2 s  no Docker answers"
        );
    }
}
