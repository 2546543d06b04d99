//! The programs that make the page: Trunk and the wasm-bindgen CLI. Each is taken from PATH when the version is right,
//! else from the tools folder, else downloaded, else compiled; the first way that works wins. There is no wasm-opt: after
//! opt-level z and LTO it takes nothing off the compressed page (`frontend/Trunk.toml`).

mod debian;
mod download;
mod wasm_target;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;
use crate::workspace;

pub(crate) use debian::install as install_debian_packages;
pub(crate) use wasm_target::ensure as ensure_wasm_target;

/// A program, or a few that belong together, in one version.
struct Tool {
    name: &'static str,
    version: String,
    /// Files that must lie in one folder; the first one answers `--version`.
    programs: &'static [&'static str],
    release: download::Release,
    compile: Compile,
}

/// How cargo compiles a tool.
struct Compile {
    arguments: &'static [&'static str],
    krate: String,
    /// Measured on two cores.
    expected: &'static str,
}

/// Folders that hold the tools.
pub(crate) struct Tools {
    folders: Vec<PathBuf>,
}

impl Tools {
    /// Makes sure of everything that a build of the page needs. With `offline`, nothing is fetched.
    ///
    /// # Errors
    /// When a tool cannot be had, with what was tried.
    pub(crate) fn ensure(offline: bool, stop: &Stop) -> Result<Tools, Failure> {
        ensure_wasm_target(offline, stop)?;
        let mut folders = Vec::new();
        for tool in [wasm_bindgen()?, trunk()] {
            let folder = match tool.find() {
                Some(folder) => folder,
                None => tool.install(offline, stop)?,
            };
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        Ok(Tools { folders })
    }

    /// Only what the wasm tests need.
    ///
    /// # Errors
    /// When it cannot be had.
    pub(crate) fn ensure_wasm_bindgen(offline: bool, stop: &Stop) -> Result<Tools, Failure> {
        ensure_wasm_target(offline, stop)?;
        let tool = wasm_bindgen()?;
        let folder = match tool.find() {
            Some(folder) => folder,
            None => tool.install(offline, stop)?,
        };
        Ok(Tools {
            folders: vec![folder],
        })
    }

    /// PATH with the tools in front.
    ///
    /// # Errors
    /// When a folder cannot stand in PATH.
    pub(crate) fn path(&self) -> Result<OsString, Failure> {
        let folders = self.folders.iter().cloned().chain(process::path_folders());
        std::env::join_paths(folders)
            .map_err(|error| format!("cannot put the tools on PATH: {error}").into())
    }

    /// A program of the tools, by its whole path.
    ///
    /// # Errors
    /// When no tool folder has it.
    pub(crate) fn program(&self, name: &str) -> Result<PathBuf, Failure> {
        self.folders
            .iter()
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
            .ok_or_else(|| format!("{name} is not among the tools").into())
    }
}

fn wasm_bindgen() -> Result<Tool, Failure> {
    // The CLI reads what the library of exactly this version has written into the module.
    let version = workspace::locked_version("wasm-bindgen")?;
    Ok(Tool {
        name: "wasm-bindgen-cli",
        programs: &["wasm-bindgen", "wasm-bindgen-test-runner"],
        release: download::wasm_bindgen(&version),
        compile: Compile {
            // Its own Cargo.lock does not suit this toolchain.
            arguments: &["--debug"],
            krate: format!("wasm-bindgen-cli@{version}"),
            expected: "about 45 seconds",
        },
        version,
    })
}

fn trunk() -> Tool {
    // Later versions refuse this toolchain.
    let version = "0.21.14";
    Tool {
        name: "trunk",
        version: version.to_owned(),
        programs: &["trunk"],
        release: download::trunk(version),
        compile: Compile {
            arguments: &["--debug", "--locked"],
            krate: format!("trunk@{version}"),
            expected: "about 2 minutes",
        },
    }
}

impl Tool {
    /// The folder on PATH, or else the tools folder, that has all programs in the right version.
    fn find(&self) -> Option<PathBuf> {
        let mut folders = process::path_folders();
        folders.extend(self.own_folder().map(|folder| folder.join("bin")));
        folders.into_iter().find(|folder| self.is_in(folder))
    }

    fn is_in(&self, folder: &Path) -> bool {
        let present = |program: &&str| folder.join(program).is_file();
        self.programs.iter().all(present)
            && process::output_of(Command::new(folder.join(self.programs[0])).arg("--version"))
                .and_then(|answer| version_number(&answer))
                .is_some_and(|found| found == self.version)
    }

    /// Where this version of the tool belongs; `None` without a home folder.
    fn own_folder(&self) -> Option<PathBuf> {
        Some(tools_folder()?.join(format!("{}-{}", self.name, self.version)))
    }

    /// Gets the tool by the first way that works and returns the folder of its programs.
    fn install(&self, offline: bool, stop: &Stop) -> Result<PathBuf, Failure> {
        let label = format!("{} {}", self.name, self.version);
        if offline {
            return Err(format!("{label} is missing, and --offline forbids fetching it").into());
        }
        let own_folder = self
            .own_folder()
            .ok_or("neither XDG_CACHE_HOME nor HOME is set: no place for the tools")?;
        process::say(&format!("{label} is missing; trying its official release"));
        let mut failures = Vec::new();
        match self.place(&own_folder, |scratch| {
            self.release.unpack(scratch, self.programs, stop)
        }) {
            Ok(folder) => return Ok(folder),
            Err(failure) => failures.push(format!("download: {}", failure.message)),
        }
        if !stop.is_asked() {
            process::say(&format!(
                "no release to be had ({}); compiling {label}, which takes {} on two cores",
                failures.join("; "),
                self.compile.expected
            ));
            match self.place(&own_folder, |scratch| self.compile.run(scratch, stop)) {
                Ok(folder) => return Ok(folder),
                Err(failure) => failures.push(format!("compilation: {}", failure.message)),
            }
        }
        Err(format!("{label} cannot be had. {}", failures.join("; ")).into())
    }

    /// Lets `fill` make `bin` in a scratch folder beside `own_folder`, checks it and moves it into place in one step:
    /// an interrupted installation leaves nothing that looks whole.
    fn place(
        &self,
        own_folder: &Path,
        fill: impl FnOnce(&Path) -> Result<(), Failure>,
    ) -> Result<PathBuf, Failure> {
        let scratch = own_folder.with_file_name(format!(
            "{}-{}.installing-{}",
            self.name,
            self.version,
            std::process::id()
        ));
        let bin = own_folder.join("bin");
        let _ = std::fs::remove_dir_all(&scratch);
        let placed = std::fs::create_dir_all(&scratch)
            .map_err(|error| format!("cannot make {}: {error}", scratch.display()).into())
            .and_then(|()| fill(&scratch))
            .and_then(|()| match self.is_in(&scratch.join("bin")) {
                true => Ok(()),
                false => Err("it does not run here, or has another version".into()),
            })
            .and_then(|()| {
                std::fs::create_dir_all(own_folder)
                    .and_then(|()| match bin.exists() {
                        true => std::fs::remove_dir_all(&bin),
                        false => Ok(()),
                    })
                    .and_then(|()| std::fs::rename(scratch.join("bin"), &bin))
                    .map_err(|error| format!("cannot fill {}: {error}", bin.display()).into())
            });
        let _ = std::fs::remove_dir_all(&scratch);
        placed.map(|()| bin)
    }
}

impl Compile {
    fn run(&self, scratch: &Path, stop: &Stop) -> Result<(), Failure> {
        let mut command = process::cargo();
        command
            .args(["install", &self.krate])
            .args(self.arguments)
            .arg("--root")
            .arg(scratch)
            .arg("--target-dir")
            .arg(scratch.join("target"));
        process::run(&mut command, stop)
    }
}

/// Where tools are kept between runs; `None` without a home folder.
pub(crate) fn tools_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let cache = set("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")))?;
    Some(cache.join("gutenberg-explorer").join("tools"))
}

/// The first word of an answer to `--version` that starts with a digit.
fn version_number(answer: &str) -> Option<String> {
    answer
        .split_whitespace()
        .find(|word| word.starts_with(|first: char| first.is_ascii_digit()))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_version_from_each_tools_answer() {
        let check = |answer, version| {
            assert_eq!(version_number(answer).as_deref(), version, "{answer}");
        };
        check("trunk 0.21.14\n", Some("0.21.14"));
        check("wasm-bindgen 0.2.130 (a1b2c3d4e)\n", Some("0.2.130"));
        check("usage: trunk\n", None);
    }

    #[test]
    fn an_installation_that_does_not_run_is_not_placed() {
        let folder = std::env::temp_dir().join(format!("xtask-tools-{}", std::process::id()));
        let own_folder = folder.join("trunk-0.21.14");
        let failure = trunk()
            .place(&own_folder, |scratch| {
                std::fs::create_dir(scratch.join("bin")).unwrap();
                std::fs::write(scratch.join("bin/trunk"), "not a program").unwrap();
                Ok(())
            })
            .unwrap_err();
        let left: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            failure.message,
            "it does not run here, or has another version"
        );
        assert!(left.is_empty(), "{left:?}");
    }
}
