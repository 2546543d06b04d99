//! The folder of indexes as processes share it: started at once, killed, out of space, not writable, its books changed.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use super::{PATIENCE, Running, backend, get};
use crate::support::corpus_dir;

/// A backend that serves the sample and keeps its index in `directory`.
fn serving(home: &TempDir, directory: &Path) -> Command {
    let mut command = backend(home, &["--listen", "127.0.0.1:0"]);
    command.env("INDEX_DIR", directory);
    command
}

/// The JSON behind the head of an answer.
fn body(answer: &str) -> Value {
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// Waits until searches are let in, which is right after the log says that the index answers.
fn wait_until_ready(running: &Running) {
    let deadline = Instant::now() + PATIENCE;
    while !get(running.address, "/readyz").starts_with("HTTP/1.1 200") {
        assert!(Instant::now() < deadline, "never ready");
    }
}

fn assert_answers(running: &Running) {
    wait_until_ready(running);
    let answer = get(running.address, "/search?q=white%20whale&method=hybrid");
    assert_eq!(body(&answer)["results"][0]["id"], "melville-moby_dick.txt");
}

#[test]
fn processes_that_start_at_once_build_once() {
    let home = TempDir::new().unwrap();
    let index = TempDir::new().unwrap();
    let mut both: Vec<Running> = (0..2)
        .map(|_| Running::spawn(&mut serving(&home, index.path())))
        .collect();
    let came_by_it: Vec<bool> = both
        .iter_mut()
        .map(|running| {
            let mut kept = false;
            // One line or the other comes before the index answers.
            loop {
                let line = running.wait_for_log("the ");
                kept |= line.contains("the index is kept for the next start");
                if line.contains("the index answers") {
                    return kept;
                }
                assert!(!line.contains("held in memory"), "{line}");
            }
        })
        .collect();
    assert_eq!(came_by_it.iter().filter(|&&built| built).count(), 1);
    for running in &both {
        wait_until_ready(running);
        let answer = get(running.address, "/health");
        assert_eq!(body(&answer)["status"], "healthy", "{answer}");
    }
}

#[test]
fn a_process_that_is_killed_while_it_builds_leaves_nothing_that_harms() {
    let home = TempDir::new().unwrap();
    let index = TempDir::new().unwrap();
    // From the beginning to the moment after the end; what the process gets done until the signal arrives differs.
    for moment in [
        "phase=reading_books",
        "phase=opening_index",
        "phase=building_index",
        "phase=keeping_index",
        "the index is kept for the next start",
    ] {
        let mut killed = Running::spawn(serving(&home, index.path()).arg("--rebuild"));
        killed.wait_for_log(moment);
        killed.kill("KILL");
        assert_eq!(killed.exit_code(), None);
        assert_answers(&Running::spawn(&mut serving(&home, index.path())));
    }
}

#[test]
fn a_build_that_was_ended_halfway_is_told_of_once() {
    let home = TempDir::new().unwrap();
    let index = TempDir::new().unwrap();
    // As a process leaves it that is killed between taking the lock and giving it back.
    let lock = index.path().join("lock");
    fs::write(&lock, "building\n").unwrap();
    let mut next = Running::spawn(&mut serving(&home, index.path()));
    next.wait_for_log("was ended halfway: what it left is not used");
    assert_answers(&next);
    assert_eq!(fs::read(&lock).unwrap(), b"");
}

#[test]
fn a_disk_that_is_full_is_told_and_searches_are_answered() {
    let home = TempDir::new().unwrap();
    let index = TempDir::new().unwrap();
    // No file may grow beyond 4 KiB: writing fails halfway, wherever the test runs.
    let mut limited = Command::new("sh");
    let program = env!("CARGO_BIN_EXE_backend");
    let script = format!("trap '' XFSZ; ulimit -f 8; exec '{program}' --listen 127.0.0.1:0");
    let mut settings = serving(&home, index.path());
    limited.args(["-c", &script]);
    for (name, value) in settings.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let mut running = Running::spawn(super::piped(&mut limited));
    running.wait_for_log("the index cannot be kept in");
    assert_answers(&running);
    let health = body(&get(running.address, "/health"));
    let warning = health["warnings"][0].as_str().unwrap();
    assert!(warning.contains("File too large"), "{warning}");
    assert_eq!(health["status"], "healthy");
    let left: Vec<_> = fs::read_dir(index.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "the lock alone is left: {left:?}");

    // With room again, the index is kept and opened.
    assert_answers(&Running::spawn(&mut settings));
    let mut again = Running::spawn(&mut settings);
    again.wait_for_log("the index of an earlier start is opened");
    assert_answers(&again);
}

/// A small file system in memory, if the test may mount one.
struct Mounted(TempDir);

impl Mounted {
    fn new(options: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let arguments = ["-t", "tmpfs", "-o", options, "tmpfs"];
        let mount = Command::new("mount")
            .args(arguments)
            .arg(folder.path())
            .output();
        match mount.is_ok_and(|output| output.status.success()) {
            true => Some(Self(folder)),
            false => {
                #[allow(clippy::print_stderr, reason = "what is left out is said")]
                {
                    eprintln!("left out: a tmpfs cannot be mounted here");
                }
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn make_read_only(&self) {
        let remount = Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(self.path())
            .status();
        assert!(remount.unwrap().success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[test]
fn a_file_system_that_is_full_is_told_and_searches_are_answered() {
    let home = TempDir::new().unwrap();
    let Some(full) = Mounted::new("size=64k") else {
        return;
    };
    let mut running = Running::spawn(&mut serving(&home, full.path()));
    let told = running.wait_for_log("the index cannot be kept in");
    assert!(told.contains("No space left on device"), "{told}");
    assert_answers(&running);
}

#[test]
fn an_index_is_opened_where_nothing_can_be_written() {
    let home = TempDir::new().unwrap();
    let Some(folder) = Mounted::new("size=64m") else {
        return;
    };
    let output = backend(&home, &["build-index"])
        .env("INDEX_DIR", folder.path())
        .output()
        .unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(
        stdout.starts_with("the index of 18 books is in "),
        "{stdout}"
    );
    folder.make_read_only();
    let mut running = Running::spawn(&mut serving(&home, folder.path()));
    running.wait_for_log("the index of an earlier start is opened");
    assert_answers(&running);

    // What is damaged there is built, and cannot be mended.
    let mut anew = Running::spawn(serving(&home, folder.path()).arg("--rebuild"));
    let told = anew.wait_for_log("the index cannot be kept in");
    assert!(told.contains("Read-only file system"), "{told}");
    assert_answers(&anew);
}

#[test]
fn an_index_that_cannot_be_kept_fails_build_index() {
    let home = TempDir::new().unwrap();
    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    let output = backend(&home, &["build-index"])
        .env("INDEX_DIR", &file)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("the index cannot be kept in"), "{stderr}");
}

#[test]
fn books_that_change_under_a_running_backend_are_told_and_served_as_they_were() {
    let Some(real) = corpus_dir() else { return };
    let home = TempDir::new().unwrap();
    let books = TempDir::new().unwrap();
    for book in fs::read_dir(real).unwrap() {
        let book = book.unwrap().path();
        fs::copy(&book, books.path().join(book.file_name().unwrap())).unwrap();
    }
    let index = TempDir::new().unwrap();
    let mut command = serving(&home, index.path());
    command
        .env("CORPUS_DIR", books.path())
        .env("CORPUS_CHECK_SECONDS", "1");
    let mut running = Running::spawn(&mut command);
    assert_answers(&running);
    let ask = |running: &Running| {
        body(&get(running.address, "/search?q=white%20whale"))["results"].clone()
    };
    let before = ask(&running);

    // Cut short in place: a mapped file would now end the process.
    let book = fs::File::options()
        .write(true)
        .open(books.path().join("melville-moby_dick.txt"));
    book.unwrap().set_len(10).unwrap();
    let told = running.wait_for_log("have changed since they were read");
    assert!(told.contains("melville-moby_dick.txt"), "{told}");
    assert_eq!(ask(&running), before);
    let health = body(&get(running.address, "/health"));
    assert_eq!(health["status"], "degraded");
    let warning = health["warnings"][0].as_str().unwrap();
    assert!(warning.contains("restart the backend"), "{warning}");
    drop(running);

    // After a restart, what is there is served, from an index of its own.
    let running = Running::spawn(&mut command);
    wait_until_ready(&running);
    let after = ask(&running);
    let has_whale = |results: &Value| results.to_string().contains("melville-moby_dick.txt");
    assert!(has_whale(&before) && !has_whale(&after), "{after}");
    assert_eq!(body(&get(running.address, "/health"))["books"], 17);
}
