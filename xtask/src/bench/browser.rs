//! `cargo xtask bench browser-span` and `cargo xtask bench paused-response`: what tracing costs a page in Chromium, beside the
//! same done by opentelemetry-js. Builds both sides; `e2e/examples/browser_bench` drives the browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::wasm_size;
use crate::failure::Failure;
use crate::node;
use crate::process;
use crate::supervise::Stop;
use crate::test;
use crate::tools::Tools;
use crate::workspace;

const PEERS: &str = "benches/browser/peers";
const PAGES: &str = "benches/browser/pages";

/// A program of `browser-bench`, compiled for the browser.
pub(super) struct Module {
    /// Folder of its files.
    pub(super) name: &'static str,
    pub(super) program: &'static str,
    /// Feature of `browser-bench`; empty for none.
    pub(super) feature: &'static str,
    pub(super) profile: &'static str,
}

/// How the page of this project is compiled.
pub(super) const SMALL: &str = "wasm-release";
const SMALL_SPANS: Module = Module {
    name: "spans-small",
    program: "spans",
    feature: "core",
    profile: SMALL,
};
const FAST_SPANS: Module = Module {
    name: "spans-fast",
    profile: "wasm-fast",
    ..SMALL_SPANS
};
const PAUSED_PAGE: Module = Module {
    name: "paused",
    program: "page",
    feature: "load",
    profile: SMALL,
};

/// Runs the command for one of `spans` and `paused`.
pub(super) fn run(what: &str) -> Result<(), Failure> {
    let stop = Stop::never();
    let tools = Tools::ensure_wasm_bindgen(false, &stop)?;
    let chromedriver = test::chromedriver(&stop)?;
    let modules: &[Module] = match what {
        "spans" => &[SMALL_SPANS, FAST_SPANS],
        _ => &[PAUSED_PAGE],
    };
    for module in modules {
        build_module(&tools, module, &stop)?;
    }
    bundle_peers()?;
    let mut command = process::cargo();
    command
        .args(["run", "--quiet", "--locked", "-p", "e2e"])
        .args(["--example", "browser_bench", "--", what])
        .arg(workspace::root().join(PAGES))
        .arg(built_folder()?)
        .env("CHROMEDRIVER", chromedriver);
    process::run(&mut command, &stop)
}

/// Compiles a module and returns the folder of its files.
///
/// # Errors
/// When it does not compile.
pub(super) fn build_module(
    tools: &Tools,
    module: &Module,
    stop: &Stop,
) -> Result<PathBuf, Failure> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let Module {
        name,
        program,
        feature,
        profile,
    } = module;
    let mut command = process::cargo();
    command
        .args(["build", "--quiet", "--locked", "-p", "browser-bench"])
        .args(["--bin", program, "--features", feature])
        .args(["--target", TARGET, "--profile", profile])
        // What the compiler may use of WebAssembly stays in the module, for wasm-bindgen to use it as well; names go there.
        .arg("--config")
        .arg(format!("profile.{profile}.strip='debuginfo'"));
    process::run(&mut command, stop)?;
    let folder = built_folder()?.join(name);
    let _ = std::fs::remove_dir_all(&folder);
    let compiled = workspace::target_folder()?.join(TARGET).join(profile);
    let mut bind = Command::new(tools.program("wasm-bindgen")?);
    bind.args(["--target", "web", "--no-typescript"])
        .args(["--remove-name-section", "--remove-producers-section"])
        .arg("--out-dir")
        .arg(&folder)
        .arg(compiled.join(program).with_extension("wasm"));
    process::run(&mut bind, stop)?;
    Ok(folder)
}

/// Bundles the JavaScript libraries; their names with their bytes after compression.
///
/// # Errors
/// When they cannot be had or bundled.
pub(super) fn bundle_peers() -> Result<Vec<(String, u64)>, Failure> {
    let environment = peers_environment()?;
    let folder = built_folder()?.join("peers");
    let _ = std::fs::remove_dir_all(&folder);
    let mut build = Command::new("node");
    build.arg("build.js").arg(folder).current_dir(environment);
    let printed = process::output_of(&mut build).ok_or("esbuild cannot bundle the peers")?;
    Ok(printed.lines().filter_map(name_and_bytes).collect())
}

/// The bytes after compression of a module that was built before, its JavaScript bundled as the libraries are.
///
/// # Errors
/// When it cannot be bundled.
pub(super) fn bundled_bytes(module: &str, program: &str) -> Result<u64, Failure> {
    let folder = built_folder()?.join(module);
    let environment = peers_environment()?;
    let mut bundle = Command::new("node");
    bundle
        .arg("bundle.js")
        .arg(folder.join(program).with_extension("js"))
        .current_dir(environment);
    let script_bytes: u64 = process::output_of(&mut bundle)
        .and_then(|printed| printed.trim().parse().ok())
        .ok_or_else(|| format!("esbuild cannot bundle {module}"))?;
    let wasm_bytes = wasm_size::gzip(&folder.join(format!("{program}_bg.wasm")))?;
    Ok(script_bytes + wasm_bytes)
}

/// The folder with the packages and the scripts that bundle.
fn peers_environment() -> Result<PathBuf, Failure> {
    let source = workspace::root().join(PEERS);
    let environment = node::environment(Path::new(PEERS))?;
    let modules = environment.join("entries");
    let _ = std::fs::remove_dir_all(&modules);
    node::copy_files(&source, &environment)?;
    node::copy_files(&source.join("entries"), &modules)?;
    Ok(environment)
}

fn name_and_bytes(line: &str) -> Option<(String, u64)> {
    let (name, bytes) = line.split_once(' ')?;
    Some((name.to_owned(), bytes.parse().ok()?))
}

fn built_folder() -> Result<PathBuf, Failure> {
    Ok(workspace::target_folder()?
        .join("xtask")
        .join("browser-bench"))
}
