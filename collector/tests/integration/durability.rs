//! Acknowledged means kept: the program with a data folder, killed, restarted, on a full disk, before a receiver that is
//! away.

use std::future::pending;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use collector::otlp;
use collector::server::{self, Protocol, Server};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::host::{Host, exchange};
use crate::process::{Running, run};
use crate::sample::{request, span, text};

/// Spans per second, in one request, and in all.
const RATE: u64 = 200;
const IN_A_REQUEST: u64 = 4;
const SPANS: u64 = 3_000;
const TRACE: u128 = 7;
/// For what should come any moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// Posts spans; the status, or nothing when no whole answer came.
fn post(address: &str, request: &ExportTraceServiceRequest) -> Option<u16> {
    let address: SocketAddr = address.parse().unwrap();
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
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

/// Span ids of a trace that a collector holds, in order.
fn held(query: &str, trace_id: u128) -> Vec<u64> {
    let path = format!("GET /api/v3/traces/{trace_id:032x} HTTP/1.1\r\n");
    let answer = exchange(query.parse().unwrap(), &path, b"");
    if answer.status == 404 {
        return Vec::new();
    }
    let spans = trace_model::otlp_json::parse(&answer.text()).unwrap();
    let ids = spans.iter().map(|span| u64::from_be_bytes(span.span_id.0));
    let mut ids: Vec<u64> = ids.collect();
    ids.sort_unstable();
    ids
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

/// Another receiver, which can go away and come back, and can take a request without saying so.
struct Upstream {
    host: Host,
    address: String,
    silence: Arc<Silence>,
    /// None while it is away.
    runtime: Option<Runtime>,
}

/// Who is told of a request that is taken and never answered; nobody while all are answered.
#[derive(Default)]
struct Silence(Mutex<Option<Sender<()>>>);

impl Upstream {
    fn start() -> Self {
        let mut upstream = Self {
            host: Host::start(),
            address: "127.0.0.1:0".to_owned(),
            silence: Arc::default(),
            runtime: None,
        };
        upstream.come_back();
        upstream
    }

    fn come_back(&mut self) {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind(&self.address));
        let listener = listener.unwrap();
        self.address = listener.local_addr().unwrap().to_string();
        let silence = from_fn_with_state(self.silence.clone(), answer_or_not);
        let router = otlp::http_router(self.host.receiver()).layer(silence);
        let server = Server::new(listener, Protocol::Http1, server::Limits::default());
        runtime.spawn(server.serve(router, pending()));
        self.runtime = Some(runtime);
    }

    /// Breaks its connections off, and takes no new ones.
    fn go_away(&mut self) {
        self.runtime = None;
    }

    /// Answers nothing from now on.
    fn fall_silent(&self) -> Receiver<()> {
        let (taken, told) = channel();
        *self.silence.0.lock().unwrap() = Some(taken);
        told
    }

    fn speak_again(&self) {
        *self.silence.0.lock().unwrap() = None;
    }
}

async fn answer_or_not(
    State(silence): State<Arc<Silence>>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    let told = silence.0.lock().unwrap().clone();
    if let Some(told) = told {
        let _ = told.send(());
        pending::<()>().await;
    }
    response
}

/// Spans on their way at a steady rate, numbered from one.
struct Sending {
    acknowledged: u64,
    news: Receiver<u64>,
}

impl Sending {
    fn start(address: &str) -> Self {
        let address = address.to_owned();
        let (told, news) = channel();
        std::thread::spawn(move || {
            let began = Instant::now();
            for first in (1..=SPANS).step_by(IN_A_REQUEST as usize) {
                // The load is a rate, and what came late because of a kill is made up for.
                let due = began + Duration::from_millis(1_000 * first / RATE);
                std::thread::sleep(due.saturating_duration_since(Instant::now()));
                let ids = first..first + IN_A_REQUEST;
                let spans = request("shop", ids.map(|id| span(TRACE, id)).collect());
                // What is not acknowledged is sent again, as every exporter does.
                while post(&address, &spans) != Some(200) {
                    std::thread::yield_now();
                }
                if told.send(first + IN_A_REQUEST - 1).is_err() {
                    return;
                }
            }
        });
        Self {
            acknowledged: 0,
            news,
        }
    }

    /// Waits until so many spans are acknowledged.
    fn wait_for(&mut self, acknowledged: u64) {
        while self.acknowledged < acknowledged {
            self.acknowledged = self.news.recv_timeout(PATIENCE).unwrap();
        }
    }
}

#[test]
fn three_kills_and_a_receiver_that_is_away_lose_nothing_and_repeat_one_percent_at_most() {
    let folder = TempDir::new().unwrap();
    let mut upstream = Upstream::start();
    let mut collector = passing_on(folder.path(), &upstream.address, &[]);
    let ports = ["otlp-http", "query"].map(|name| format!("--{name}={}", collector.address(name)));
    let mut slowest_start = Duration::ZERO;
    let mut kill_and_start = |collector: Running, upstream: &Upstream| {
        collector.kill();
        upstream.speak_again();
        let starting = Instant::now();
        let collector = passing_on(folder.path(), &upstream.address, &ports);
        slowest_start = slowest_start.max(starting.elapsed());
        collector
    };
    let mut sending = Sending::start(collector.address("otlp-http"));

    // The receiver has taken a request, and the collector will never know.
    sending.wait_for(400);
    upstream.fall_silent().recv_timeout(PATIENCE).unwrap();
    collector = kill_and_start(collector, &upstream);

    // The receiver is away.
    sending.wait_for(800);
    upstream.go_away();
    let gone = Instant::now();
    sending.wait_for(1_200);
    collector = kill_and_start(collector, &upstream);
    while gone.elapsed() < Duration::from_secs(5) {
        sending.wait_for(sending.acknowledged + 1);
    }

    // It is back, and much has waited for it.
    let taken = upstream.fall_silent();
    upstream.come_back();
    taken.recv_timeout(PATIENCE).unwrap();
    collector = kill_and_start(collector, &upstream);

    sending.wait_for(SPANS);
    let all: Vec<u64> = (1..=SPANS).collect();
    assert_eq!(held(collector.address("query"), TRACE), all);
    let deadline = Instant::now() + PATIENCE;
    while upstream.host.counters().spans_stored < SPANS {
        assert!(Instant::now() < deadline, "not everything was passed on");
        std::thread::yield_now();
    }
    assert_eq!(held(&upstream.host.query.to_string(), TRACE), all);
    let repeated = upstream.host.counters().spans_duplicate;
    println!(
        "{SPANS} spans acknowledged at {RATE} a second through three kills, {repeated} repeated to the receiver, slowest start {slowest_start:?}"
    );
    assert!(repeated * 100 <= SPANS, "{repeated} repeated");
    assert!(slowest_start <= Duration::from_secs(1));
}

#[test]
fn who_asks_while_it_ends_is_not_refused_for_good() {
    for _ in 0..200 {
        let host = Host::start();
        let address = host.otlp.to_string();
        let (tell, told) = channel();
        let asking = std::thread::spawn(move || {
            let statuses = (1..).map(|id| post(&address, &request("shop", vec![span(TRACE, id)])));
            let mut statuses = statuses.inspect(|_| {
                let _ = tell.send(());
            });
            statuses.find(|status| *status != Some(200))
        });
        told.recv().unwrap();
        drop(host);
        let last = asking.join().unwrap().unwrap();
        assert!(matches!(last, None | Some(503)), "{last:?}");
    }
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
