//! `xtask demo` against services of a few lines of shell: whatever goes wrong and however it is stopped, nothing of it
//! is left running, and the message says what was wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// Announces its listeners, notes its process id and its parent's, and notes a clean end on SIGTERM.
const SERVICE: &str = r#"#!/bin/sh
folder=$(dirname "$0"); name=$(basename "$0")
trap 'echo "$name" >>"$folder/ended"; exit 0' TERM
echo $$ >"$folder/$name.pid"
echo $PPID >"$folder/worker.pid"
for listener in LISTENERS; do echo "listening $listener ADDRESS"; done
echo "$name works" >&2
while :; do sleep 0.05; done
"#;

/// A folder as `--prebuilt` wants it.
struct Prebuilt {
    folder: PathBuf,
}

impl Prebuilt {
    /// Three services that work, as far as `demo` can tell.
    fn working() -> Prebuilt {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let folder = std::env::temp_dir().join(format!(
            "xtask-demo-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        std::fs::create_dir_all(folder.join("dist")).unwrap();
        let prebuilt = Prebuilt { folder };
        let address = answering_200();
        for (name, listeners) in [
            ("collector", "otlp-http otlp-grpc query"),
            ("backend", "http"),
            ("frontend-server", "http"),
        ] {
            let script = SERVICE
                .replace("LISTENERS", listeners)
                .replace("ADDRESS", &address);
            prebuilt.replace(name, &script);
        }
        prebuilt
    }

    fn replace(&self, name: &str, script: &str) {
        // Written and then moved: a file that is open for writing cannot be executed, and another test may be starting
        // a process, which inherits open files for a moment.
        let scratch = self.folder.join(format!("{name}.new"));
        std::fs::write(&scratch, script).unwrap();
        std::fs::set_permissions(&scratch, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::rename(&scratch, self.folder.join(name)).unwrap();
    }

    fn demo(&self, arguments: &[&str]) -> Command {
        let mut command = with_default_signals(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(["demo", "--prebuilt"])
            .arg(&self.folder)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        command
    }

    /// Process id of a service that has started, or of the worker that started them.
    fn pid(&self, name: &str) -> String {
        let text = std::fs::read_to_string(self.folder.join(format!("{name}.pid"))).unwrap();
        text.trim().to_owned()
    }

    /// The services that have ended by SIGTERM, in that order.
    fn ended(&self) -> String {
        std::fs::read_to_string(self.folder.join("ended")).unwrap_or_default()
    }

    /// Waits until nothing runs that has noted its process id.
    fn assert_nothing_is_left(&self) {
        for entry in std::fs::read_dir(&self.folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "pid") {
                let pid = std::fs::read_to_string(&path).unwrap();
                wait_for(&format!("{} to end", path.display()), || {
                    !is_running(pid.trim())
                });
            }
        }
    }
}

/// A command that does not inherit ignored signals: a test run in the background of a script ignores SIGINT, and a shell
/// cannot trap what it was started to ignore. Where `env` cannot undo that, such a test run fails.
fn with_default_signals(program: &str) -> Command {
    const RESET: &str = "--default-signal=INT,TERM,HUP";
    let can_reset = Command::new("env")
        .args([RESET, "true"])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !can_reset {
        return Command::new(program);
    }
    let mut command = Command::new("env");
    command.args([RESET, program]);
    command
}

impl Drop for Prebuilt {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A running demo that has printed its address.
struct Running {
    child: Child,
    printed: String,
}

impl Running {
    fn start(prebuilt: &Prebuilt) -> Running {
        let mut child = prebuilt.demo(&["--port", "0"]).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap());
        let mut printed = String::new();
        while !printed.contains("Ctrl-C stops everything") {
            let length = lines.read_line(&mut printed).unwrap();
            assert!(length > 0, "the demo ended early:\n{printed}");
        }
        Running { child, printed }
    }

    fn signal(&self, signal: &str, target: &str) {
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$0\" -- \"$1\"", signal, target])
            .status();
        assert!(sent.unwrap().success(), "kill -s {signal} {target}");
    }

    fn wait(mut self) -> ExitStatus {
        // Its pipe is not read any more; closed, it cannot fill up.
        drop(self.child.stdout.take());
        let mut status = None;
        wait_for("the demo to end", || {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }
}

/// Address of a server in this process that answers every request with 200.
fn answering_200() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines();
            while lines
                .next()
                .is_some_and(|line| line.is_ok_and(|line| !line.is_empty()))
            {}
            let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    address
}

/// Whether a process runs; one that has ended and is not yet reaped does not.
fn is_running(pid: &str) -> bool {
    let state = match Path::new("/proc/self/stat").exists() {
        // `1234 (name) S …`, where the name may contain anything.
        true => std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .ok()
            .and_then(|stat| Some(stat.rsplit_once(") ")?.1.to_owned())),
        // macOS has no such files but always has `ps`, which a small Linux may lack.
        false => Command::new("ps")
            .args(["-o", "stat=", "-p", pid])
            .output()
            .ok()
            .and_then(|output| String::from_utf8(output.stdout).ok()),
    };
    state.is_some_and(|state| !state.trim().is_empty() && !state.trim().starts_with('Z'))
}

fn wait_for(what: &str, mut level: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !level() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn failure_of(prebuilt: &Prebuilt, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = prebuilt.demo(arguments).output().unwrap();
    prebuilt.assert_nothing_is_left();
    (
        status.code(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

#[test]
fn prints_the_address_and_the_prefixed_logs() {
    let prebuilt = Prebuilt::working();
    let demo = Running::start(&prebuilt);
    assert!(
        demo.printed.contains("ready: http://localhost:"),
        "{}",
        demo.printed
    );
    for line in [
        "collector       | listening query 127.0.0.1:",
        "backend         | backend works",
        "frontend-server | listening http 127.0.0.1:",
    ] {
        assert!(demo.printed.contains(line), "{line} in {}", demo.printed);
    }
    demo.signal("TERM", &demo.child.id().to_string());
    assert!(demo.wait().success());
}

#[test]
fn sigterm_stops_everything_in_order_and_counts_as_success() {
    let prebuilt = Prebuilt::working();
    let demo = Running::start(&prebuilt);
    demo.signal("TERM", &demo.child.id().to_string());
    assert!(demo.wait().success());
    // Nothing to wait for: all of it has ended before the demo has.
    for name in ["collector", "backend", "frontend-server", "worker"] {
        assert!(!is_running(&prebuilt.pid(name)), "{name} still runs");
    }
    assert_eq!(prebuilt.ended(), "frontend-server\nbackend\ncollector\n");
}

#[test]
fn ctrl_c_in_the_terminal_stops_everything_in_order() {
    let prebuilt = Prebuilt::working();
    let demo = Running::start(&prebuilt);
    // The terminal sends SIGINT to the whole foreground process group.
    demo.signal("INT", &format!("-{}", demo.child.id()));
    assert!(demo.wait().success());
    prebuilt.assert_nothing_is_left();
    assert_eq!(prebuilt.ended(), "frontend-server\nbackend\ncollector\n");
}

#[test]
fn a_closed_terminal_stops_everything() {
    let prebuilt = Prebuilt::working();
    let demo = Running::start(&prebuilt);
    demo.signal("HUP", &format!("-{}", demo.child.id()));
    assert!(demo.wait().success());
    prebuilt.assert_nothing_is_left();
}

#[test]
fn nothing_outlives_a_killed_demo() {
    let prebuilt = Prebuilt::working();
    let demo = Running::start(&prebuilt);
    demo.signal("KILL", &demo.child.id().to_string());
    assert_eq!(demo.wait().code(), None);
    prebuilt.assert_nothing_is_left();
    assert_eq!(prebuilt.ended(), "frontend-server\nbackend\ncollector\n");
}

#[test]
fn nothing_outlives_a_killed_worker() {
    let prebuilt = Prebuilt::working();
    let demo = Running::start(&prebuilt);
    demo.signal("KILL", &prebuilt.pid("worker"));
    assert!(!demo.wait().success());
    prebuilt.assert_nothing_is_left();
}

#[test]
fn a_service_that_ends_later_ends_the_demo() {
    let prebuilt = Prebuilt::working();
    let mut demo = Running::start(&prebuilt);
    demo.signal("KILL", &prebuilt.pid("backend"));
    let mut stderr = String::new();
    drop(demo.child.stdout.take());
    demo.child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut stderr)
        .unwrap();
    assert_eq!(demo.wait().code(), Some(1));
    prebuilt.assert_nothing_is_left();
    assert!(stderr.contains("backend ended with signal: 9"), "{stderr}");
    assert_eq!(prebuilt.ended(), "frontend-server\ncollector\n");
}

#[test]
fn a_service_that_fails_at_once_is_named_and_its_log_shown() {
    let prebuilt = Prebuilt::working();
    prebuilt.replace(
        "backend",
        "#!/bin/sh\necho 'CORPUS_DIR is no folder' >&2\nexit 2\n",
    );
    let (code, stdout, stderr) = failure_of(&prebuilt, &["--port", "0"]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("backend ended with exit status: 2"),
        "{stderr}"
    );
    assert!(
        stdout.contains("backend         | CORPUS_DIR is no folder"),
        "{stdout}"
    );
    assert_eq!(prebuilt.ended(), "collector\n");
}

#[test]
fn a_missing_binary_is_named() {
    let prebuilt = Prebuilt::working();
    let frontend_server: &Path = &prebuilt.folder.join("frontend-server");
    std::fs::remove_file(frontend_server).unwrap();
    let (code, _, stderr) = failure_of(&prebuilt, &["--port", "0"]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains(&format!("cannot start {}", frontend_server.display())),
        "{stderr}"
    );
    assert_eq!(prebuilt.ended(), "backend\ncollector\n");
}

#[test]
fn a_taken_port_is_refused_before_anything_starts() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let prebuilt = Prebuilt::working();
    let (code, stdout, stderr) = failure_of(&prebuilt, &["--port", &port]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains(&format!("port {port} is taken by another program")),
        "{stderr}"
    );
    assert_eq!(stdout, "");
}

#[test]
fn a_command_line_without_sense_gets_the_exit_code_for_that() {
    let (code, _, stderr) = failure_of(&Prebuilt::working(), &["--prot", "1"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("demo does not know `--prot`"), "{stderr}");
}
