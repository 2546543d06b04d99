//! The program: says where it listens, ends cleanly, refuses bad settings before it binds.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

fn collector() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_collector"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// Runs to the end; returns exit code and stderr.
fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = collector().args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// A running collector and the addresses it said.
struct Running {
    child: Child,
    listening: Vec<(String, String)>,
}

impl Running {
    fn start() -> Self {
        let arguments = [
            "--otlp-http=127.0.0.1:0",
            "--otlp-grpc=127.0.0.1:0",
            "--query=127.0.0.1:0",
        ];
        let mut child = collector()
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = lines
            .take(3)
            .map(|line| {
                let line = line.unwrap();
                let (name, address) = line
                    .strip_prefix("listening ")
                    .unwrap()
                    .split_once(' ')
                    .unwrap();
                (name.to_owned(), address.to_owned())
            })
            .collect();
        Self { child, listening }
    }

    fn address(&self, name: &str) -> &str {
        &self
            .listening
            .iter()
            .find(|(listener, _)| listener == name)
            .unwrap()
            .1
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn it_says_where_it_listens_and_ends_cleanly() {
    for signal in ["-TERM", "-INT"] {
        let mut running = Running::start();
        let query = running.address("query").to_owned();
        assert_ne!(running.address("otlp-http"), query);
        assert_ne!(running.address("otlp-grpc"), query);
        assert_eq!(
            run(&["healthcheck", "--query", &query]),
            (Some(0), String::new())
        );
        running.signal(signal);
        assert_eq!(running.child.wait().unwrap().code(), Some(0), "{signal}");
        assert_eq!(run(&["healthcheck", "--query", &query]).0, Some(1));
    }
}

#[test]
fn a_bad_setting_is_a_message_and_exit_code_2() {
    for (arguments, named) in [
        (["--otlp-http", "nowhere"], "--otlp-http"),
        (["--max-bytes", "1"], "--max-bytes"),
        (["--max-bytes", "64 MB"], "--max-bytes"),
        (["--log", "a=b=c"], "a=b=c"),
        (["--unknown", "1"], "--unknown"),
    ] {
        let (code, message) = run(&arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(message.contains(named), "{message}");
    }
}

#[test]
fn a_taken_port_is_a_message_and_exit_code_1() {
    let running = Running::start();
    let taken = running.address("query");
    let any = "127.0.0.1:0";
    let (code, message) = run(&["--otlp-http", any, "--otlp-grpc", any, "--query", taken]);
    assert_eq!(code, Some(1));
    assert!(
        message.contains(&format!("cannot listen on {taken}")),
        "{message}"
    );
}
