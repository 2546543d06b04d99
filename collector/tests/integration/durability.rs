//! Acknowledged means kept: the program with a data folder, killed, restarted, on a full disk, before a receiver that is
//! away.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tempfile::TempDir;

use crate::host::{Host, exchange};
use crate::process::{Running, run};
use crate::sample::{request, span, text};

/// Spans per second, more than enough, and in one request.
const RATE: u64 = 1_000;
const BATCH: u64 = 10;
/// Between two kills; the last ends with none.
const PHASES: u64 = 4;
const PHASE: Duration = Duration::from_millis(1_500);
const TRACE: u128 = 7;

/// Posts spans; the status, or nothing when no whole answer came.
fn post(address: &str, request: &ExportTraceServiceRequest) -> Option<u16> {
    let address: SocketAddr = address.parse().unwrap();
    let mut stream = TcpStream::connect(address).ok()?;
    let wait = Some(Duration::from_secs(30));
    stream.set_read_timeout(wait).unwrap();
    let body = request.encode_to_vec();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(&body).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let head = String::from_utf8_lossy(&answer).into_owned();
    head.split(' ').nth(1)?.parse().ok()
}

/// Span ids of a trace that a collector holds.
fn held(query: &str, trace_id: u128) -> HashSet<u64> {
    let path = format!("GET /api/v3/traces/{trace_id:032x} HTTP/1.1\r\n");
    let answer = exchange(query.parse().unwrap(), &path, b"");
    if answer.status == 404 {
        return HashSet::new();
    }
    let spans = trace_model::otlp_json::parse(&answer.text()).unwrap();
    let ids = spans.iter().map(|span| u64::from_be_bytes(span.span_id.0));
    ids.collect()
}

fn data_dir(folder: &Path) -> String {
    format!("--data-dir={}", folder.display())
}

/// A collector with a data folder that passes on.
fn passing_on(folder: &Path, upstream: &str, ports: &[String]) -> Running {
    let mut arguments = vec![
        data_dir(folder),
        format!("--tee=http://{upstream}"),
        "--tee-initial-interval=100ms".to_owned(),
        "--tee-max-interval=300ms".to_owned(),
    ];
    arguments.extend_from_slice(ports);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Running::with(&arguments)
}

#[test]
fn three_kills_and_a_receiver_that_is_away_lose_nothing_that_was_acknowledged() {
    let folder = TempDir::new().unwrap();
    // The address of a receiver that is not there yet.
    let upstream = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let start = |ports: &[String]| passing_on(folder.path(), &upstream, ports);
    let mut collector = start(&[]);
    let ports = ["otlp-http", "query"].map(|name| format!("--{name}={}", collector.address(name)));
    let (mut next, mut acknowledged) = (1, HashSet::new());
    let began = Instant::now();
    let mut receiver = None;
    let mut slowest_start = Duration::ZERO;
    for phase in 1..=PHASES {
        let sent_then = RATE * phase * PHASE.as_millis() as u64 / 1_000;
        while next <= sent_then {
            if receiver.is_none() && began.elapsed() > Duration::from_secs(5) {
                receiver = Some(Host::at(&upstream));
            }
            let spans = (next..next + BATCH).map(|id| span(TRACE, id)).collect();
            let spans = request("shop", spans);
            // What is not acknowledged is sent again, as every exporter does.
            while post(collector.address("otlp-http"), &spans) != Some(200) {}
            acknowledged.extend(next..next + BATCH);
            next += BATCH;
            // The load is a rate, and what came late because of a kill is made up for.
            let due = began + Duration::from_millis(1_000 * next / RATE);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        if phase < PHASES {
            // One more that may be under way when it is killed.
            let spans = request("shop", vec![span(TRACE + 1, phase)]);
            let address = collector.address("otlp-http").to_owned();
            let under_way = std::thread::spawn(move || post(&address, &spans));
            collector.kill();
            under_way.join().unwrap();
            let starting = Instant::now();
            collector = start(&ports);
            slowest_start = slowest_start.max(starting.elapsed());
        }
    }
    let sent_for = began.elapsed();
    let receiver = receiver.unwrap();
    let lost: Vec<_> = acknowledged
        .difference(&held(collector.address("query"), TRACE))
        .copied()
        .collect();
    assert_eq!(lost, [0; 0], "of {}", acknowledged.len());
    let deadline = Instant::now() + Duration::from_secs(30);
    while !acknowledged.is_subset(&held(&receiver.query.to_string(), TRACE)) {
        assert!(Instant::now() < deadline, "not everything was passed on");
    }
    let counters = receiver.counters();
    assert!(
        counters.spans_duplicate * 100 <= counters.spans_stored,
        "{counters:?}"
    );
    // As many as the rate asks for, whatever the kills have cost: what was late was made up for.
    let asked_for = RATE * PHASES * PHASE.as_millis() as u64 / 1_000;
    assert!(acknowledged.len() as u64 >= asked_for);
    println!(
        "{} spans acknowledged, {:.0} a second through three kills, {} duplicates, slowest start {slowest_start:?}",
        acknowledged.len(),
        acknowledged.len() as f64 / sent_for.as_secs_f64(),
        counters.spans_duplicate
    );
}

#[test]
fn a_start_reads_a_log_as_large_as_it_may_be() {
    const REQUESTS: u64 = 256;
    let folder = TempDir::new().unwrap();
    // What is stored takes more than its bytes.
    let memory = "--max-bytes=128MiB";
    let collector = Running::with(&[&data_dir(folder.path()), memory]);
    for number in 1..=REQUESTS {
        let spans = (1..=100).map(|id| Span {
            span_id: id_of(number * 1_000 + id),
            ..sized(u128::from(number))
        });
        let request = request("shop", spans.collect());
        assert_eq!(post(collector.address("otlp-http"), &request), Some(200));
    }
    collector.kill();
    let files = std::fs::read_dir(folder.path()).unwrap();
    let bytes: u64 = files
        .map(|file| file.unwrap().metadata().unwrap().len())
        .sum();
    let starting = Instant::now();
    let collector = Running::with(&[&data_dir(folder.path()), memory]);
    let took = starting.elapsed();
    // The newest are there, and no fewer than there is memory for.
    for number in REQUESTS - 80..=REQUESTS {
        let held = held(collector.address("query"), u128::from(number));
        assert_eq!(held.len(), 100, "{number}");
    }
    println!("a log of {} MiB: started within {took:?}", bytes >> 20);
    assert!(bytes > 200 << 20, "{bytes}");
}

fn id_of(number: u64) -> Vec<u8> {
    number.to_be_bytes().to_vec()
}

/// A small file system of its own; nothing where it may not be mounted.
struct Tmpfs(TempDir);

impl Tmpfs {
    fn of(size: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(folder)),
            _ => None,
        }
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
    }
}

fn sized(trace_id: u128) -> Span {
    Span {
        attributes: vec![text("filler", &"x".repeat(10_000))],
        ..span(trace_id, 1)
    }
}

#[test]
fn a_full_disk_is_told_to_senders_and_loses_nothing_that_was_acknowledged() {
    let Some(tmpfs) = Tmpfs::of("2m") else {
        println!("note: skipped, no tmpfs may be mounted here");
        return;
    };
    let folder = tmpfs.0.path();
    let filler = folder.join("filler");
    std::fs::write(&filler, vec![0; 1 << 20]).unwrap();
    let collector = Running::with(&[&data_dir(folder)]);
    let mut acknowledged = Vec::new();
    let mut refused = 0;
    for trace_id in 1..=300 {
        match post(
            collector.address("otlp-http"),
            &request("shop", vec![sized(trace_id)]),
        ) {
            Some(200) => acknowledged.push(trace_id),
            Some(503) => refused += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(
        refused > 100 && acknowledged.len() > 50,
        "{refused} refused"
    );
    let refused_id = *(1..=300)
        .find(|id| !acknowledged.contains(id))
        .iter()
        .next()
        .unwrap();
    assert_eq!(held(collector.address("query"), refused_id).len(), 0);
    std::fs::remove_file(filler).unwrap();
    let once_more = request("shop", vec![sized(1_000)]);
    assert_eq!(post(collector.address("otlp-http"), &once_more), Some(200));
    acknowledged.push(1_000);
    collector.kill();
    let collector = Running::with(&[&data_dir(folder)]);
    for trace_id in acknowledged {
        assert_eq!(
            held(collector.address("query"), trace_id).len(),
            1,
            "{trace_id}"
        );
    }
}

#[test]
fn a_data_folder_belongs_to_one_process() {
    let folder = TempDir::new().unwrap();
    let _first = Running::with(&[&data_dir(folder.path())]);
    let any = "127.0.0.1:0";
    let ports = ["--otlp-http", any, "--otlp-grpc", any, "--query", any];
    let (code, message) = run(&[&ports[..], &[&data_dir(folder.path())]].concat());
    assert_eq!(code, Some(1));
    assert!(
        message.contains("another process has the folder open"),
        "{message}"
    );
}
