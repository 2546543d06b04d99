//! `cargo xtask screenshots`: takes the pictures of the documentation from the real page, with the bundled sample.

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;
use crate::test;
use crate::workspace;

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if !arguments.is_empty() {
        return Err(Failure::usage("screenshots takes no arguments"));
    }
    let stop = Stop::never();
    let mut command = test::with_everything_built(&stop)?;
    command
        .args(["run", "--locked", "-p", "e2e", "--example", "screenshots"])
        .arg(workspace::root().join("docs").join("images"));
    process::run(&mut command, &stop)
}
