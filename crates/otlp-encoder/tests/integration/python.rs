//! What Python's generated OTLP classes make of the bytes. Where they are is said by `OTLP_PYTHON`, a Python that has
//! `opentelemetry-proto`; `cargo xtask test native` installs one. Without it the comparison is skipped, and says so.

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::{logs, model};

const CASES: usize = 200;

/// Distinct requests, the same in every run.
fn generate<T>(strategy: impl Strategy<Value = T>) -> impl Iterator<Item = T> {
    let mut runner = TestRunner::deterministic();
    std::iter::repeat_with(move || strategy.new_tree(&mut runner).unwrap().current()).take(CASES)
}

fn case(kind: &str, bytes: &[u8], request: Value) -> String {
    let bytes: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    json!({ "kind": kind, "bytes": bytes, "request": request }).to_string()
}

fn cases() -> Vec<String> {
    let traces = generate(model::request()).map(|request| {
        let bytes = model::encode_request(&request);
        case("traces", &bytes, serde_json::to_value(&request).unwrap())
    });
    let logs = generate(logs::request()).map(|request| {
        let bytes = logs::encode_request(&request);
        case("logs", &bytes, serde_json::to_value(&request).unwrap())
    });
    traces.chain(logs).collect()
}

#[test]
fn python_decodes_the_same() {
    let Some(python) = std::env::var_os("OTLP_PYTHON") else {
        // Not by a macro, whose output a test that passes does not show.
        let note = "note: OTLP_PYTHON is not set, so nothing was compared with Python's opentelemetry-proto\n";
        std::io::stderr().write_all(note.as_bytes()).unwrap();
        return;
    };
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/integration/python/compare.py"
    );
    let mut comparison = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let cases = cases();
    let mut input = comparison.stdin.take().unwrap();
    // The pipe breaks when the script has found a difference, which it tells itself.
    let _ = input.write_all(cases.join("\n").as_bytes());
    drop(input);
    let output = comparison.wait_with_output().unwrap();
    assert!(output.status.success(), "see the output of the script");
    let same = String::from_utf8(output.stdout).unwrap();
    assert_eq!(same.trim(), cases.len().to_string());
}
