//! Official releases: where they are, and how one is fetched, checked and unpacked. Used by `tools` as the first way to
//! get what is missing.
//!
//! The expected SHA-256 is the one that each project publishes beside its archive. That finds a truncated or damaged
//! download; against a replaced release it cannot help, since archive and checksum come from the same place.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::process;
use crate::supervise::Stop;

/// An archive and its published checksum; `None` where the project publishes nothing for this machine.
pub(super) struct Release(Option<Addresses>);

struct Addresses {
    archive: String,
    checksum: String,
}

/// Trunk's release for this machine.
pub(super) fn trunk(version: &str) -> Release {
    let target = match machine() {
        ("linux", "x86_64") => "x86_64-unknown-linux-gnu",
        ("linux", "aarch64") => "aarch64-unknown-linux-gnu",
        ("macos", "x86_64") => "x86_64-apple-darwin",
        ("macos", "aarch64") => "aarch64-apple-darwin",
        _ => return Release(None),
    };
    Release::at(
        format!(
            "https://github.com/trunk-rs/trunk/releases/download/v{version}/trunk-{target}.tar.gz"
        ),
        "sha256",
    )
}

/// The wasm-bindgen CLI's release for this machine.
pub(super) fn wasm_bindgen(version: &str) -> Release {
    let target = match machine() {
        ("linux", "x86_64") => "x86_64-unknown-linux-musl",
        ("linux", "aarch64") => "aarch64-unknown-linux-gnu",
        ("macos", "x86_64") => "x86_64-apple-darwin",
        ("macos", "aarch64") => "aarch64-apple-darwin",
        _ => return Release(None),
    };
    Release::at(
        format!(
            "https://github.com/wasm-bindgen/wasm-bindgen/releases/download/{version}/wasm-bindgen-{version}-{target}.tar.gz"
        ),
        "sha256sum",
    )
}

impl Release {
    fn at(archive: String, checksum_extension: &str) -> Release {
        let checksum = format!("{archive}.{checksum_extension}");
        Release(Some(Addresses { archive, checksum }))
    }

    /// Fetches, checks and unpacks the archive, and moves `programs` to `bin` in `scratch`.
    pub(super) fn unpack(
        &self,
        scratch: &Path,
        programs: &[&str],
        stop: &Stop,
    ) -> Result<(), Failure> {
        let addresses = self
            .0
            .as_ref()
            .ok_or("there is no release for this machine")?;
        let archive = scratch.join("archive.tar.gz");
        let checksum = scratch.join("checksum");
        // The small file first: it tells soon whether the place can be reached at all.
        fetch(&addresses.checksum, &checksum, stop)?;
        fetch(&addresses.archive, &archive, stop)?;
        let published = std::fs::read_to_string(&checksum)
            .map_err(|error| format!("cannot read the checksum: {error}"))?;
        verify(&archive, &published)?;

        let unpacked = scratch.join("unpacked");
        let bin = scratch.join("bin");
        for folder in [&unpacked, &bin] {
            std::fs::create_dir(folder)
                .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
        }
        process::run(
            Command::new("tar")
                .arg("-xzf")
                .arg(&archive)
                .arg("-C")
                .arg(&unpacked),
            stop,
        )?;
        for program in programs {
            let file = find_file(&unpacked, program)
                .ok_or_else(|| format!("the release does not contain {program}"))?;
            std::fs::rename(&file, bin.join(program))
                .map_err(|error| format!("cannot move {program}: {error}"))?;
        }
        Ok(())
    }
}

fn machine() -> (&'static str, &'static str) {
    (std::env::consts::OS, std::env::consts::ARCH)
}

/// An unreachable network shall cost seconds, a slow one may take its time.
fn fetch(address: &str, to: &Path, stop: &Stop) -> Result<(), Failure> {
    process::run(
        Command::new("curl")
            .args(["--fail", "--location", "--silent", "--show-error"])
            .args([
                "--connect-timeout",
                "5",
                "--speed-limit",
                "1000",
                "--speed-time",
                "15",
            ])
            .arg("--output")
            .arg(to)
            .arg(address),
        stop,
    )
    .map_err(|failure| match process::find_program("curl") {
        Some(_) if stop.is_asked() => failure,
        // curl itself has said why.
        Some(_) => format!("cannot fetch {address}").into(),
        None => "curl is not installed".into(),
    })
}

/// Compares a file's SHA-256 with the first word of a published checksum file.
fn verify(file: &Path, published: &str) -> Result<(), Failure> {
    let expected = published
        .split_whitespace()
        .next()
        .filter(|word| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .ok_or("the published checksum is not a SHA-256")?;
    let found = sha256(file)?;
    match found.eq_ignore_ascii_case(expected) {
        true => Ok(()),
        false => Err(format!(
            "the download's SHA-256 is {found}, but the published one is {expected}"
        )
        .into()),
    }
}

/// By the program that the system has for it: Linux the first, macOS the second.
fn sha256(file: &Path) -> Result<String, Failure> {
    process::output_of(Command::new("sha256sum").arg(file))
        .or_else(|| process::output_of(Command::new("shasum").args(["-a", "256"]).arg(file)))
        .and_then(|answer| Some(answer.split_whitespace().next()?.to_owned()))
        .ok_or_else(|| "neither sha256sum nor shasum can check the download".into())
}

fn find_file(folder: &Path, name: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            if let Some(found) = find_file(&path, name) {
                return Some(found);
            }
        } else if entry.file_name() == name {
            return Some(path);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SHA-256 of the three letters `abc`, from the standard that defines it.
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn verify_abc(published: &str) -> Result<(), String> {
        let file = std::env::temp_dir().join(format!(
            "xtask-checksum-{}-{}",
            std::process::id(),
            published.len()
        ));
        std::fs::write(&file, "abc").unwrap();
        let verified = verify(&file, published).map_err(|failure| failure.message);
        std::fs::remove_file(&file).unwrap();
        verified
    }

    #[test]
    fn a_checksum_file_may_name_the_archive_or_not() {
        assert_eq!(verify_abc(&format!("{ABC}\n")), Ok(()));
        assert_eq!(verify_abc(&format!("{ABC}  archive.tar.gz\n")), Ok(()));
    }

    #[test]
    fn another_checksum_is_refused() {
        let other = ABC.replace('b', "c");
        let message = verify_abc(&other).unwrap_err();
        assert!(
            message.contains(ABC) && message.contains(&other),
            "{message}"
        );
    }

    #[test]
    fn a_page_in_place_of_a_checksum_is_refused() {
        assert_eq!(
            verify_abc("<html>Not Found</html>"),
            Err("the published checksum is not a SHA-256".to_owned())
        );
    }

    /// A release on this disk, with a program two folders down, unpacked for real.
    fn unpack(name: &str, checksum_of: &str) -> Result<bool, String> {
        let folder = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        let scratch = folder.join("scratch");
        std::fs::create_dir_all(folder.join("tool-1/bin")).unwrap();
        std::fs::create_dir(&scratch).unwrap();
        std::fs::write(folder.join("tool-1/bin/tool"), "a program").unwrap();
        let packed = Command::new("tar")
            .args(["-czf", "tool.tar.gz", "tool-1"])
            .current_dir(&folder)
            .status();
        assert!(packed.unwrap().success());
        let checksum = sha256(&folder.join(checksum_of)).unwrap();
        std::fs::write(folder.join("tool.tar.gz.sha256"), checksum).unwrap();

        let release = Release::at(
            format!("file://{}", folder.join("tool.tar.gz").display()),
            "sha256",
        );
        let unpacked = release.unpack(&scratch, &["tool"], &Stop::never());
        let placed = scratch.join("bin/tool").is_file();
        std::fs::remove_dir_all(&folder).unwrap();
        unpacked.map(|()| placed).map_err(|failure| failure.message)
    }

    #[test]
    fn a_release_is_unpacked_only_when_its_checksum_is_right() {
        // Without curl there is no download at all; the next way is taken, and there is nothing to test.
        if process::find_program("curl").is_none() {
            return;
        }
        assert_eq!(unpack("right", "tool.tar.gz"), Ok(true));
        let message = unpack("wrong", "tool-1/bin/tool").unwrap_err();
        assert!(message.contains("but the published one is"), "{message}");
    }
}
