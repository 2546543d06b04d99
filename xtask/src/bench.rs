//! `cargo xtask bench`: runs the benchmark programs of the backend, which print their own tables. What follows
//! the name is for the program, such as `cargo xtask bench search --scale 100`. `peers` is the benchmark of search beside other
//! programs, whose packages are installed first.

use std::path::Path;

use crate::failure::Failure;
use crate::process;
use crate::python;
use crate::supervise::Stop;

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let mut command = process::cargo();
    command.args(["bench", "--quiet", "-p", "backend"]);
    match arguments {
        [] => command.arg("--benches"),
        [name] if name == "peers" => {
            let programs = python::environment(Path::new("benches/peers/requirements.txt"))?;
            command
                .args(["--bench", "search", "--", "--peers"])
                .arg(programs.join("python"))
        }
        [name, rest @ ..] => command.args(["--bench", name, "--"]).args(rest),
    };
    process::run(&mut command, &Stop::never())
}
