//! The standard library for WebAssembly. rustup installs it by `rust-toolchain.toml`, but not where it was told to install
//! nothing by itself or where the toolchain is one that was linked by hand.

use std::path::Path;
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;
use crate::workspace;

const TARGET: &str = "wasm32-unknown-unknown";

/// Makes sure of it; with `offline`, nothing is fetched.
///
/// # Errors
/// When it is missing and cannot be had.
pub(crate) fn ensure(offline: bool, stop: &Stop) -> Result<(), Failure> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", TARGET]);
    // Without rustc on PATH there is no rustup either, and cargo will say best what it misses.
    let Some(folder) = process::output_of(rustc.current_dir(workspace::root())) else {
        return Ok(());
    };
    if Path::new(folder.trim_end()).is_dir() {
        return Ok(());
    }
    if offline {
        return Err(
            format!("Rust's {TARGET} is missing, and --offline forbids fetching it").into(),
        );
    }
    process::say(&format!("Rust's {TARGET} is missing; asking rustup for it"));
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]);
    process::run(rustup.current_dir(workspace::root()), stop)
}
