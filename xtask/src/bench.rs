//! `cargo xtask bench`: runs the benchmark programs of the backend, which print their own tables. What follows
//! the name is for the program, such as `cargo xtask bench search --scale 100`. `peers` is the benchmark of search beside other
//! programs, whose packages are installed first. Those of tracing in the browser have files of their own.

mod browser;
pub(crate) mod wasm_size;

use std::path::Path;

use crate::failure::Failure;
use crate::process;
use crate::python;
use crate::supervise::Stop;

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    match arguments {
        [name] if name == "wasm-size" => return wasm_size::run(),
        [name] if name == "browser-span" => return browser::run("spans"),
        [name] if name == "paused-response" => return browser::run("paused"),
        [name, ..] if ["wasm-size", "browser-span", "paused-response"].contains(&name.as_str()) => {
            return Err(Failure::usage(format!("bench {name} takes no arguments")));
        }
        _ => {}
    }
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
