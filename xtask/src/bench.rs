//! `cargo xtask bench`: runs the benchmark programs of the backend, which print their own tables. What follows
//! the name is for the program, such as `cargo xtask bench search --scale 100`. `peers` is the benchmark of search beside other
//! programs, whose packages are installed first. Those of tracing in the browser have files of their own. `collector` is the
//! load that the collector takes, beside other receivers.

mod browser;
pub(crate) mod wasm_size;

use std::path::{Path, PathBuf};
use std::process::Command;

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
        [name] if name == "collector" => return collector(),
        [name, ..]
            if ["wasm-size", "browser-span", "paused-response", "collector"]
                .contains(&name.as_str()) =>
        {
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

/// The collector beside the OpenTelemetry Collector and rotel, as far as they are to be had.
fn collector() -> Result<(), Failure> {
    let mut command = process::cargo();
    command.args(["bench", "--quiet", "-p", "collector", "--bench", "load"]);
    match python::environment(Path::new("benches/peers/rotel.txt")) {
        Ok(programs) => drop(command.env("ROTEL", rotel_of(&programs)?)),
        Err(failure) => process::say(&format!("note: rotel cannot be had: {}", failure.message)),
    }
    process::run(&mut command, &Stop::never())
}

/// The program inside of the package, which lies beside its Python.
fn rotel_of(programs: &Path) -> Result<PathBuf, Failure> {
    let script =
        "import pathlib, rotel; print(pathlib.Path(rotel.__file__).parent / 'rotel-agent')";
    let mut python = Command::new(programs.join("python"));
    process::output_of(python.args(["-c", script]))
        .map(|path| PathBuf::from(path.trim()))
        .ok_or_else(|| "the package rotel cannot be imported".into())
}
