//! `collector tail`.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::{below, during, search};
use crate::process::Running;
use crate::sample::{request, span};

/// A process whose lines are read as they come.
struct Lines {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Lines {
    fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    fn next(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn tail_has_a_line_for_each_trace_as_it_arrives() {
    let running = Running::start();
    running.send(&search(1));
    let mut tail = Lines::of(running.command(&["tail"]));
    let line = |id: u128| {
        format!("00:00:00.000   20.0 ms  2 spans, 1 error  search  [shop 2!]  {id:032x}")
    };
    assert_eq!(tail.next(), line(1));
    running.send(&search(2));
    assert_eq!(tail.next(), line(2));
    // What comes late changes no line, and one that is not complete has its line later.
    running.send(&request("shop", vec![below(1, span(2, 9))]));
    running.send(&request(
        "shop",
        vec![below(7, during("lost", 0, 1, span(3, 1)))],
    ));
    running.send(&search(4));
    assert_eq!(tail.next(), line(4));
    assert_eq!(
        tail.next(),
        format!(
            "00:00:00.000   1.00 ms  1 span, incomplete  lost  [shop 1]  {:032x}",
            3
        )
    );
}

#[test]
fn tail_can_be_narrowed_and_ends_after_enough() {
    let running = Running::start();
    for trace_id in 1..=5 {
        running.send(&search(trace_id));
    }
    running.send(&request("bank", vec![during("pay", 0, 1_500, span(6, 1))]));
    for (arguments, ids) in [
        (&["--count", "2"][..], &[1, 2][..]),
        (&["--limit", "1", "--count", "1"], &[6]),
        (&["--service", "bank", "--count", "1"], &[6]),
        (&["--min-duration", "1s", "--count", "1"], &[6]),
        (
            &["--error", "--text", "RANK", "--count", "5"],
            &[1, 2, 3, 4, 5],
        ),
    ] {
        let arguments = [&["tail"][..], arguments].concat();
        let tail = running.run(&arguments);
        let lines: Vec<_> = tail
            .succeeded()
            .lines()
            .map(|line| line.rsplit(' ').next().unwrap())
            .collect();
        let ids: Vec<_> = ids.iter().map(|id| format!("{id:032x}")).collect();
        assert_eq!(lines, ids, "{arguments:?}");
    }
    let json = running.run(&["tail", "--json", "--count", "1", "--service", "bank"]);
    let json: serde_json::Value = serde_json::from_str(json.succeeded()).unwrap();
    assert_eq!(
        (&json["root_name"], &json["duration_ns"]),
        (&"pay".into(), &"1500000000".into())
    );
    let refused = running.run(&["tail", "--min-duration", "long"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused
            .err
            .contains("the collector refused, 400: `min_duration` is a number and its unit"),
        "{refused:?}"
    );
}

#[test]
fn tail_ends_with_the_collector_and_with_its_reader() {
    let running = Running::start();
    running.send(&search(1));
    let mut tail = Lines::of(running.command(&["tail"]));
    tail.next();
    running.signal("-TERM");
    assert_eq!(tail.child.wait().unwrap().code(), Some(1));

    let running = Running::start();
    running.send(&search(1));
    let mut tail = Lines::of(running.command(&["tail"]));
    tail.next();
    // Nobody reads any more, as behind `| head -1`.
    drop(std::mem::replace(
        &mut tail.lines,
        BufReader::new(dead_end()).lines(),
    ));
    running.send(&search(2));
    assert_eq!(tail.child.wait().unwrap().code(), Some(0));
}

/// The output of a process that has none.
fn dead_end() -> std::process::ChildStdout {
    let mut child = Command::new("true").stdout(Stdio::piped()).spawn().unwrap();
    child.wait().unwrap();
    child.stdout.take().unwrap()
}
