//! `cargo xtask test`: every test of the project in four parts. Each part runs even when one before it has failed, and
//! the end is a table of what took how long.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::bench::wasm_size;
use crate::failure::Failure;
use crate::node;
use crate::page::{self, Profile};
use crate::process;
use crate::python;
use crate::supervise::Stop;
use crate::tools::{self, Tools};
use crate::verify_deploy;
use crate::workspace;

/// What Python needs to decode OTLP.
const OTLP_REQUIREMENTS: &str = "crates/otlp-encoder/tests/integration/python/requirements.txt";

/// What Python and Node.js need to export into the collector.
const INTEROP_PYTHON: &str = "collector/tests/interop/python/requirements.txt";
const INTEROP_NODE: &str = "collector/tests/interop/javascript";

struct Part {
    name: &'static str,
    run: fn(&Stop) -> Result<(), Failure>,
}

const PARTS: &[Part] = &[
    Part {
        name: "native",
        run: native,
    },
    Part {
        name: "wasm",
        run: wasm,
    },
    Part {
        name: "e2e",
        run: e2e,
    },
    Part {
        name: "deploy",
        run: deploy,
    },
];

/// The rules by which the browser tests look for barriers.
const AXE: &str = "e2e/axe";

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    let parts: Vec<&Part> = match arguments {
        [] => PARTS.iter().collect(),
        [name] => PARTS.iter().filter(|part| part.name == name).collect(),
        _ => Vec::new(),
    };
    if parts.is_empty() {
        return Err(Failure::usage(
            "test takes one of native, wasm, e2e, deploy, or nothing for all",
        ));
    }
    let stop = Stop::never();
    let started = Instant::now();
    let mut table = Vec::new();
    let mut failed = Vec::new();
    for part in parts {
        process::say(&format!("==> {} tests", part.name));
        let part_started = Instant::now();
        let outcome = (part.run)(&stop);
        table.push(row(part.name, part_started.elapsed(), outcome.is_ok()));
        if let Err(failure) = outcome {
            process::complain(&failure.message);
            failed.push(part.name);
        }
    }
    table.push(row("total", started.elapsed(), failed.is_empty()));
    process::say(&format!("\n{}", table.join("\n")));
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("tests failed: {}", failed.join(", ")).into()),
    }
}

/// Everything that runs on this machine without a browser.
fn native(stop: &Stop) -> Result<(), Failure> {
    let mut command = process::cargo();
    match python::environment(Path::new(OTLP_REQUIREMENTS)) {
        Ok(programs) => drop(command.env("OTLP_PYTHON", programs.join("python"))),
        Err(failure) => process::say(&format!(
            "note: OTLP is not compared with Python's opentelemetry-proto, which cannot be had: {}",
            failure.message
        )),
    }
    match python::environment(Path::new(INTEROP_PYTHON)) {
        Ok(programs) => drop(command.env("INTEROP_PYTHON", programs.join("python"))),
        Err(failure) => process::say(&format!(
            "note: opentelemetry-python does not export into the collector, it cannot be had: {}",
            failure.message
        )),
    }
    if let Some(otelcol) = verify_deploy::otelcol::at_hand() {
        command.env("OTELCOL", otelcol);
    }
    match interop_node() {
        Ok(folder) => drop(command.env("INTEROP_NODE", folder)),
        Err(failure) => process::say(&format!(
            "note: opentelemetry-js does not export into the collector, it cannot be had: {}",
            failure.message
        )),
    }
    command.args([
        "test",
        "--locked",
        "--workspace",
        "--exclude",
        "e2e",
        "--all-features",
    ]);
    process::run(&mut command, stop)
}

/// A folder with opentelemetry-js and the script that uses it.
fn interop_node() -> Result<PathBuf, Failure> {
    let folder = node::environment(Path::new(INTEROP_NODE))?;
    // The packages are made again when they change, the script may change without them.
    node::copy_files(&workspace::root().join(INTEROP_NODE), &folder)?;
    Ok(folder)
}

/// The browser tracer, the waterfall and the views in a real browser, and what the tracer adds to a page.
fn wasm(stop: &Stop) -> Result<(), Failure> {
    let tools = Tools::ensure_wasm_bindgen(false, stop)?;
    let chromedriver = chromedriver(stop)?;
    let mut command = process::cargo();
    command
        .args(["test", "--locked", "--all-features"])
        .args([
            "-p",
            "opentelemetry-browser",
            "-p",
            "trace-view",
            "-p",
            "boxed-view",
        ])
        .args(["--target", "wasm32-unknown-unknown"])
        .env("PATH", tools.path()?)
        .env("CHROMEDRIVER", chromedriver);
    process::run(&mut command, stop)?;
    wasm_size::check_crate(&tools, stop)
}

/// The built page in a real browser against the real services.
fn e2e(stop: &Stop) -> Result<(), Failure> {
    let mut command = with_everything_built(stop)?;
    wasm_size::check_page(&page::dist_folder())?;
    command.args(["test", "--locked", "-p", "e2e", "--", "--test-threads=1"]);
    process::run(&mut command, stop)
}

/// The fast checks of what deploys the project.
fn deploy(_stop: &Stop) -> Result<(), Failure> {
    verify_deploy::run_fast()
}

/// A cargo that may run the crate `e2e`: the page and the services are built, the browser is there.
///
/// # Errors
/// When something does not compile or cannot be had.
pub(crate) fn with_everything_built(stop: &Stop) -> Result<Command, Failure> {
    let chromedriver = chromedriver(stop)?;
    page::fetch_crates(stop)?;
    let tools = Tools::ensure(false, stop)?;
    let binaries = page::build_binaries(Profile::Release, stop)?;
    let dist = page::build(Profile::Release, &tools, &binaries, stop)?;
    let mut command = process::cargo();
    command
        .env("E2E_BIN_DIR", binaries)
        .env("E2E_DIST", dist)
        .env("CHROMEDRIVER", chromedriver);
    match node::environment(Path::new(AXE)) {
        Ok(folder) => drop(command.env("E2E_AXE", folder.join("node_modules/axe-core/axe.min.js"))),
        Err(failure) => process::say(&format!(
            "note: nobody looks for barriers in the page, since axe-core cannot be had: {}",
            failure.message
        )),
    }
    if std::env::var_os("CHROMIUM").is_none()
        && let Some(chromium) = process::find_program("chromium")
    {
        command.env("CHROMIUM", chromium);
    }
    Ok(command)
}

/// The driver of the browser: the one that is set, or on PATH, or Debian's.
///
/// # Errors
/// When it is none of them and cannot be installed.
pub(crate) fn chromedriver(stop: &Stop) -> Result<PathBuf, Failure> {
    if let Some(set) = std::env::var_os("CHROMEDRIVER") {
        return Ok(PathBuf::from(set));
    }
    if let Some(found) = process::find_program("chromedriver") {
        return Ok(found);
    }
    process::say("the browser tests need Chromium and its driver");
    tools::install_debian_packages(&["chromium", "chromium-driver"], stop)?;
    process::find_program("chromedriver")
        .ok_or_else(|| "Debian's chromium-driver has not brought chromedriver".into())
}

fn row(name: &str, took: Duration, passed: bool) -> String {
    let verdict = if passed { "passed" } else { "FAILED" };
    format!("{name:8} {verdict} {:7.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_part_is_refused_before_anything_runs() {
        let failure = run(&["unit".to_owned()]).unwrap_err();
        assert_eq!(failure.exit_code, 2);
    }

    #[test]
    fn rows_stand_below_each_other() {
        assert_eq!(
            row("e2e", Duration::from_millis(75_432), true),
            "e2e      passed    75.4 s"
        );
        assert_eq!(
            row("native", Duration::from_secs(9), false),
            "native   FAILED     9.0 s"
        );
    }
}
