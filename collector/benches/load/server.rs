//! The servers that are measured, each a process on ports of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server.
pub(crate) struct Server {
    child: Child,
    /// Where it takes OTLP over HTTP.
    pub(crate) otlp: String,
    /// Where ours answers queries.
    query: String,
    _config: Option<tempfile::TempDir>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The collector of this project, as it is by default.
pub(crate) fn ours(_: &PathBuf) -> Server {
    ours_with("--max-bytes=64MiB")
}

/// The collector of this project.
pub(crate) fn ours_with(argument: &str) -> Server {
    let mut child = Command::new(env!("CARGO_BIN_EXE_collector"))
        .args([
            "--otlp-http=127.0.0.1:0",
            "--otlp-grpc=127.0.0.1:0",
            "--query=127.0.0.1:0",
        ])
        .arg(argument)
        .stdout(Stdio::piped())
        .spawn()
        .expect("it was built for this");
    let stdout = child.stdout.take().expect("it is piped");
    let lines = BufReader::new(stdout).lines().map_while(Result::ok);
    let said: Vec<String> = lines.take(3).collect();
    let address = |name: &str| {
        let start = format!("listening {name} ");
        let line = said.iter().find_map(|line| line.strip_prefix(&start));
        line.expect("it says where it listens").to_owned()
    };
    Server {
        otlp: address("otlp-http"),
        query: address("query"),
        child,
        _config: None,
    }
}

/// The OpenTelemetry Collector, which drops what it has received.
pub(crate) fn otelcol(program: &PathBuf) -> Server {
    let otlp = free_address();
    let folder = tempfile::TempDir::new().expect("a temporary folder can be made");
    let config = format!(
        r#"{{"receivers": {{"otlp": {{"protocols": {{"http": {{"endpoint": "{otlp}"}}}}}}}},
            "exporters": {{"nop": {{}}}},
            "service": {{"telemetry": {{"metrics": {{"level": "none"}}}},
                         "pipelines": {{"traces": {{"receivers": ["otlp"], "exporters": ["nop"]}}}}}}}}"#
    );
    let file = folder.path().join("config.yaml");
    std::fs::write(&file, config).expect("the temporary folder can be written");
    let mut command = Command::new(program);
    command.arg("--config").arg(file);
    started(command, otlp, Some(folder))
}

/// rotel, which drops what it has received.
pub(crate) fn rotel(program: &PathBuf) -> Server {
    let otlp = free_address();
    let mut command = Command::new(program);
    command
        .args(["start", "--exporter", "blackhole"])
        .args(["--otlp-http-endpoint", &otlp])
        .args(["--otlp-grpc-endpoint", &free_address()]);
    started(command, otlp, None)
}

fn started(mut command: Command, otlp: String, config: Option<tempfile::TempDir>) -> Server {
    let silent = command.stdout(Stdio::null()).stderr(Stdio::null());
    let child = silent.spawn().expect("the program can be started");
    let mut server = Server {
        child,
        otlp,
        query: String::new(),
        _config: config,
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    while TcpStream::connect(&server.otlp).is_err() {
        let ended = server.child.try_wait().expect("it is our child");
        assert!(
            ended.is_none(),
            "{command:?} ended at once; a Collector needs the nop exporter, which not every build has"
        );
        assert!(Instant::now() < deadline, "it does not listen");
        std::thread::yield_now();
    }
    server
}

fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").to_string()
}

impl Server {
    /// Processor time of all its threads.
    pub(crate) fn cpu_time(&self) -> Duration {
        let stat = self.proc("stat");
        // The name before may hold anything.
        let (_, fields) = stat.rsplit_once(") ").expect("it has a name");
        let ticks = |place: usize| {
            fields
                .split(' ')
                .nth(place)
                .and_then(|n| n.parse::<u64>().ok())
        };
        let ticks = ticks(11).expect("user time") + ticks(12).expect("system time");
        // Linux counts a hundred a second.
        Duration::from_millis(ticks * 10)
    }

    /// Memory that is resident.
    pub(crate) fn rss_bytes(&self) -> u64 {
        let status = self.proc("status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes =
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        kibibytes.expect("Linux says") * 1024
    }

    /// Spans that ours holds.
    pub(crate) fn spans_held(&self) -> u64 {
        let mut stream = TcpStream::connect(&self.query).expect("it listens");
        let request = "GET /health HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (_, rest) = answer.split_once("\"spans_held\":").expect("it says");
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    }

    fn proc(&self, file: &str) -> String {
        let path = Path::new("/proc")
            .join(self.child.id().to_string())
            .join(file);
        std::fs::read_to_string(path).expect("it is running on Linux")
    }
}
