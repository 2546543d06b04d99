//! Packages from npm, pinned by a lock file with their hashes: each folder with a package.json gets a copy in the cache
//! folder, where they are installed and its scripts run.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;
use crate::tools::tools_folder;
use crate::workspace;

/// What decides which packages are installed.
const PINS: [&str; 2] = ["package.json", "package-lock.json"];

/// A folder in which the packages of `package`, a folder of this workspace, are installed. It is made at first use, and
/// again when a pin has changed.
///
/// # Errors
/// When there is no Node.js or the packages cannot be had.
pub(crate) fn environment(package: &Path) -> Result<PathBuf, Failure> {
    for program in ["node", "npm"] {
        process::find_program(program).ok_or_else(|| {
            format!("there is no {program}: install Node.js 20 or later, as by `sudo apt-get install -y nodejs npm`")
        })?;
    }
    let package = workspace::root().join(package);
    let mut hasher = DefaultHasher::new();
    for pin in PINS {
        read(&package.join(pin))?.hash(&mut hasher);
    }
    let folder = tools_folder()
        .ok_or("neither XDG_CACHE_HOME nor HOME is set: no place for tools")?
        .join(format!("node-{:016x}", hasher.finish()));
    // Written last: an interrupted installation leaves nothing that looks whole.
    let whole = folder.join("whole");
    if !whole.is_file() {
        process::say("installing pinned packages from npm, up to a minute");
        let _ = std::fs::remove_dir_all(&folder);
        copy_files(&package, &folder)?;
        // No package runs a script of its own while it is installed.
        let mut npm = Command::new("npm");
        npm.args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--silent",
        ])
        .current_dir(&folder);
        process::run(&mut npm, &Stop::never())?;
        std::fs::write(&whole, "")
            .map_err(|error| format!("cannot write {}: {error}", whole.display()))?;
    }
    Ok(folder)
}

/// Copies the files of `from`, without its folders, into `to`, which is made where it is missing.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn copy_files(from: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error| {
        format!(
            "cannot copy {} to {}: {error}",
            from.display(),
            to.display()
        )
    };
    std::fs::create_dir_all(to).map_err(failed)?;
    for entry in std::fs::read_dir(from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            std::fs::copy(&path, to.join(name)).map_err(failed)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()).into())
}
