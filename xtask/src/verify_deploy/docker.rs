//! Docker as the checks of images and of the compose file use it.

use std::process::Command;

use super::Verdict;
use crate::process;
use crate::supervise::Stop;
use crate::workspace;

/// The services that the compose file builds from this workspace.
pub(super) const OWN_SERVICES: [&str; 3] = ["frontend", "backend", "collector"];

/// Versions of an engine that answers and of its Compose.
///
/// # Errors
/// Skipped, when either is missing.
pub(super) fn versions() -> Result<String, Verdict> {
    let skipped = |what: &str| Verdict::Skipped(what.to_owned());
    let engine = output("docker version --format {{.Server.Version}}")
        .ok_or_else(|| skipped("no Docker engine answers"))?;
    let compose = output("docker compose version --short")
        .ok_or_else(|| skipped("docker has no compose plugin"))?;
    Ok(format!("Docker {engine}, Compose {compose}"))
}

/// Runs a line of words without quotes in the workspace.
///
/// # Errors
/// When it fails.
pub(super) fn run(line: &str) -> Result<(), Verdict> {
    process::say(&format!("$ {line}"));
    Ok(process::run(&mut words(line), &Stop::never())?)
}

/// What a line of words without quotes prints, without the end of the line; `None` when it fails.
pub(super) fn output(line: &str) -> Option<String> {
    process::output_of(&mut words(line)).map(|text| text.trim_end().to_owned())
}

fn words(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().expect("a line has a first word"));
    command.args(words).current_dir(workspace::root());
    command
}
