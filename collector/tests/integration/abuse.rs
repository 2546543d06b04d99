//! What the program takes without harm: a bomb, slow clients, far more connections than it may have. Others are served all the
//! while, and memory stays bounded.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use prost::Message;

use crate::host::exchange;
use crate::process::Running;
use crate::sample::{request, span};

impl Running {
    fn otlp(&self) -> SocketAddr {
        self.address("otlp-http").parse().unwrap()
    }

    /// The most memory that was resident, in bytes; nothing where there is no `/proc`.
    fn peak_bytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        Some(kibibytes << 10)
    }

    /// Sends a span, which must be taken within five seconds.
    fn serves(&self, span_id: u64) {
        let asked = Instant::now();
        let body = request("shop", vec![span(1, span_id)]).encode_to_vec();
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\n",
            body.len()
        );
        assert_eq!(exchange(self.otlp(), &head, &body).status, 200);
        assert!(
            asked.elapsed() < Duration::from_secs(5),
            "{:?}",
            asked.elapsed()
        );
    }

    fn assert_peak_below(&self, mebibytes: u64) {
        if let Some(peak) = self.peak_bytes() {
            assert!(peak < mebibytes << 20, "{} MiB", peak >> 20);
        }
    }
}

/// A gibibyte of zeros, gzipped.
fn bomb() -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let zeros = vec![0; 1 << 20];
    for _ in 0..1024 {
        encoder.write_all(&zeros).unwrap();
    }
    encoder.finish().unwrap()
}

#[test]
fn a_bomb_of_a_gibibyte_is_refused_within_the_memory_of_a_body() {
    let running = Running::with(&[]);
    let bomb = bomb();
    let head = format!(
        "POST /v1/traces HTTP/1.1\r\ncontent-type: application/x-protobuf\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n",
        bomb.len()
    );
    assert_eq!(exchange(running.otlp(), &head, &bomb).status, 413);
    let thrown: Vec<_> = (0..4)
        .map(|_| {
            let (address, head, bomb) = (running.otlp(), head.clone(), bomb.clone());
            std::thread::spawn(move || exchange(address, &head, &bomb).status)
        })
        .collect();
    let statuses: Vec<u16> = thrown.into_iter().map(|one| one.join().unwrap()).collect();
    let known = |status: &u16| matches!(status, 413 | 503);
    assert!(statuses.iter().all(known), "{statuses:?}");
    running.serves(1);
    // Bodies take 128 MiB together, and a vector that grows has its old place beside its new one.
    running.assert_peak_below(420);
}

#[test]
fn slow_clients_hold_nobody_up() {
    let running = Running::with(&["--max-connections=64"]);
    let slow = |text: &str| {
        let mut stream = TcpStream::connect(running.otlp()).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    // Half a head each, more than there may be connections.
    let heads: Vec<_> = (0..200)
        .map(|_| slow("POST /v1/traces HTTP/1.1\r\nhost: te"))
        .collect();
    running.serves(1);
    let start = "POST /v1/traces HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{";
    let bodies: Vec<_> = (0..32).map(|_| slow(start)).collect();
    running.serves(2);
    drop((heads, bodies));
    running.serves(3);
    running.assert_peak_below(100);
}

#[test]
fn ten_thousand_idle_connections_are_survived() {
    let running = Running::with(&[]);
    let mut idle = Vec::new();
    while idle.len() < 10_000 {
        match TcpStream::connect(running.otlp()) {
            Ok(stream) => idle.push(stream),
            Err(_) => break,
        }
        if idle.len() % 1_000 == 0 {
            running.serves(idle.len() as u64 + 1);
        }
    }
    if idle.len() < 10_000 {
        println!(
            "note: only {} connections, this process may have no more files",
            idle.len()
        );
    }
    let keeps = |stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        // Those that had to go are at their end.
        matches!((&*stream).read(&mut [0; 1]), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
    };
    assert!(idle.iter().filter(|stream| keeps(stream)).count() <= 2_000);
    running.assert_peak_below(100);
    drop(idle);
    running.serves(1);
}
