//! The program: says where it listens, ends cleanly, refuses bad settings before it binds.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};

use crate::host::exchange;
use crate::sample::one_json;

pub(crate) fn collector() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_collector"));
    command.env_clear().stdin(Stdio::null());
    command
}

/// Runs to the end; returns exit code and stderr.
pub(crate) fn run(arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = collector().args(arguments).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

/// A running collector and the addresses it said.
pub(crate) struct Running {
    pub(crate) child: Child,
    listening: Vec<(String, String)>,
}

impl Running {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// On free ports but for what is said.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        let is_said = |port: &&str| {
            let (name, _) = port.split_once('=').unwrap();
            !arguments.iter().any(|said| said.starts_with(name))
        };
        let ports = [
            "--otlp-http=127.0.0.1:0",
            "--otlp-grpc=127.0.0.1:0",
            "--query=127.0.0.1:0",
        ];
        let mut child = collector()
            .args(ports.into_iter().filter(is_said))
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

    pub(crate) fn address(&self, name: &str) -> &str {
        &self
            .listening
            .iter()
            .find(|(listener, _)| listener == name)
            .unwrap()
            .1
    }

    /// Ends it without a warning.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
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
        (["--tee", "ftp://collector"], "expected http://HOST:PORT"),
        (["--query-list-max", "0"], "a whole number from 1"),
        (["--query-live-pause", "1"], "500ms, 5s or 2m"),
        (["--tee-timeout", "5"], "500ms, 5s or 2m"),
        (["--max-connections", "0"], "--max-connections"),
        (["--max-streams", "0"], "1..=4294967295"),
        (
            ["--otlp-in-flight-max-bytes", "1MiB"],
            "not less than --otlp-body-max-bytes (67108864)",
        ),
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

#[test]
fn it_says_of_itself_what_became_of_everything() {
    let folder = tempfile::TempDir::new().unwrap();
    let data_dir = format!("--data-dir={}", folder.path().display());
    let running = Running::with(&[&data_dir, "--tee=http://127.0.0.1:9"]);
    let otlp = running.address("otlp-http").parse().unwrap();
    let head = "POST /v1/traces HTTP/1.1\r\ncontent-type: application/json\r\n";
    let body = one_json("");
    let head = format!("{head}content-length: {}\r\n", body.len());
    assert_eq!(exchange(otlp, &head, body.as_bytes()).status, 200);
    let query = running.address("query").parse().unwrap();
    let answer = exchange(query, "GET /metrics HTTP/1.1\r\n", b"");
    assert!(
        answer
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
    let text = answer.text();
    for line in [
        "# TYPE collector_spans_received_total counter",
        "collector_spans_received_total 1",
        "# TYPE collector_spans_held gauge",
        "collector_spans_held 1",
        "collector_logs_received_total 0",
        "collector_metrics_held 0",
        "# TYPE collector_query_lists_cut_total counter",
        "collector_query_lists_cut_total 0",
        "collector_wal_appended_total 1",
        "# TYPE collector_wal_bytes gauge",
        "collector_tee_sent_total 0",
        "collector_requests_late_total 0",
        "collector_connections_late_total{listener=\"otlp_http\"} 0",
        "collector_connections_accepted_total{listener=\"otlp_http\"} 1",
        "collector_connections_open{listener=\"query\"} 1",
    ] {
        assert!(text.lines().any(|said| said == line), "{line} in {text}");
    }
}
