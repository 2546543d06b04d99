//! Builds binaries and page, for `demo` and for the browser tests. The page is built again only when something that it
//! is made of has changed: wasm-bindgen and the compression take long even when cargo has nothing to do.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;
use crate::tools::Tools;
use crate::workspace;

/// What the page is made of, by files and folders of the workspace.
const INPUTS: &[&str] = &[
    ".cargo",
    "Cargo.lock",
    "Cargo.toml",
    "benches/browser/budgets.toml",
    "crates/boxed-view",
    "crates/boxed-view-macro",
    "crates/opentelemetry-browser",
    "crates/otlp-encoder",
    "crates/trace-model",
    "crates/trace-view",
    "frontend",
    "rust-toolchain.toml",
    "shared",
];
/// What lies in those folders and is no part of it.
const NOT_INPUTS: &[&str] = &["frontend/dist", "frontend/server"];

/// How much the compiler shall do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Compiles fast.
    Debug,
    /// Runs fast, and the page is small.
    Release,
}

impl Profile {
    /// cargo's name of the folder for binaries of this profile.
    fn folder(self) -> &'static str {
        match self {
            Profile::Debug => "debug",
            Profile::Release => "release",
        }
    }
}

/// Where the built page lies.
pub(crate) fn dist_folder() -> PathBuf {
    workspace::root().join("frontend").join("dist")
}

/// Fetches all crates, so that the steps after it need no network.
///
/// # Errors
/// When cargo cannot.
pub(crate) fn fetch_crates(stop: &Stop) -> Result<(), Failure> {
    process::run(
        process::cargo().args(["fetch", "--locked", "--quiet"]),
        stop,
    )
}

/// Builds the three services and returns the folder of their binaries.
///
/// # Errors
/// When they do not compile.
pub(crate) fn build_binaries(profile: Profile, stop: &Stop) -> Result<PathBuf, Failure> {
    build_packages(&["backend", "collector", "frontend-server"], profile, stop)
}

/// Builds some of the services and returns the folder of their binaries.
///
/// # Errors
/// When they do not compile.
pub(crate) fn build_packages(
    packages: &[&str],
    profile: Profile,
    stop: &Stop,
) -> Result<PathBuf, Failure> {
    let mut command = process::cargo();
    command.args(["build", "--locked"]);
    for package in packages {
        command.args(["-p", package]);
    }
    if profile == Profile::Release {
        command.arg("--release");
    }
    process::run(&mut command, stop)?;
    Ok(workspace::target_folder()?.join(profile.folder()))
}

/// Builds the page with compressed copies of its files, unless the last build is still right, and returns its folder.
/// `binaries` is what [`build_binaries`] has returned.
///
/// # Errors
/// When it does not compile.
pub(crate) fn build(
    profile: Profile,
    tools: &Tools,
    binaries: &Path,
    stop: &Stop,
) -> Result<PathBuf, Failure> {
    let dist = dist_folder();
    let stamp = workspace::target_folder()?.join("xtask").join("page");
    let inputs = hash_of_inputs(workspace::root())?;
    let expected = |dist_hash: u64| format!("{} {inputs:016x} {dist_hash:016x}", profile.folder());
    if let (Ok(found), Ok(dist_hash)) = (std::fs::read_to_string(&stamp), hash_of_dist(&dist))
        && found == expected(dist_hash)
    {
        process::say("    unchanged");
        return Ok(dist);
    }

    let mut trunk = Command::new(tools.program("trunk")?);
    trunk
        .current_dir(workspace::root().join("frontend"))
        .env("PATH", tools.path()?)
        // Its own downloads are not needed: the tools are on PATH.
        .args(["build", "--offline=true", "--skip-version-check"]);
    match profile {
        // The variable is for `frontend/splitter`, which cannot see what Trunk was told.
        Profile::Debug => trunk
            .env("FRONTEND_PROFILE", "dev")
            .args(["--cargo-profile", "dev"]),
        Profile::Release => trunk.args(["--release", "--cargo-profile", "wasm-release"]),
    };
    // Trunk takes only true or false here, others set it to 1.
    trunk.env_remove("NO_COLOR");
    process::run(&mut trunk, stop)?;
    if profile == Profile::Release {
        let mut precompress = Command::new(binaries.join("frontend-server"));
        process::run(precompress.arg("precompress").arg(&dist), stop)?;
    }

    let made = hash_of_dist(&dist)?;
    stamp
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(&stamp, expected(made)))
        .map_err(|error| format!("cannot write {}: {error}", stamp.display()))?;
    Ok(dist)
}

/// Names and contents.
fn hash_of_inputs(root: &Path) -> Result<u64, Failure> {
    let left_out: Vec<PathBuf> = NOT_INPUTS.iter().map(|path| root.join(path)).collect();
    let mut files = BTreeSet::new();
    for input in INPUTS {
        list_files(&root.join(input), &left_out, &mut files)?;
    }
    let mut hasher = DefaultHasher::new();
    for file in files {
        let content = std::fs::read(&file).map_err(|error| unreadable(&file, &error))?;
        file.hash(&mut hasher);
        content.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// Names, sizes and times: enough to see that another build has been here.
fn hash_of_dist(dist: &Path) -> Result<u64, Failure> {
    let mut files = BTreeSet::new();
    list_files(dist, &[], &mut files)?;
    let mut hasher = DefaultHasher::new();
    for file in files {
        let metadata = file.metadata().map_err(|error| unreadable(&file, &error))?;
        let changed = metadata.modified().ok();
        let changed_ns =
            changed.and_then(|time| Some(time.duration_since(UNIX_EPOCH).ok()?.as_nanos()));
        (&file, metadata.len(), changed_ns).hash(&mut hasher);
    }
    Ok(hasher.finish())
}

fn list_files(
    path: &Path,
    left_out: &[PathBuf],
    files: &mut BTreeSet<PathBuf>,
) -> Result<(), Failure> {
    if left_out.iter().any(|folder| folder == path) {
        return Ok(());
    }
    if path.is_dir() {
        let entries = std::fs::read_dir(path).map_err(|error| unreadable(path, &error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(path, &error))?;
            list_files(&entry.path(), left_out, files)?;
        }
    } else if path.is_file() {
        files.insert(path.to_owned());
    } else {
        return Err(format!("{} is missing", path.display()).into());
    }
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    format!("cannot read {}: {error}", path.display()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A workspace with one line in every input.
    fn workspace(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("xtask-page-{name}-{}", std::process::id()));
        for input in INPUTS.iter().chain(NOT_INPUTS) {
            let path = root.join(input);
            let file = match input.contains('.') && !input.starts_with('.') {
                true => path,
                false => path.join("file"),
            };
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "one\n").unwrap();
        }
        root
    }

    #[test]
    fn a_changed_input_changes_the_hash_and_a_built_file_does_not() {
        let root = workspace("hash");
        let before = hash_of_inputs(&root).unwrap();
        for path in ["frontend/dist/file", "frontend/server/file"] {
            std::fs::write(root.join(path), "two\n").unwrap();
        }
        let built = hash_of_inputs(&root).unwrap();
        std::fs::write(root.join("shared/file"), "two\n").unwrap();
        let changed = hash_of_inputs(&root).unwrap();
        std::fs::remove_dir_all(&root).unwrap();

        assert_eq!(before, built);
        assert_ne!(before, changed);
    }

    #[test]
    fn a_missing_input_is_named() {
        let root = workspace("missing");
        std::fs::remove_file(root.join("Cargo.lock")).unwrap();
        let message = hash_of_inputs(&root).unwrap_err().message;
        std::fs::remove_dir_all(&root).unwrap();
        assert!(message.ends_with("Cargo.lock is missing"), "{message}");
    }
}
