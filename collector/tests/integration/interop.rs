//! Other people's OTLP: opentelemetry-python and opentelemetry-js export into the collector, the OpenTelemetry Collector
//! forwards into it and receives what it passes on; all of it is compared span for span.
//!
//! `INTEROP_PYTHON` is a Python with the packages of `tests/interop/python`, `INTEROP_NODE` a folder with those of
//! `tests/interop/javascript`; `cargo xtask test native` makes both. `OTELCOL` is a Collector where there is none on PATH.
//! What is not there is skipped, and says so.

use std::collections::BTreeSet;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use collector::tee::{Compression, Retry, Settings, Tee};
use serde_json::{Value, json};
use tempfile::TempDir;
use trace_model::Value as Attribute;

use crate::host::Host;
use crate::sample::{request, span, text};

/// Not by a macro, whose output a test that passes does not show.
fn note(what: &str) {
    let note = format!("note: {what}, so nothing was compared with it\n");
    std::io::stderr().write_all(note.as_bytes()).unwrap();
}

fn attribute(value: &Attribute) -> Value {
    match value {
        Attribute::String(text) => json!(text),
        Attribute::Bool(value) => json!(value),
        Attribute::Int(value) => json!(value),
        Attribute::Double(value) => json!(value),
        Attribute::Array(values) => values.iter().map(attribute).collect(),
        other => panic!("{other:?}"),
    }
}

fn attributes(attributes: &[(String, Attribute)]) -> Value {
    let pairs = attributes.iter();
    Value::Object(
        pairs
            .map(|(key, value)| (key.clone(), attribute(value)))
            .collect(),
    )
}

/// A span as the scripts write what they have sent.
fn as_sent(span: &trace_model::Span) -> Value {
    let events = span.events.iter().map(|event| {
        json!({ "time": event.time_ns.to_string(), "name": event.name, "attributes": attributes(&event.attributes) })
    });
    let links = span
        .links
        .iter()
        .map(|link| format!("{}/{}", link.trace_id, link.span_id));
    json!({
        "traceId": span.trace_id.to_string(),
        "spanId": span.span_id.to_string(),
        "parentSpanId": span.parent_id.map(|id| id.to_string()).unwrap_or_default(),
        "name": span.name,
        "kind": span.kind.to_string(),
        "start": span.start_ns.to_string(),
        "end": span.end_ns.to_string(),
        "attributes": attributes(&span.attributes),
        "events": events.collect::<Vec<_>>(),
        "links": links.collect::<Vec<_>>(),
        "error": match &span.status {
            trace_model::Status::Error(message) => json!(message),
            _ => Value::Null,
        },
    })
}

fn by_id(mut spans: Vec<Value>) -> Vec<Value> {
    spans.sort_by_key(|span| span["spanId"].to_string());
    spans
}

/// Runs a script that exports into a collector and compares what is there with what it says to have sent.
fn compare(command: &mut Command, transports: usize) {
    let host = Host::start();
    let output = command
        .args([
            format!("http://{}", host.otlp),
            format!("http://{}", host.grpc),
        ])
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success(), "see the output of the script");
    let sent: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(sent.len(), transports);
    let metrics = host.get("/api/x/metrics").json();
    for of_transport in sent {
        let service = of_transport["service"].as_str().unwrap();
        let spans = of_transport["spans"].as_array().unwrap().clone();
        assert_eq!(spans.len(), 22, "{service}");
        let trace_id = spans[0]["traceId"].as_str().unwrap();
        let trace_id = u128::from_str_radix(trace_id, 16).unwrap();
        let held = host.spans_of(trace_id);
        assert!(held.iter().all(|span| span.service == service));
        let held = held.iter().map(as_sent).collect();
        assert_eq!(by_id(held), by_id(spans), "{service}");
        let logs = host
            .get(&format!("/api/x/traces/{trace_id:032x}/logs"))
            .json();
        let record = &logs["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
        assert_eq!(
            record["body"]["stringValue"], "in the root",
            "{service}: {logs}"
        );
        let of_service = metrics["resourceMetrics"].as_array().unwrap().iter();
        let of_service = of_service.filter(|m| {
            m["resource"]
                .to_string()
                .contains(&format!("\"{service}\""))
        });
        let names: BTreeSet<_> = of_service
            .flat_map(|m| m["scopeMetrics"][0]["metrics"].as_array().unwrap())
            .map(|metric| metric["name"].as_str().unwrap())
            .collect();
        assert!(
            names.is_superset(&BTreeSet::from(["duration", "requests"])),
            "{service}: {names:?}"
        );
    }
    let counters = host.counters();
    assert_eq!((counters.requests_refused, counters.spans_rejected), (0, 0));
    assert_eq!(counters.spans_stored, 22 * transports as u64);
}

#[test]
fn opentelemetry_python_exports_by_http_and_grpc() {
    let Some(python) = std::env::var_os("INTEROP_PYTHON") else {
        return note("INTEROP_PYTHON is not set for opentelemetry-python");
    };
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/interop/python/export.py"
    );
    compare(Command::new(python).arg(script), 3);
}

#[test]
fn opentelemetry_js_exports_by_json_protobuf_and_grpc() {
    let Some(folder) = std::env::var_os("INTEROP_NODE") else {
        return note("INTEROP_NODE is not set for opentelemetry-js");
    };
    let script = PathBuf::from(folder).join("export.js");
    compare(Command::new("node").arg(script), 4);
}

/// A running Collector.
struct Otelcol(Child);

impl Drop for Otelcol {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn otelcol() -> Option<PathBuf> {
    if let Some(set) = std::env::var_os("OTELCOL") {
        return Some(set.into());
    }
    let path = std::env::var_os("PATH")?;
    let names = ["otelcol", "otelcol-contrib"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|file| file.is_file())
}

/// Starts a Collector that forwards everything over HTTP into one collector and over gRPC into another; where it listens.
fn forwarding(program: PathBuf, folder: &TempDir, http: &Host, grpc: &Host) -> (Otelcol, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = listener.local_addr().unwrap().to_string();
    drop(listener);
    let exporters = json!({
        "otlp_http": { "endpoint": format!("http://{}", http.otlp) },
        "otlp_grpc": { "endpoint": grpc.grpc.to_string(), "tls": { "insecure": true } },
    });
    let pipeline = json!({ "receivers": ["otlp"], "exporters": ["otlp_http", "otlp_grpc"] });
    let config = json!({
        "receivers": { "otlp": { "protocols": { "http": { "endpoint": listen } } } },
        "exporters": exporters,
        "service": {
            "telemetry": { "metrics": { "level": "none" }, "logs": { "level": "error" } },
            "pipelines": { "traces": pipeline, "logs": pipeline, "metrics": pipeline },
        },
    });
    let file = folder.path().join("otelcol.yaml");
    // JSON is YAML.
    std::fs::write(&file, config.to_string()).unwrap();
    let child = Command::new(program)
        .arg("--config")
        .arg(file)
        .spawn()
        .unwrap();
    let otelcol = Otelcol(child);
    wait_until("the Collector to listen", || {
        TcpStream::connect(&listen).is_ok()
    });
    (otelcol, listen)
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

#[test]
fn the_opentelemetry_collector_receives_from_us_and_forwards_to_us() {
    let Some(program) = otelcol() else {
        return note("there is no otelcol on PATH or in OTELCOL");
    };
    let (over_http, over_grpc) = (Host::start(), Host::start());
    let folder = TempDir::new().unwrap();
    let (_otelcol, listen) = forwarding(program, &folder, &over_http, &over_grpc);
    let settings = Settings {
        url: format!("http://{listen}").parse().unwrap(),
        trusted_pem: None,
        compression: Compression::Gzip,
        queue_max_bytes: 8 << 20,
        batch_max_bytes: 64 << 10,
        timeout: Duration::from_secs(10),
        retry: Retry::default(),
        drain: Duration::from_secs(10),
    };
    let tee = Arc::new(Tee::start(settings, None).unwrap());
    let first = Host::with_tee(tee);
    for call in 0..20 {
        let spans = (0..50).map(|i| {
            let mut span = span(call % 4 + 1, u64::try_from(call).unwrap() * 50 + i + 1);
            span.attributes = vec![text("call", &format!("é {call}"))];
            span
        });
        first.send(&request(&format!("shop {}", call % 3), spans.collect()));
    }
    for other in [&over_http, &over_grpc] {
        wait_until("all spans", || other.counters().spans_stored == 1_000);
        for trace_id in 1..=4 {
            let spans = |host: &Host| by_id(host.spans_of(trace_id).iter().map(as_sent).collect());
            assert_eq!(spans(other), spans(&first));
        }
        let counters = other.counters();
        assert_eq!(
            (counters.requests_refused, counters.spans_duplicate),
            (0, 0)
        );
    }
}
