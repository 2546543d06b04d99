//! Where things lie: the workspace, cargo's target folder, the versions in Cargo.lock.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::process;

/// Folder of the workspace.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the workspace")
}

/// cargo's target folder, which settings and environment may have moved.
///
/// # Errors
/// When cargo does not say.
pub(crate) fn target_folder() -> Result<PathBuf, Failure> {
    let metadata = process::output_of(process::cargo().args([
        "metadata",
        "--no-deps",
        "--offline",
        "--format-version=1",
    ]))
    .ok_or("`cargo metadata` failed; is Cargo.toml sound?")?;
    json_string(&metadata, "target_directory")
        .map(PathBuf::from)
        .ok_or_else(|| "`cargo metadata` names no target folder".into())
}

/// Version of a package in Cargo.lock.
///
/// # Errors
/// When Cargo.lock cannot be read or does not know the package.
pub(crate) fn locked_version(package: &str) -> Result<String, Failure> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock"))
        .map_err(|error| format!("cannot read Cargo.lock: {error}"))?;
    version_in(&lock, package)
        .ok_or_else(|| format!("Cargo.lock does not know the package {package}").into())
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let (_, after) = lock.split_once(&format!("\nname = \"{package}\"\nversion = \""))?;
    Some(after.split_once('"')?.0.to_owned())
}

/// The first string value of `key`. Enough for cargo's metadata, whose keys cannot appear inside a quoted path
/// without a backslash before the quotation mark.
fn json_string(json: &str, key: &str) -> Option<String> {
    let (_, after) = json.split_once(&format!("\"{key}\":\""))?;
    let mut value = String::new();
    let mut characters = after.chars();
    loop {
        match characters.next()? {
            '"' => return Some(value),
            '\\' => value.push(characters.next()?),
            character => value.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_version_by_the_whole_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in(lock, "wasm"), None);
    }

    #[test]
    fn reads_a_quoted_path() {
        let json = r#"{"packages":[],"target_directory":"/home/a \"b\"/target","version":1}"#;
        assert_eq!(
            json_string(json, "target_directory").as_deref(),
            Some("/home/a \"b\"/target")
        );
        assert_eq!(json_string(json, "build_directory"), None);
    }
}
