//! What is heard of traces as they arrive.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use collector::query::Limits;
use opentelemetry_proto::tonic::trace::v1::Span;
use serde_json::Value;

use crate::host::{Answer, Host, exchange};
use crate::sample::{request, span};

/// A reader of server-sent events. It asks in HTTP/1.0, to which the answer comes as it is, not in chunks.
struct Reader(BufReader<TcpStream>);

impl Reader {
    fn of(host: &Host, query: &str) -> Self {
        let mut stream = TcpStream::connect(host.query).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        write!(
            stream,
            "GET /api/x/live{query} HTTP/1.0\r\nhost: test\r\n\r\n"
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let head: Vec<String> = reader
            .by_ref()
            .lines()
            .map(Result::unwrap)
            .take_while(|line| !line.is_empty())
            .collect();
        assert!(head[0].contains("200"), "{head:?}");
        assert!(
            head.contains(&"content-type: text/event-stream".to_owned()),
            "{head:?}"
        );
        Self(reader)
    }

    /// The next event: name and data. A comment has an empty name. Nothing at the end.
    fn next(&mut self) -> Option<(String, Value)> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let Some(name) = lines[0].strip_prefix("event: ") else {
            assert!(lines[0].starts_with(": "), "{lines:?}");
            return Some((String::new(), Value::Null));
        };
        let data = lines[1].strip_prefix("data: ").unwrap();
        assert_eq!(lines.len(), 2);
        Some((name.to_owned(), serde_json::from_str(data).unwrap()))
    }

    /// The next event that is no comment, as `name`, or for a trace `id:spans`.
    fn heard(&mut self) -> String {
        loop {
            let (name, data) = self.next().unwrap();
            match name.as_str() {
                "" => {}
                "trace" => {
                    let id = data["trace_id"].as_str().unwrap().trim_start_matches('0');
                    return format!("{id}:{}", data["spans"]);
                }
                _ => return name,
            }
        }
    }
}

fn spans(trace_ids: std::ops::RangeInclusive<u128>) -> Vec<Span> {
    trace_ids.map(|trace_id| span(trace_id, 1)).collect()
}

#[test]
fn what_is_held_comes_first_then_every_change() {
    let host = Host::start();
    host.send(&request("shop", spans(1..=3)));
    let mut reader = Reader::of(&host, "?limit=2");
    assert_eq!(
        [reader.heard(), reader.heard(), reader.heard()],
        ["2:1", "3:1", "ready"]
    );
    host.send(&request("shop", vec![span(1, 2)]));
    assert_eq!(reader.heard(), "1:2");
    host.send(&request("shop", spans(4..=4)));
    assert_eq!(reader.heard(), "4:1");
}

#[test]
fn a_trace_is_heard_of_within_a_second_while_a_thousand_a_minute_arrive() {
    let host = Host::start();
    let mut reader = Reader::of(&host, "?limit=0");
    assert_eq!(reader.heard(), "ready");
    let mut slowest = Duration::ZERO;
    // A second of that load, a trace every 60 ms, each of 40 spans.
    for trace_id in 1..=17 {
        let sent = Instant::now();
        host.send(&request(
            "shop",
            (1..=40).map(|id| span(trace_id, id)).collect(),
        ));
        assert_eq!(reader.heard(), format!("{trace_id:x}:40"));
        slowest = slowest.max(sent.elapsed());
        std::thread::sleep(Duration::from_millis(60).saturating_sub(sent.elapsed()));
    }
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
}

#[test]
fn a_reader_hears_only_of_what_it_asked_for() {
    let host = Host::start();
    let mut reader = Reader::of(&host, "?service=bank&text=span+2");
    assert_eq!(reader.heard(), "ready");
    host.send(&request("shop", vec![span(1, 2)]));
    host.send(&request("bank", vec![span(2, 1)]));
    host.send(&request("bank", vec![span(3, 2)]));
    assert_eq!(reader.heard(), "3:1");
}

#[test]
fn a_slow_reader_is_told_how_much_it_missed() {
    let limits = Limits {
        live_pending: 10,
        ..Limits::default()
    };
    let host = Host::start_with_query(limits);
    let mut reader = Reader::of(&host, "?limit=0");
    assert_eq!(reader.heard(), "ready");
    host.send(&request("shop", spans(1..=5_000)));
    let (mut heard, mut missed) = (0, 0);
    while heard + missed < 5_000 {
        let (name, data) = reader.next().unwrap();
        match name.as_str() {
            "trace" => heard += 1,
            "missed" => missed += data["count"].as_u64().unwrap(),
            name => assert_eq!(name, ""),
        }
    }
    assert_eq!((heard, missed), (10, 4_990));
    assert_eq!(host.get("/health").json()["live_missed"], 4_990);
    host.send(&request("shop", spans(6_000..=6_000)));
    assert_eq!(
        reader.heard(),
        "1770:1",
        "and hears again of what comes after"
    );
}

#[test]
fn one_that_takes_nothing_is_left() {
    let limits = Limits {
        live_pause: Duration::from_millis(1),
        live_stall: Duration::from_millis(100),
        ..Limits::default()
    };
    let host = Host::start_with_query(limits);
    let _reader = Reader::of(&host, "?limit=0");
    assert_eq!(host.get("/health").json()["live_readers"], 1);
    let started = Instant::now();
    // Long names fill the buffers of the connection sooner.
    let long = |trace_id| Span {
        name: "n".repeat(300),
        ..span(trace_id, 1)
    };
    for round in 1_u128.. {
        host.send(&request(
            &"s".repeat(300),
            (1..=1_000).map(|id| long(round << 16 | id)).collect(),
        ));
        if host.get("/health").json()["live_readers"] == 0 {
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn a_silent_collector_is_heard_of_as_well() {
    let limits = Limits {
        live_silence: Duration::from_millis(20),
        ..Limits::default()
    };
    let host = Host::start_with_query(limits);
    let mut reader = Reader::of(&host, "");
    assert_eq!(reader.heard(), "ready");
    assert_eq!(reader.next(), Some((String::new(), Value::Null)));
}

#[test]
fn one_reader_too_many_is_asked_to_come_back() {
    let limits = Limits {
        live_readers: 1,
        ..Limits::default()
    };
    let host = Host::start_with_query(limits);
    let mut reader = Reader::of(&host, "");
    assert_eq!(reader.heard(), "ready");
    let refused: Answer = exchange(host.query, "GET /api/x/live HTTP/1.1\r\n", b"");
    assert_eq!((refused.status, refused.header("retry-after")), (503, "5"));
    assert_eq!(host.get("/health").json()["live_refused"], 1);
}

#[test]
fn the_end_of_the_collector_ends_the_answer() {
    let host = Host::start();
    let mut reader = Reader::of(&host, "");
    assert_eq!(reader.heard(), "ready");
    host.end_feeds();
    assert_eq!(reader.next(), None);
}
