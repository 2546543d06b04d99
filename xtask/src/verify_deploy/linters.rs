//! Pinned linters over Dockerfiles, YAML, workflows and shell. Each is also given a broken sample from `linters/broken/`
//! and must refuse it by the rule that the sample breaks: a linter that finds nothing anywhere proves nothing.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{Check, Speed, Verdict, pinned};
use crate::process;
use crate::workspace;

/// A program, what it reads and what it must refuse.
struct Linter {
    name: &'static str,
    shows: &'static str,
    program: fn() -> Result<Command, Verdict>,
    version: &'static str,
    arguments: &'static [&'static str],
    /// Pathspecs of git, where `*` also stands for folders.
    files: &'static [&'static str],
    /// A file of `linters/broken/`.
    broken: &'static str,
    /// What the linter says of it.
    refusal: &'static str,
}

const BROKEN: &str = "xtask/src/verify_deploy/linters/broken";

const LINTERS: &[Linter] = &[
    Linter {
        name: "hadolint",
        shows: "Dockerfiles are free of known mistakes",
        program: || pinned::from_pypi("hadolint"),
        version: "--version",
        arguments: &["--no-color", "--failure-threshold", "style"],
        files: &["Dockerfile", "*/Dockerfile"],
        broken: "Dockerfile",
        refusal: "DL3007",
    },
    Linter {
        name: "yamllint",
        shows: "YAML says each thing once and reads one way",
        program: || pinned::from_pypi("yamllint"),
        version: "--version",
        arguments: &["--strict", "--format", "parsable"],
        files: &["*.yaml", "*.yml"],
        broken: "twice.yaml",
        refusal: "(key-duplicates)",
    },
    Linter {
        name: "shellcheck",
        shows: "shell scripts are free of known mistakes",
        program: || pinned::from_pypi("shellcheck"),
        version: "--version",
        arguments: &["--color=never", "--external-sources"],
        files: &["*.sh", ".ci/run"],
        broken: "unquoted.sh",
        refusal: "SC2086",
    },
    Linter {
        name: "compose-schema",
        shows: "docker-compose.yml has the form of the Compose specification",
        program: || pinned::from_pypi("check-jsonschema"),
        version: "--version",
        arguments: &["--builtin-schema", "vendor.compose-spec"],
        files: &["docker-compose.yml"],
        broken: "docker-compose.yml",
        refusal: "'imagee' was unexpected",
    },
    Linter {
        name: "workflow-schema",
        shows: "workflows have the form that GitHub reads",
        program: || pinned::from_pypi("check-jsonschema"),
        version: "--version",
        arguments: &["--builtin-schema", "vendor.github-workflows"],
        files: WORKFLOWS,
        broken: "workflow-without-runner.yml",
        refusal: "'runs-on' is a required property",
    },
    Linter {
        name: "dependabot-schema",
        shows: "the plan of dependency updates has the form that GitHub reads",
        program: || pinned::from_pypi("check-jsonschema"),
        version: "--version",
        arguments: &["--builtin-schema", "vendor.dependabot"],
        files: &[".github/dependabot.yml"],
        broken: "dependabot.yml",
        refusal: "'hourly' is not one of",
    },
    Linter {
        name: "actionlint",
        shows: "workflows hold in types, expressions and shell",
        program: actionlint,
        version: "-version",
        arguments: &["-no-color"],
        files: WORKFLOWS,
        broken: "workflow-unknown-output.yml",
        refusal: "property \"digest\" is not defined",
    },
    Linter {
        name: "zizmor",
        shows: "workflows give away no more than they must",
        program: || pinned::from_pypi("zizmor"),
        version: "--version",
        arguments: &["--offline", "--persona", "pedantic", "--color", "never"],
        files: &[".github/workflows/*.yml", ".github/dependabot.yml"],
        broken: "workflow-unpinned.yml",
        refusal: "unpinned-uses",
    },
];

const WORKFLOWS: &[&str] = &[".github/workflows/*.yml"];

pub(super) const CHECKS: &[Check] = &[
    check::<0>(),
    check::<1>(),
    check::<2>(),
    check::<3>(),
    check::<4>(),
    check::<5>(),
    check::<6>(),
    check::<7>(),
];

/// A line of the table that is not in the list above does not compile.
const _: () = assert!(CHECKS.len() == LINTERS.len());

/// The check of one line of the table.
const fn check<const LINE: usize>() -> Check {
    Check {
        name: LINTERS[LINE].name,
        shows: LINTERS[LINE].shows,
        speed: Speed::Fast,
        commands: &[],
        run: || run(&LINTERS[LINE]),
    }
}

fn run(linter: &Linter) -> Result<String, Verdict> {
    let files = files_in_git(linter.files)?;
    if files.is_empty() {
        return Err(format!("no file is called {}", linter.files.join(" or ")).into());
    }
    if let Some(findings) = findings(linter, &files)? {
        return Err(findings.into());
    }
    let broken = format!("{BROKEN}/{}", linter.broken);
    match findings(linter, std::slice::from_ref(&broken))? {
        Some(findings) if findings.contains(linter.refusal) => version(linter),
        Some(findings) => Err(format!(
            "{broken} is not refused for {}, but:\n{findings}",
            linter.refusal
        )
        .into()),
        None => Err(format!("{broken} is not refused, so nothing may ever be").into()),
    }
}

/// What the linter prints about the files, when it refuses them.
fn findings(linter: &Linter, files: &[String]) -> Result<Option<String>, Verdict> {
    let output = (linter.program)()?
        .args(linter.arguments)
        .args(files)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("cannot start {}: {error}", linter.name))?;
    let text = [output.stdout, output.stderr].concat();
    let refused = !output.status.success();
    Ok(refused.then(|| String::from_utf8_lossy(&text).into_owned()))
}

/// The linter and the first number in its answer.
fn version(linter: &Linter) -> Result<String, Verdict> {
    let mut command = (linter.program)()?;
    let program = Path::new(command.get_program())
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let answer = process::output_of(command.arg(linter.version)).unwrap_or_default();
    let number = answer
        .split_whitespace()
        .map(|word| word.trim_start_matches('v'))
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .ok_or_else(|| format!("{program} does not tell its version"))?;
    Ok(format!("{program} {number}"))
}

/// Files that are or could be committed, without the broken samples.
pub(super) fn files_in_git(pathspecs: &[&str]) -> Result<Vec<String>, Verdict> {
    let listed = process::output_of(
        Command::new("git")
            .current_dir(workspace::root())
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .arg("--")
            .args(pathspecs)
            .arg(format!(":(exclude){BROKEN}")),
    )
    .ok_or_else(|| "`git ls-files` failed; is this a clone of the repository?".to_owned())?;
    let there = |path: &&str| workspace::root().join(path).is_file();
    Ok(listed.lines().filter(there).map(str::to_owned).collect())
}

/// Lints the shell in workflows too, with the pinned shellcheck; without pyflakes, since there is no Python in them.
fn actionlint() -> Result<Command, Verdict> {
    let package = "github.com/rhysd/actionlint/cmd/actionlint";
    let mut command = pinned::from_go("actionlint", package, "v1.7.12")?;
    let shellcheck = pinned::from_pypi("shellcheck")?;
    command
        .arg("-shellcheck")
        .arg(shellcheck.get_program())
        .args(["-pyflakes", ""]);
    Ok(command)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_broken_sample_is_refused_by_a_linter_of_its_own() {
        let samples: BTreeSet<String> = std::fs::read_dir(workspace::root().join(BROKEN))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        let named: Vec<String> = LINTERS.iter().map(|line| line.broken.to_owned()).collect();
        assert_eq!(samples, named.iter().cloned().collect());
        assert_eq!(samples.len(), named.len());
    }
}
