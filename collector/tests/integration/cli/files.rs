//! `collector export` and `collector import`.

use std::io::Write;
use std::process::Stdio;

use opentelemetry_proto::tonic::trace::v1::Span;

use super::{HOSTILE, Ran, TempFile, during, search};
use crate::process::Running;
use crate::sample::{request, span, text};

#[test]
fn what_is_exported_can_be_imported_span_for_span() {
    let (first, second) = (Running::start(), Running::start());
    for trace_id in 1..=450 {
        first.send(&search(trace_id));
    }
    let hostile = Span {
        attributes: vec![text(HOSTILE, HOSTILE)],
        ..during(HOSTILE, 1, 2, span(451, 1))
    };
    first.send(&request(HOSTILE, vec![hostile]));
    let log = r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"000000000000000000000000000001c3",
        "body":{"stringValue":"said"}}]}]}]}"#;
    let log = TempFile::new("log.json", log);
    assert_eq!(
        first.run(&["import", log.path()]).succeeded(),
        "1 documents sent\n"
    );

    let file = TempFile::new("all.jsonl", "");
    let exported = first.run(&["export", "--logs", "--output", file.path()]);
    assert_eq!(
        (exported.succeeded(), exported.err.as_str()),
        ("", "collector: 451 traces written\n")
    );
    assert_eq!(
        second.run(&["import", file.path()]).succeeded(),
        "452 documents sent\n"
    );
    for trace_id in [1, 2, 225, 450, 451] {
        assert_eq!(first.spans_of(trace_id), second.spans_of(trace_id));
    }
    let again = second.run(&["export", "--logs"]);
    assert_eq!(again.err, "collector: 451 traces written\n");
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    assert_eq!(
        sorted(again.succeeded()),
        sorted(&std::fs::read_to_string(file.path()).unwrap())
    );
}

#[test]
fn export_can_be_narrowed() {
    let running = Running::start();
    for trace_id in 1..=3 {
        running.send(&search(trace_id));
    }
    let id = format!("{:032x}", 2);
    for (arguments, count) in [
        (&["export", "--limit", "2"][..], 2),
        (&["export", &id], 1),
        (&["export", "--service", "bank"], 0),
        (&["export", "--error"], 3),
    ] {
        assert_eq!(
            running.run(arguments).succeeded().lines().count(),
            count,
            "{arguments:?}"
        );
    }
    assert_eq!(
        running.run(&["export", &format!("{:032x}", 9)]).code,
        Some(1)
    );
}

#[test]
fn import_takes_standard_input_and_says_what_it_cannot_take() {
    let running = Running::start();
    let feed = |text: &str| {
        let mut command = running.command(&["import", "-"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        Ran::of(child.wait_with_output().unwrap())
    };
    let one = |id: &str| {
        format!(
            r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"{id}","spanId":"0000000000000001"}}]}}]}}]}}"#
        )
    };
    let good = one("00000000000000000000000000000001");
    let wrapped = format!(
        r#"{{"result":{}}}"#,
        one("00000000000000000000000000000002")
    );
    assert_eq!(
        feed(&format!("{good}\n\n{wrapped} {good}")).succeeded(),
        "3 documents sent\n"
    );
    assert_eq!(
        (running.spans_of(1).len(), running.spans_of(2).len()),
        (1, 1)
    );
    for (text, said) in [
        (
            one("00000000000000000000000000000000"),
            "1 items were rejected",
        ),
        ("{}".to_owned(), "it has to have one of"),
        // Nobody wraps twice, or a hundred thousand times.
        (
            format!(r#"{{"result":{wrapped}}}"#),
            "it has to have one of",
        ),
        ("[]".to_owned(), "-, document 1: it is not an object"),
        (
            format!("{good} {{\"resourceSpans\":[1]}}"),
            "-, document 2: the collector refused, 400",
        ),
        ("{\"resourceSpans\":".to_owned(), "-, document 1: EOF"),
    ] {
        let ran = feed(&text);
        assert_eq!(ran.code, Some(1), "{text}");
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    assert_eq!(feed("").succeeded(), "0 documents sent\n");
    assert_eq!(running.run(&["import", "/no/such/file"]).code, Some(1));
    assert_eq!(running.run(&["import"]).code, Some(2));
}
