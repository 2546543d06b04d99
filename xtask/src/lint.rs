//! `cargo xtask lint`: formatting, clippy for both targets, documentation, packages, tidy. Every check runs, so that one run
//! shows all that is wrong.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;
use crate::tidy;
use crate::tools;
use crate::workspace;

/// Crates that are compiled for the browser.
const WASM_PACKAGES: &[&str] = &[
    "boxed-view",
    "frontend",
    "opentelemetry-browser",
    "otlp-encoder",
    "shared",
    "trace-model",
    "trace-view",
];

/// Crates that are of use without this project.
const PACKAGES: &[&str] = &[
    "boxed-view",
    "boxed-view-macro",
    "opentelemetry-browser",
    "otlp-encoder",
    "telemetry",
    "trace-model",
    "trace-view",
];

/// Those that a page takes and that compile in a moment: what is packed is also compiled, from the package alone.
const BROWSER_PACKAGES: &[&str] = &["opentelemetry-browser", "otlp-encoder", "trace-model"];

/// Runs the command.
pub(crate) fn run(arguments: &[String]) -> Result<(), Failure> {
    if let Some(unknown) = arguments.first() {
        return Err(Failure::usage(format!(
            "lint takes no arguments, not `{unknown}`"
        )));
    }
    tools::ensure_wasm_target(false, &Stop::never())?;
    let mut failed = Vec::new();
    for (name, mut command) in checks(&packages_folder()?) {
        process::say(&format!("==> {name}"));
        if let Err(failure) = process::run(&mut command, &Stop::never()) {
            process::complain(&failure.message);
            failed.push(name);
        }
    }
    process::say("==> tidy");
    if let Err(failure) = tidy::run(&[]) {
        process::complain(&failure.message);
        failed.push("tidy");
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("lint: {} failed", failed.join(", ")).into()),
    }
}

fn checks(packages: &Path) -> [(&'static str, Command); 8] {
    let mut format = process::cargo();
    format.args(["fmt", "--all", "--check"]);

    let mut native = process::cargo();
    native.args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--quiet",
    ]);
    native.args(["--", "-D", "warnings"]);

    // Tests with `test = false` in Cargo.toml run only when they are asked for, and are no part of all targets.
    let mut on_request = process::cargo();
    on_request.args(["clippy", "-p", "e2e", "--test", "*", "--quiet"]);
    on_request.args(["--", "-D", "warnings"]);

    let mut wasm = process::cargo();
    wasm.args(["clippy", "--target", "wasm32-unknown-unknown", "--quiet"]);
    for package in WASM_PACKAGES {
        wasm.args(["-p", package]);
    }
    wasm.args(["--", "-D", "warnings"]);

    // Its tests are the only ones that run in a browser; the others' need not compile for one.
    let mut wasm_tests = process::cargo();
    wasm_tests.args(["clippy", "--target", "wasm32-unknown-unknown", "--quiet"]);
    wasm_tests.args([
        "-p",
        "browser-bench",
        "-p",
        "opentelemetry-browser",
        "--all-targets",
        "--all-features",
    ]);
    wasm_tests.args(["--", "-D", "warnings"]);

    let mut documentation = process::cargo();
    documentation
        .args([
            "doc",
            "--workspace",
            "--all-features",
            "--no-deps",
            "--quiet",
        ])
        .env("RUSTDOCFLAGS", "-D warnings");

    [
        ("formatting", format),
        ("clippy", native),
        ("clippy for tests that run on request", on_request),
        ("clippy for wasm", wasm),
        ("clippy for the tests in wasm", wasm_tests),
        ("documentation", documentation),
        ("packages", package(PACKAGES, &["--no-verify"])),
        ("packages in the browser", compile_packages(packages)),
    ]
}

/// Packs crates as for a registry, of what lies here alone.
fn package(packages: &[&str], arguments: &[&str]) -> Command {
    let mut command = process::cargo();
    command.args([
        "package",
        "--quiet",
        "--locked",
        "--offline",
        "--allow-dirty",
    ]);
    for package in packages {
        command.args(["-p", package]);
    }
    command.args(arguments);
    command
}

/// Packs what a page takes and compiles it from the packages alone.
fn compile_packages(folder: &Path) -> Command {
    let mut command = package(BROWSER_PACKAGES, &["--target", "wasm32-unknown-unknown"]);
    command.arg("--target-dir").arg(folder);
    command
}

/// Where packages are compiled: a folder for each state of the crates, because cargo takes a package of the same name and
/// version, from the same folder, for the one it knows. Those of earlier states are removed.
fn packages_folder() -> Result<PathBuf, Failure> {
    let mut state = DefaultHasher::new();
    hash_files(&workspace::root().join("crates"), &mut state)
        .map_err(|error| format!("cannot read the folder crates: {error}"))?;
    let all = workspace::target_folder()?.join("packages");
    let folder = all.join(format!("{:016x}", state.finish()));
    if !folder.exists() && all.exists() {
        fs::remove_dir_all(&all)
            .map_err(|error| format!("cannot remove {}: {error}", all.display()))?;
    }
    Ok(folder)
}

/// Hashes the names and the bytes of all files in a folder.
fn hash_files(folder: &Path, state: &mut DefaultHasher) -> std::io::Result<()> {
    let entries: std::io::Result<Vec<_>> = fs::read_dir(folder)?.collect();
    let mut paths: Vec<PathBuf> = entries?.iter().map(fs::DirEntry::path).collect();
    paths.sort();
    for path in paths {
        path.hash(state);
        match path.is_dir() {
            true => hash_files(&path, state)?,
            false => fs::read(&path)?.hash(state),
        }
    }
    Ok(())
}
