//! Child processes and the terminal: running a command to its end or until a stop, ending one politely, finding a
//! program, printing a line. Everything that starts something goes through here.

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::supervise::Stop;

/// Between two looks at a child. The standard library can wait for a child or for a time, not for both.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// What a build step gets to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// Runs `command` to its end; ends it early when a stop is asked for.
///
/// # Errors
/// When it cannot be started, fails, or was stopped.
pub(crate) fn run(command: &mut Command, stop: &Stop) -> Result<(), Failure> {
    let line = line_of(command);
    let mut child = command
        .stdin(Stdio::null())
        .spawn()
        .map_err(|error| format!("cannot start `{line}`: {error}"))?;
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if stop.is_asked() => {
                terminate(&mut child, GRACE)?;
                return Err("stopped".into());
            }
            Ok(None) => std::thread::sleep(LOOK_INTERVAL),
            Err(error) => return Err(format!("lost `{line}`: {error}").into()),
        }
    };
    match status.success() {
        true => Ok(()),
        false => Err(format!("`{line}` failed ({status})").into()),
    }
}

/// Sends SIGTERM, waits at most `grace`, then kills.
///
/// # Errors
/// When the child cannot be waited for.
pub(crate) fn terminate(child: &mut Child, grace: Duration) -> Result<ExitStatus, Failure> {
    let id = child.id();
    let lost = |error| Failure::from(format!("lost process {id}: {error}"));
    if let Some(status) = child.try_wait().map_err(lost)? {
        return Ok(status);
    }
    // A child that has not been waited for keeps its id, so this cannot hit another process.
    // The shell has `kill` built in; the program of that name is not on every small system.
    let asked = Command::new("sh")
        .args(["-c", "kill -s TERM \"$0\"", &id.to_string()])
        .status()
        .is_ok_and(|status| status.success());
    let deadline = Instant::now() + if asked { grace } else { Duration::ZERO };
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(LOOK_INTERVAL),
            Ok(None) | Err(_) => break,
        }
    }
    child
        .kill()
        .and_then(|()| child.wait())
        .map_err(|error| format!("cannot kill process {id}: {error}").into())
}

/// What a command prints, or `None` when it cannot be started or fails.
pub(crate) fn output_of(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then_some(text)
}

/// cargo, of the toolchain that built this program, without what `cargo run` has put into the environment about this
/// package: some build scripts would take it for a change and run again.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::workspace::root());
    let own = [
        "CARGO_PKG_",
        "CARGO_MANIFEST_",
        "CARGO_BIN_",
        "CARGO_CRATE_NAME",
        "CARGO_PRIMARY_PACKAGE",
    ];
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| own.iter().any(|prefix| name.starts_with(prefix)))
        {
            command.env_remove(name);
        }
    }
    command
}

/// Folders of PATH in order.
pub(crate) fn path_folders() -> Vec<PathBuf> {
    std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect())
        .unwrap_or_default()
}

/// The first file of that name on PATH.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    path_folders()
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Prints a line for the reader of standard output. A reader who has gone away does not matter: what was started must
/// still be stopped in order.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a line on standard error.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A command as a person would type it.
fn line_of(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program())
        .file_name()
        .unwrap_or(OsStr::new("?"));
    std::iter::once(program)
        .chain(command.get_args())
        .map(OsStr::to_os_string)
        .collect::<Vec<OsString>>()
        .join(OsStr::new(" "))
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_command_is_named_with_its_arguments() {
        let failure = run(
            Command::new("/bin/sh").args(["-c", "exit 3"]),
            &Stop::never(),
        );
        assert_eq!(
            failure.unwrap_err().message,
            "`sh -c exit 3` failed (exit status: 3)"
        );
    }

    #[test]
    fn a_child_that_ignores_sigterm_is_killed_after_the_grace() {
        let mut child = Command::new("sh")
            .args(["-c", "trap '' TERM; echo ready; while :; do sleep 1; done"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = [0; 5];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut ready).unwrap();

        let status = terminate(&mut child, Duration::from_millis(50)).unwrap();

        assert_eq!(status.code(), None, "ended by a signal");
    }
}
