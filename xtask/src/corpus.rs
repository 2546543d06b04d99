//! `cargo xtask corpus`: downloads and verifies the books. The backend knows where they come from and what they must
//! be; this only calls it.

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if let Some(unknown) = arguments.first() {
        return Err(Failure::usage(format!(
            "corpus takes no arguments, not `{unknown}`"
        )));
    }
    let mut command = process::cargo();
    command.args([
        "run",
        "--release",
        "--quiet",
        "-p",
        "backend",
        "--",
        "fetch-corpus",
    ]);
    process::run(&mut command, &Stop::never())
}
