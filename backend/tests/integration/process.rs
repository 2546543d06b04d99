//! The program as others start it: what it prints, how it ends.

mod kept_index;

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long the program may take to do anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program with a cache that is empty, so that it serves the sample, and without export of spans.
fn backend(home: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backend"));
    command
        .args(arguments)
        .env_remove("CORPUS_DIR")
        .env_remove("INDEX_DIR")
        .env_remove("CAPTURE_QUERY")
        .env_remove("BACKEND_LISTEN")
        .env("XDG_CACHE_HOME", home.path())
        .env("OTEL_TRACES_EXPORTER", "none");
    piped(&mut command);
    command
}

/// Lets the test read what `command` says.
fn piped(command: &mut Command) -> &mut Command {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
}

fn run(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let home = TempDir::new().unwrap();
    let Output {
        status,
        stdout,
        stderr,
    } = backend(&home, arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8(stdout).unwrap(),
        "",
        "stdout is for what listens"
    );
    (status.code(), String::from_utf8(stderr).unwrap())
}

#[test]
fn a_bad_setting_is_a_message_and_exit_code_2() {
    let check = |arguments: &[&str], variables: &[(&str, &str)], told: &str| {
        let (code, stderr) = run(arguments, variables);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(told), "{stderr}");
    };
    check(&["--listen", "here"], &[], "--listen");
    check(&[], &[("BACKEND_LISTEN", "8000")], "--listen");
    check(
        &[],
        &[("CAPTURE_QUERY", "everything")],
        "allowed: raw, hash, off",
    );
    check(
        &["--corpus-dir", "/does/not/exist"],
        &[],
        "/does/not/exist is not a directory",
    );
    check(
        &[],
        &[("OTEL_TRACES_SAMPLER", "sometimes")],
        "OTEL_TRACES_SAMPLER",
    );
}

#[test]
fn a_taken_port_and_a_directory_without_books_are_a_message_and_exit_code_1() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, stderr) = run(&["--listen", &address], &[]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains(&format!("cannot listen on {address}")),
        "{stderr}"
    );

    let empty = TempDir::new().unwrap();
    let home = TempDir::new().unwrap();
    let directory = empty.path().to_str().unwrap();
    let output = backend(
        &home,
        &["--listen", "127.0.0.1:0", "--corpus-dir", directory],
    )
    .output()
    .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains("none of the 18 books is usable"),
        "{stderr}"
    );
}

#[test]
fn a_healthcheck_without_a_backend_fails() {
    let (code, stderr) = run(&["healthcheck", "--listen", "127.0.0.1:1"], &[]);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("cannot ask the backend at 127.0.0.1:1"),
        "{stderr}"
    );
}

#[test]
fn it_says_where_it_listens_gets_ready_answers_and_ends_when_told() {
    for signal in ["TERM", "INT"] {
        let home = TempDir::new().unwrap();
        let mut running = Running::start(&home);
        let address = running.address;
        let healthcheck = || {
            let status =
                backend(&home, &["healthcheck", "--listen", &address.to_string()]).status();
            status.unwrap().success()
        };
        running.wait_for_log("the index answers");
        // The log says so from within the start-up; requests are let in right after its end.
        let deadline = Instant::now() + PATIENCE;
        while !healthcheck() {
            assert!(Instant::now() < deadline, "never ready");
        }
        let answer = get(address, "/search?q=whale");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(
            answer.contains(r#""id":"melville-moby_dick.txt""#),
            "{answer}"
        );

        // A connection that is kept open and idle must not hold the program up.
        let _idle = TcpStream::connect(address).unwrap();
        running.kill(signal);
        assert_eq!(running.exit_code(), Some(0), "{signal}");
        assert!(!healthcheck());
    }
}

fn get(address: SocketAddr, path: &str) -> String {
    use std::io::Write;
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A backend in a process of its own, ended with the test.
struct Running {
    child: Child,
    address: SocketAddr,
    // Kept open: a program that writes into a closed pipe is not what is tested here.
    _stdout: BufReader<ChildStdout>,
    log: BufReader<ChildStderr>,
}

impl Running {
    fn start(home: &TempDir) -> Self {
        Self::spawn(&mut backend(home, &["--listen", "127.0.0.1:0"]))
    }

    fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line
            .trim_end()
            .strip_prefix("listening http ")
            .unwrap()
            .parse()
            .unwrap();
        Self {
            child,
            address,
            _stdout: stdout,
            log,
        }
    }

    /// Reads the log up to the line with `part`, and returns that line.
    fn wait_for_log(&mut self, part: &str) -> String {
        let mut line = String::new();
        while !line.contains(part) {
            line.clear();
            assert_ne!(
                self.log.read_line(&mut line).unwrap(),
                0,
                "the log ended without {part:?}"
            );
        }
        line
    }

    fn kill(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-s", signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    fn exit_code(&mut self) -> Option<i32> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status.code(),
                None if Instant::now() > deadline => panic!("the program does not end"),
                None => std::thread::yield_now(),
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn verify_corpus_tells_a_whole_corpus_from_a_damaged_one() {
    let home = TempDir::new().unwrap();
    let verify = |directory: &str| {
        let output = backend(&home, &["verify-corpus", "--corpus-dir", directory])
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), stderr)
    };
    let (code, stderr) = verify("");
    assert_eq!(code, Some(0), "the sample is whole: {stderr}");

    let directory = TempDir::new().unwrap();
    let path = directory.path().to_str().unwrap();
    let (code, stderr) = verify(path);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("none of the 18 books is usable"),
        "{stderr}"
    );

    let Some(books) = crate::support::corpus_dir() else {
        return;
    };
    for book in std::fs::read_dir(books).unwrap() {
        let book = book.unwrap().path();
        std::fs::copy(&book, directory.path().join(book.file_name().unwrap())).unwrap();
    }
    let (code, stderr) = verify(path);
    assert_eq!(code, Some(0), "{stderr}");

    std::fs::remove_file(directory.path().join("melville-moby_dick.txt")).unwrap();
    let (code, stderr) = verify(path);
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("melville-moby_dick.txt: the file is missing"),
        "{stderr}"
    );
}

#[test]
fn told_to_end_it_answers_over_kept_connections_and_asks_to_leave() {
    use std::io::Write;
    let home = TempDir::new().unwrap();
    let mut running = Running::start(&home);
    running.wait_for_log("the index answers");
    let stream = TcpStream::connect(running.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut kept = BufReader::new(stream);
    // The head of the next answer over this connection.
    let mut ask = || {
        kept.get_mut()
            .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(kept.read_line(&mut head).unwrap(), 0, "cut: {head:?}");
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        let mut body = vec![0; length.unwrap().parse().unwrap()];
        kept.read_exact(&mut body).unwrap();
        head
    };
    assert!(!ask().contains("connection: close"));
    running.kill("TERM");
    // The signal takes its time; until the client is asked to leave, every request is answered.
    while !ask().contains("connection: close") {}
    assert_eq!(running.exit_code(), Some(0));
}
