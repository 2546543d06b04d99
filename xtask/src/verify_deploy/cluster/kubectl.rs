//! kubectl as a child process, and what was made with it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;
use crate::verify_deploy::Verdict;
use crate::workspace;

/// Versions of kubectl and of the cluster that answers it.
///
/// # Errors
/// Skipped, when either is missing.
pub(super) fn versions() -> Result<String, Verdict> {
    if process::find_program("kubectl").is_none() {
        return Err(Verdict::Skipped("there is no kubectl".to_owned()));
    }
    let output = output(&["version", "--request-timeout=10s"], "")?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        let reason = reason.lines().last().unwrap_or("kubectl says nothing");
        return Err(Verdict::Skipped(format!("no cluster answers: {reason}")));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let version = |of: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(of))
            .unwrap_or("?")
    };
    let (client, server) = (version("Client Version: "), version("Server Version: "));
    Ok(format!("kubectl {client}, Kubernetes {server}"))
}

/// What kubectl prints.
///
/// # Errors
/// When it fails; the message holds what it says about that.
pub(super) fn kubectl(arguments: &[&str]) -> Result<String, Failure> {
    kubectl_with(arguments, "")
}

/// What kubectl prints when it reads `input`.
///
/// # Errors
/// As [`kubectl`].
pub(super) fn kubectl_with(arguments: &[&str], input: &str) -> Result<String, Failure> {
    let output = output(arguments, input)?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(format!(
            "`kubectl {}` failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        )
        .into()),
    }
}

/// Holds that kubectl fails and gives `reason` when it reads `input`.
///
/// # Errors
/// When it succeeds, or fails for another reason.
pub(super) fn must_refuse(arguments: &[&str], input: &str, reason: &str) -> Result<(), Failure> {
    let output = output(arguments, input)?;
    let said = String::from_utf8_lossy(&output.stderr);
    match !output.status.success() && said.contains(reason) {
        true => Ok(()),
        false => Err(format!(
            "`kubectl {}` should have been refused with `{reason}` but ended with {}: {said}",
            arguments.join(" "),
            output.status
        )
        .into()),
    }
}

/// Whether the object is there.
pub(super) fn exists(kind: &str, name: &str) -> bool {
    kubectl(&["get", kind, name, "--output=name"]).is_ok()
}

/// Runs a documented command as its reader would, and shows it.
///
/// # Errors
/// When it fails.
pub(super) fn text(line: &str) -> Result<(), Failure> {
    process::say(&format!("$ {line}"));
    process::run(&mut shell(line), &Stop::never())
}

/// A shell that will run `line` in the workspace.
pub(super) fn shell(line: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", line]).current_dir(workspace::root());
    command
}

fn output(arguments: &[&str], input: &str) -> Result<Output, Failure> {
    let lost = |error| Failure::from(format!("kubectl: {error}"));
    let mut child = Command::new("kubectl")
        .args(arguments)
        .current_dir(workspace::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(lost)?;
    let mut stdin = child.stdin.take().expect("stdin is piped");
    // A kubectl that fails does not read to the end, and says itself why.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().map_err(lost)
}

/// Objects of the cluster that are deleted when this goes away, the newest first.
#[derive(Default)]
pub(super) struct Made(Vec<(&'static str, String)>);

impl Made {
    /// Remembers an object without a namespace, which need not exist yet.
    pub(super) fn object(&mut self, kind: &'static str, name: &str) {
        self.0.push((kind, name.to_owned()));
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        for (kind, name) in self.0.iter().rev() {
            let deleted = kubectl(&["delete", kind, name, "--ignore-not-found", "--timeout=120s"]);
            if let Err(failure) = deleted {
                process::complain(&failure.message);
            }
        }
    }
}
