//! Programs from PyPI, pinned by version and hash: each list of requirements gets a virtual environment of its own in the
//! cache folder.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;
use crate::tools::tools_folder;
use crate::workspace;

/// The folder with the programs of a virtual environment that has the packages of `requirements`, a file of this
/// workspace. It is made at first use, and again when the file has changed.
///
/// # Errors
/// When there is no Python or the packages cannot be had.
pub(crate) fn environment(requirements: &Path) -> Result<PathBuf, Failure> {
    let requirements = workspace::root().join(requirements);
    let python = ["python3", "python"]
        .into_iter()
        .find_map(process::find_program)
        .ok_or("there is no python3")?;
    let text = std::fs::read_to_string(&requirements)
        .map_err(|error| format!("cannot read {}: {error}", requirements.display()))?;
    let mut hasher = DefaultHasher::new();
    (text, &python).hash(&mut hasher);
    let folder = tools_folder()
        .ok_or("neither XDG_CACHE_HOME nor HOME is set: no place for tools")?
        .join(format!("python-{:016x}", hasher.finish()));
    let programs = folder.join("bin");
    // Written last: an interrupted installation leaves nothing that looks whole.
    let whole = folder.join("whole");
    if !whole.is_file() {
        process::say("installing pinned packages from PyPI, up to a minute");
        let _ = std::fs::remove_dir_all(&folder);
        let stop = Stop::never();
        process::run(
            Command::new(python).args(["-m", "venv"]).arg(&folder),
            &stop,
        )?;
        let mut pip = Command::new(programs.join("python"));
        pip.args(["-m", "pip", "install", "--quiet", "--require-hashes"])
            .args(["--disable-pip-version-check", "--only-binary", ":all:"])
            .arg("--requirement")
            .arg(requirements);
        process::run(&mut pip, &stop)?;
        std::fs::write(&whole, "")
            .map_err(|error| format!("cannot write {}: {error}", whole.display()))?;
    }
    Ok(programs)
}
