//! The programs that checks run, pinned: from PyPI into one virtual environment, from the Go module proxy one by one,
//! both in the cache folder. A program that cannot be had makes its check skipped, not failed.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Verdict;
use crate::process;
use crate::python;
use crate::supervise::Stop;
use crate::tools::tools_folder;

const REQUIREMENTS: &str = "xtask/src/verify_deploy/requirements.txt";

/// A program in the virtual environment of `requirements.txt`, which is made at first use.
///
/// # Errors
/// Skipped, when there is no Python or the packages cannot be had.
pub(super) fn from_pypi(program: &str) -> Result<Command, Verdict> {
    let programs = python::environment(Path::new(REQUIREMENTS))
        .map_err(|failure| Verdict::Skipped(failure.message))?;
    let mut command = Command::new(programs.join(program));
    command.current_dir(crate::workspace::root());
    Ok(command)
}

/// The program that `go install` makes of `package@version`, kept for the next run.
///
/// # Errors
/// Skipped, when there is no Go or the module cannot be had.
pub(super) fn from_go(program: &str, package: &str, version: &str) -> Result<Command, Verdict> {
    let place = folder()?.join(format!("{program}-{version}"));
    let built = place.join(program);
    if !built.is_file() {
        let go = process::find_program("go").ok_or_else(|| {
            Verdict::Skipped(format!(
                "{program} would be compiled by go, which is missing"
            ))
        })?;
        process::say(&format!(
            "compiling {program} {version}, a minute or two on two cores"
        ));
        run(Command::new(go)
            .args(["install", &format!("{package}@{version}")])
            .env("GOBIN", &place)
            .env("GOFLAGS", "-buildvcs=false -trimpath")
            .env("CGO_ENABLED", "0"))?;
    }
    let mut command = Command::new(built);
    command.current_dir(crate::workspace::root());
    Ok(command)
}

fn folder() -> Result<PathBuf, Verdict> {
    tools_folder().ok_or_else(|| {
        Verdict::Skipped("neither XDG_CACHE_HOME nor HOME is set: no place for tools".to_owned())
    })
}

/// What fails here is a tool that cannot be had.
fn run(command: &mut Command) -> Result<(), Verdict> {
    process::run(command, &Stop::never()).map_err(|failure| Verdict::Skipped(failure.message))
}
