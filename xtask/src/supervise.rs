//! Makes `demo` end as a whole, however it is told to: Ctrl-C, SIGTERM, a closed terminal, even SIGKILL of either half.
//!
//! `cargo xtask demo` replaces itself by a shell (`supervise.sh`, where the reasons are) that keeps the process id; the
//! shell starts this program again as the worker. cargo itself is replaced by what it runs, so a signal to the process
//! id of `cargo xtask demo` reaches the shell. What is supported: Linux and macOS, any POSIX `sh`.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

/// First argument of the process that the shell starts: makes itself leader of a process group, then goes on.
pub(crate) const IN_OWN_GROUP: &str = "in-own-group";
/// First argument of the worker.
pub(crate) const SUPERVISED: &str = "supervised-demo";

const SCRIPT: &str = include_str!("supervise.sh");

/// Whether everything shall stop. Clones share one answer.
#[derive(Clone, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// A stop that nobody asks for: commands without a supervisor end with their terminal.
    pub(crate) fn never() -> Stop {
        Stop::default()
    }

    /// Asked for when standard input ends, which is how the supervising shell passes a signal on.
    pub(crate) fn at_end_of_input() -> Stop {
        let stop = Stop::default();
        let flag = Arc::clone(&stop.0);
        std::thread::spawn(move || {
            let mut input = std::io::stdin().lock();
            let mut byte = [0];
            while matches!(input.read(&mut byte), Ok(1)) {}
            flag.store(true, Ordering::Release);
        });
        stop
    }

    /// Whether it is time to end.
    pub(crate) fn is_asked(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Replaces this process by the supervising shell, which runs the worker with `arguments`. Returns only to say why it
/// could not.
pub(crate) fn hand_over(arguments: &[String]) -> Result<(), Failure> {
    let error = Command::new("sh")
        .args(["-c", SCRIPT, "gutenberg-explorer"])
        .arg(this_program()?)
        .args([IN_OWN_GROUP, SUPERVISED])
        .args(arguments)
        .exec();
    Err(format!("cannot start sh: {error}").into())
}

/// Becomes the leader of a process group with the same process id. Returns only to say why it could not.
pub(crate) fn enter_own_group(arguments: &[String]) -> Result<(), Failure> {
    let error = Command::new(this_program()?)
        .args(arguments)
        .process_group(0)
        .exec();
    Err(format!("cannot start again: {error}").into())
}

fn this_program() -> Result<std::path::PathBuf, Failure> {
    std::env::current_exe()
        .map_err(|error| format!("this program's own path is unknown: {error}").into())
}
