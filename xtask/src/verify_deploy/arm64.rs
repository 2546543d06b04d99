//! The services compiled for 64-bit ARM and run under emulation, on any Debian machine of another kind. The images of that
//! kind are built on ARM machines (`.github/workflows/images.yml`); this shows early that the sources allow it.

use std::process::Command;

use super::{Check, Speed, Verdict};
use crate::http;
use crate::process;
use crate::services::Services;
use crate::supervise::Stop;
use crate::tools;
use crate::workspace;

pub(super) const CHECKS: &[Check] = &[Check {
    name: "arm64",
    shows: "the services compile for 64-bit ARM, and its backend answers a search under emulation",
    speed: Speed::Slow,
    commands: &[],
    run: arm64,
}];

const TARGET: &str = "aarch64-unknown-linux-gnu";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64-static";

fn arm64() -> Result<String, Verdict> {
    let stop = Stop::never();
    let skipped = |failure: crate::failure::Failure| Verdict::Skipped(failure.message);
    if process::find_program(LINKER).is_none() || process::find_program(EMULATOR).is_none() {
        let packages = [
            "gcc-aarch64-linux-gnu",
            "libc6-dev-arm64-cross",
            "qemu-user-static",
        ];
        tools::install_debian_packages(&packages, &stop).map_err(skipped)?;
    }
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]);
    process::run(rustup.current_dir(workspace::root()), &stop).map_err(skipped)?;

    // A folder of its own: other flags would make cargo compile everything again at the next ordinary build.
    let folder = workspace::target_folder()?.join("arm64");
    let mut build = process::cargo();
    build
        .args(["build", "--release", "--locked", "--target", TARGET])
        .args(["-p", "backend", "-p", "collector", "-p", "frontend-server"])
        .env("CARGO_TARGET_DIR", &folder)
        .env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER)
        // As in the Dockerfile.
        .env("RUSTFLAGS", "-C target-feature=+crt-static");
    process::run(&mut build, &stop)?;

    let programs = folder.join(TARGET).join("release");
    for name in ["collector", "frontend-server"] {
        let mut version = Command::new(EMULATOR);
        process::run(version.arg(programs.join(name)).arg("--version"), &stop)?;
    }
    let mut backend = Command::new(EMULATOR);
    backend
        .arg(programs.join("backend"))
        .args(["--listen", "127.0.0.1:0"])
        .env("OTEL_TRACES_EXPORTER", "none");
    let mut services = Services::default();
    let [address] = services.start("backend", &mut backend, ["http"], &stop)?;
    services.wait_until_ready(&address, "/readyz", &stop)?;
    let answer = http::get(&address, "/search?q=white+whale&method=tfidf")
        .ok_or("the backend does not answer a search under emulation")?;
    services.stop()?;
    if answer.status != 200 || !answer.body.contains("\"melville-moby_dick.txt\"") {
        return Err(format!("the search answered {}: {}", answer.status, answer.body).into());
    }
    let emulator = process::output_of(Command::new(EMULATOR).arg("--version"));
    let emulator = emulator.unwrap_or_default();
    Ok(emulator.lines().next().unwrap_or(EMULATOR).to_owned())
}
