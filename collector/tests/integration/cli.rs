//! Subcommands as real processes against a running collector: what they print, and their exit codes. Here what they have in
//! common and `show`.

mod check;
mod files;
mod tail;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{Span, Status, status::StatusCode};
use prost::Message;

use crate::host::exchange;
use crate::process::{Running, collector};
use crate::sample::{request, span, text};

const MS: u64 = 1_000_000;

impl Running {
    fn socket(&self, name: &str) -> SocketAddr {
        self.address(name).parse().unwrap()
    }

    fn send(&self, request: &ExportTraceServiceRequest) {
        let body = request.encode_to_vec();
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n",
            body.len()
        );
        assert_eq!(exchange(self.socket("otlp-http"), &head, &body).status, 200);
    }

    fn spans_of(&self, trace_id: u128) -> Vec<trace_model::Span> {
        let head = format!("GET /api/v3/traces/{trace_id:032x} HTTP/1.1\r\n");
        let answer = exchange(self.socket("query"), &head, b"");
        assert_eq!(answer.status, 200, "{}", answer.text());
        trace_model::otlp_json::parse(&answer.text()).unwrap()
    }

    /// A subcommand that asks this collector.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = collector();
        command.args(arguments);
        command.args(["--query", self.address("query")]);
        command.args(["--otlp-http", self.address("otlp-http")]);
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }
}

/// What a process did.
#[derive(Debug)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn of(
        Output {
            status,
            stdout,
            stderr,
        }: Output,
    ) -> Self {
        Self {
            code: status.code(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }

    #[track_caller]
    fn succeeded(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        &self.out
    }
}

/// A file that goes with the value.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("collector-{}-{name}", std::process::id()));
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn below(parent: u64, span: Span) -> Span {
    Span {
        parent_span_id: parent.to_be_bytes().to_vec(),
        ..span
    }
}

fn during(name: &str, from_ms: u64, to_ms: u64, span: Span) -> Span {
    Span {
        name: name.to_owned(),
        start_time_unix_nano: from_ms * MS,
        end_time_unix_nano: to_ms * MS,
        ..span
    }
}

/// A search of 20 ms whose `rank` fails after 10 ms.
fn search(trace_id: u128) -> ExportTraceServiceRequest {
    let failed = Span {
        status: Some(Status {
            code: StatusCode::Error.into(),
            message: "no index".to_owned(),
        }),
        ..below(1, during("rank", 5, 15, span(trace_id, 2)))
    };
    request(
        "shop",
        vec![during("search", 0, 20, span(trace_id, 1)), failed],
    )
}

/// Names that a terminal would obey, or show as something else.
const HOSTILE: &str =
    "evil\u{1b}[2J\u{1b}]0;title\u{7}\u{202e}txt.exe\u{2066}\0\r\n\u{9b}31m\u{200b}\u{7f}";

/// Nothing in it that a terminal obeys, but the end of a line.
#[track_caller]
fn assert_harmless(text: &str) {
    let is_harmful = |c: char| {
        let turns = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}');
        turns || (c.is_control() && c != '\n')
    };
    let found: Vec<char> = text.chars().filter(|&c| is_harmful(c)).collect();
    assert_eq!(found, [], "{text:?}");
}

#[test]
fn show_draws_a_trace() {
    let running = Running::start();
    running.send(&search(0xabc));
    for id in ["00000000000000000000000000000ABC", "latest"] {
        let shown = running.run(&["show", id, "--width", "60"]);
        assert_eq!(
            shown.succeeded(),
            "trace 00000000000000000000000000000abc\n\
             search of shop: 20.0 ms, 2 spans of 1 service, 1 error, complete\n\
             20.0 ms: shop 20.0 ms\n\
             \n\
             search    shop  ━━━━━━━━─────────────────━━━━━━━━━  20.0 ms\n\
             \x20 ! rank  shop          ━━━━━━━━━━━━━━━━━           10.0 ms error: no index\n"
        );
    }
}

#[test]
fn show_folds_what_is_alike_and_finds_what_is_wrong() {
    let running = Running::start();
    let mut spans = vec![during("search", 0, 20, span(1, 1))];
    spans.extend((0..6).map(|i| below(1, during("snippet", 2 * i, 2 * i + 1, span(1, 10 + i)))));
    spans.push(below(77, during("late", 3, 4, span(1, 30))));
    running.send(&request("shop", spans));
    let folded = running.run(&["show", "latest"]);
    assert!(folded.succeeded().contains("snippet ×6"), "{folded:?}");
    assert!(
        folded
            .out
            .contains("parent-never-received: span 000000000000004d, the parent of late of shop")
    );
    assert!(folded.out.contains("waiting for 1 span"));
    let all = running.run(&["show", "latest", "--all"]);
    assert_eq!(all.succeeded().matches("  snippet ").count(), 6, "{all:?}");
}

#[test]
fn show_says_what_it_cannot_show() {
    let running = Running::start();
    for (id, said) in [
        ("00000000000000000000000000000abc", "is not held"),
        ("abc", "a trace is named by its id"),
        ("../../health", "a trace is named by its id"),
        ("latest", "the collector holds no trace"),
    ] {
        let shown = running.run(&["show", id]);
        assert_eq!((shown.code, shown.out.as_str()), (Some(1), ""), "{id}");
        assert!(shown.err.contains(said), "{}", shown.err);
    }
    let nobody = Ran::of(
        collector()
            .args(["show", "latest", "--query", "127.0.0.1:1"])
            .output()
            .unwrap(),
    );
    assert_eq!(nobody.code, Some(1));
    assert!(
        nobody.err.contains("no collector answers on 127.0.0.1:1"),
        "{}",
        nobody.err
    );
}

#[test]
fn hostile_names_do_nothing_to_a_terminal() {
    let running = Running::start();
    let hostile = Span {
        attributes: vec![text(HOSTILE, HOSTILE)],
        status: Some(Status {
            code: StatusCode::Error.into(),
            message: HOSTILE.to_owned(),
        }),
        ..below(9, during(HOSTILE, 0, 1, span(1, 1)))
    };
    running.send(&request(
        HOSTILE,
        vec![hostile, during(&"x".repeat(100_000), 0, 1, span(1, 2))],
    ));
    let budgets =
        serde_json::json!({"budget": [{"span": HOSTILE, "service": HOSTILE, "max": "1 ns"}]});
    let budgets = TempFile::new("hostile.json", &budgets.to_string());
    for arguments in [
        &["show", "latest"][..],
        &["show", "latest", "--json"],
        &["tail", "--count", "1"],
        &["tail", "--count", "1", "--json"],
        &["export"],
        &["check", "--budgets", budgets.path()],
        &[
            "tail",
            "--min-duration",
            HOSTILE
                .trim_matches(|c| c == '\0')
                .split('\0')
                .next()
                .unwrap(),
        ],
        &["import", "no-such\u{1b}[31mfile"],
    ] {
        let ran = running.run(arguments);
        assert!(!ran.out.is_empty() || !ran.err.is_empty());
        assert_harmless(&ran.out);
        assert_harmless(&ran.err);
        let is_data = arguments.contains(&"--json") || arguments[0] == "export";
        let longest = ran
            .out
            .lines()
            .map(|line| line.chars().count())
            .max()
            .unwrap_or(0);
        assert!(is_data || longest < 1_000, "{arguments:?}: {longest}");
    }
}
