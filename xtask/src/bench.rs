//! `cargo xtask bench`: runs the benchmark programs of the backend, which print their own tables.

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let mut command = process::cargo();
    command.args(["bench", "--quiet", "-p", "backend"]);
    match arguments {
        [] => command.arg("--benches"),
        [name] => command.args(["--bench", name]),
        _ => return Err(Failure::usage("bench takes at most one name")),
    };
    process::run(&mut command, &Stop::never())
}
