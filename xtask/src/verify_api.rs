//! `cargo xtask verify-api`: the backend against its own description. schemathesis makes requests from
//! `/openapi.json`, well-formed ones and wrong ones, and holds every answer to what is described.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::python;
use crate::services::Services;
use crate::supervise::Stop;
use crate::workspace;

const FOLDER: &str = "xtask/src/verify_api";
/// Requests for each operation.
const EXAMPLES: &str = "500";
/// The same requests in every run.
const SEED: &str = "1";

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let examples = match arguments {
        [] => EXAMPLES,
        [flag, number] if flag == "--examples" => number,
        _ => return Err(Failure::usage("verify-api takes --examples N, or nothing")),
    };
    let stop = Stop::never();
    let folder = Path::new(FOLDER);
    let programs = python::environment(&folder.join("requirements.txt"))?;
    let mut build = process::cargo();
    build.args(["build", "--release", "--locked", "--quiet", "-p", "backend"]);
    process::run(&mut build, &stop)?;

    let mut services = Services::default();
    let target = workspace::target_folder()?;
    let mut backend = Command::new(target.join("release/backend"));
    backend
        .args(["--listen", "127.0.0.1:0"])
        .env("OTEL_TRACES_EXPORTER", "none");
    let [address] = services.start("backend", &mut backend, ["http"], &stop)?;
    services.wait_until_ready(&address, "/readyz", &stop)?;

    let mut schemathesis = Command::new(programs.join("schemathesis"));
    schemathesis
        // It keeps notes in the folder in which it runs.
        .current_dir(target)
        .arg("--config-file")
        .arg(workspace::root().join(folder).join("schemathesis.toml"))
        .arg("run")
        .arg(format!("http://{address}/openapi.json"))
        .args(["--checks", "all", "--max-examples", examples])
        .args(["--seed", SEED, "--generation-database", "none"])
        .args(["--continue-on-failure", "--no-color"]);
    let verified = process::run(&mut schemathesis, &stop);
    services.stop()?;
    verified
}
