//! `cargo xtask bench`: runs the benchmark programs of the backend, which print their own tables. What follows
//! the name is for the program, such as `cargo xtask bench search --scale 100`.

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let mut command = process::cargo();
    command.args(["bench", "--quiet", "-p", "backend"]);
    match arguments {
        [] => command.arg("--benches"),
        [name, rest @ ..] => command.args(["--bench", name, "--"]).args(rest),
    };
    process::run(&mut command, &Stop::never())
}
