//! The program itself: ready line, exit codes, clean stop with its last spans sent, subcommands.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::support::{SCRIPT, dist};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_frontend-server"));
    command.env_clear();
    command
}

fn output(command: &mut Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// A running server, killed when the test ends in whatever way.
struct Running {
    child: Child,
    address: SocketAddr,
}

impl Running {
    fn start(dist: &Path, variables: &[(&str, &str)]) -> Self {
        let mut child = program()
            .args(["--listen", "127.0.0.1:0", "--dist"])
            .arg(dist)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line
            .strip_prefix("listening http ")
            .expect("the ready line comes first")
            .trim();
        Running {
            address: address.parse().unwrap(),
            child,
        }
    }

    /// Asks it to stop; gives its exit code.
    fn stop(&mut self, signal: &str) -> Option<i32> {
        let sent = Command::new("kill")
            .arg(format!("-{signal}"))
            .arg(self.child.id().to_string())
            .status();
        assert!(sent.unwrap().success());
        self.child.wait().unwrap().code()
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_says_when_it_is_ready_and_stops_cleanly() {
    let dist = dist();
    for signal in ["TERM", "INT"] {
        let mut server = Running::start(dist.path(), &[("OTEL_TRACES_EXPORTER", "none")]);
        assert!(server.get("/livez").starts_with("HTTP/1.1 200 OK\r\n"));
        let listen = server.address.to_string();
        assert_eq!(
            output(program().args(["healthcheck", "--listen", &listen])),
            (Some(0), String::new())
        );
        assert_eq!(server.stop(signal), Some(0), "{signal}");
        let (code, message) = output(program().args(["healthcheck", "--listen", &listen]));
        assert_eq!(code, Some(1));
        assert!(
            message.contains(&format!("{listen} gives no answer")),
            "{message}"
        );
    }
}

#[test]
fn a_request_under_way_is_answered_before_it_ends() {
    let backend = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", backend.local_addr().unwrap());
    let dist = dist();
    let variables = [("BACKEND_URL", &*url), ("OTEL_TRACES_EXPORTER", "none")];
    let mut server = Running::start(dist.path(), &variables);
    let mut client = TcpStream::connect(server.address).unwrap();
    client
        .write_all(b"GET /api/books HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let (mut request, _) = backend.accept().unwrap();
    assert_ne!(request.read(&mut [0; 1024]).unwrap(), 0);

    let address = server.address;
    let answering = std::thread::spawn(move || {
        // The server has closed its port, so it is stopping, and the request is still open.
        while TcpStream::connect(address).is_ok() {
            std::thread::yield_now();
        }
        request
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlate")
            .unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    });
    assert_eq!(server.stop("TERM"), Some(0));
    let answer = answering.join().unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("late"),
        "{answer}"
    );
}

#[test]
fn the_last_spans_are_sent_before_it_ends() {
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", receiver.local_addr().unwrap());
    let received = std::thread::spawn(move || {
        let (mut stream, _) = receiver.accept().unwrap();
        let mut request = Vec::new();
        let mut part = [0; 4096];
        // The span's name and the resource stand in the protobuf as they are.
        while !String::from_utf8_lossy(&request).contains("gutenberg-frontend-server")
            || !String::from_utf8_lossy(&request).contains("GET /{*path}")
        {
            let count = stream.read(&mut part).unwrap();
            assert_ne!(count, 0, "the export ends without the span");
            request.extend_from_slice(&part[..count]);
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .unwrap();
    });
    let dist = dist();
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &*endpoint),
        ("OTEL_BSP_SCHEDULE_DELAY", "3600000"),
    ];
    let mut server = Running::start(dist.path(), &variables);
    assert!(server.get("/books").contains("<meta name=\"traceparent\""));
    assert_eq!(server.stop("TERM"), Some(0));
    received.join().unwrap();
}

#[test]
fn a_bad_setting_is_named_and_nothing_is_bound() {
    let dist = dist();
    let dist = dist.path().to_str().unwrap();
    let check = |arguments: &[&str], variables: &[(&str, &str)], expected: &str| {
        let mut command = program();
        command
            .env("FRONTEND_DIST", dist)
            .args(arguments)
            .envs(variables.iter().copied());
        let (code, message) = output(&mut command);
        assert_eq!(code, Some(2), "{arguments:?} {variables:?}: {message}");
        assert!(
            message.contains(expected),
            "{arguments:?} {variables:?}: {message}"
        );
    };
    check(&["--listen", "nowhere"], &[], "--listen");
    check(
        &["--backend-url", "https://x"],
        &[],
        "expected an address such as http://127.0.0.1:8000",
    );
    check(&["--otlp-url", "http://u:p@x"], &[], "--otlp-url");
    check(&["--telemetry-url", "x"], &[], "--telemetry-url");
    check(
        &["--trace-link", "javascript:alert(1)//{trace_id}"],
        &[],
        "expected a web address with {trace_id} in it",
    );
    check(&["--trace-link", "http://x/"], &[], "{trace_id}");
    check(&[], &[("CAPTURE_QUERY", "everything")], "raw, hash, off");
    check(
        &[],
        &[("OTEL_TRACES_SAMPLER", "sometimes")],
        "OTEL_TRACES_SAMPLER=\"sometimes\"",
    );
    check(&[], &[("RUST_LOG", "a=loud")], "RUST_LOG=\"a=loud\"");
    check(&["--dist", "/nonexistent"], &[], "/nonexistent");
    let empty = tempfile::tempdir().unwrap();
    check(
        &["--dist", empty.path().to_str().unwrap()],
        &[],
        "build the page first",
    );
    std::fs::write(empty.path().join("index.html"), "no head").unwrap();
    check(
        &["--dist", empty.path().to_str().unwrap()],
        &[],
        "index.html has no <meta charset=…>",
    );
}

#[test]
fn a_taken_port_is_a_clear_failure() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let dist = dist();
    let mut command = program();
    command
        .args(["--listen", &listen, "--dist"])
        .arg(dist.path())
        .env("OTEL_TRACES_EXPORTER", "none");
    let (code, message) = output(&mut command);
    assert_eq!(code, Some(1));
    assert!(
        message.contains(&format!(
            "cannot listen on {listen}: Address already in use"
        )),
        "{message}"
    );
}

#[test]
fn precompress_writes_what_is_shorter_and_removes_what_is_outdated() {
    let dist = dist();
    let path = |name: &str| dist.path().join(name);
    assert_eq!(
        output(program().arg("precompress").arg(dist.path())),
        (Some(0), String::new())
    );
    let script = "page-0123456789abcdef.js";
    for extension in ["br", "gz"] {
        let compressed = std::fs::metadata(path(&format!("{script}.{extension}")))
            .unwrap()
            .len();
        assert!(
            compressed < SCRIPT.len() as u64 / 2,
            "{extension}: {compressed} bytes"
        );
        assert!(
            !path(&format!("robots.txt.{extension}")).exists(),
            "too short to be worth it"
        );
        assert!(
            !path(&format!("{script}.{extension}.br")).exists(),
            "compressed files are left alone"
        );
    }
    std::fs::write(path(script), "short").unwrap();
    assert_eq!(
        output(program().arg("precompress").arg(dist.path())).0,
        Some(0)
    );
    assert!(!path(&format!("{script}.br")).exists() && !path(&format!("{script}.gz")).exists());
    let (code, message) = output(program().args(["precompress", "/nonexistent"]));
    assert_eq!(code, Some(1));
    assert!(message.contains("cannot read /nonexistent"), "{message}");
}

#[test]
fn told_to_end_it_answers_over_kept_connections_and_asks_to_leave() {
    let dist = dist();
    let server = Running::start(dist.path(), &[("OTEL_TRACES_EXPORTER", "none")]);
    let mut kept = BufReader::new(TcpStream::connect(server.address).unwrap());
    // The head of the next answer over this connection.
    let mut ask = || {
        kept.get_mut()
            .write_all(b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(kept.read_line(&mut head).unwrap(), 0, "cut: {head:?}");
        }
        let mut body = String::new();
        kept.read_line(&mut body).unwrap();
        assert_eq!(body, "alive\n");
        head
    };
    assert!(!ask().contains("connection: close"));
    let stopping = std::thread::spawn(move || {
        let mut server = server;
        server.stop("TERM")
    });
    // The signal takes its time; until the client is asked to leave, every request is answered.
    while !ask().contains("connection: close") {}
    assert_eq!(stopping.join().unwrap(), Some(0));
}
