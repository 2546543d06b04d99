//! Passing on: what was received, once, by the retry rules of OTLP, and every loss counted.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use collector::tee::{Compression, Retry, Settings, Tee, TeeCounters};
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTracePartialSuccess, ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use prost::Message;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::host::Host;
use crate::otlp::{JSON, PROTOBUF};
use crate::sample::{gzip, one_json, request, span};

pub(crate) fn settings(address: &str) -> Settings {
    Settings {
        url: format!("http://{address}/").parse().unwrap(),
        trusted_pem: None,
        compression: Compression::Gzip,
        queue_max_bytes: 1 << 20,
        batch_max_bytes: 1 << 20,
        timeout: Duration::from_secs(10),
        retry: Retry {
            initial_interval: Duration::from_millis(10),
            max_interval: Duration::from_millis(50),
            max_elapsed: Duration::from_secs(60),
        },
        drain: Duration::from_secs(10),
    }
}

/// When a request came, its path, its body as it was before it was compressed, and its lines.
pub(crate) type Got = (Instant, String, Vec<u8>, Vec<String>);

/// A receiver that answers as it is told, one answer for each request and 200 from then on, and shows what it got.
pub(crate) fn scripted(answers: Vec<String>) -> (String, Receiver<Got>) {
    scripted_over(answers, |stream| stream)
}

/// The same over what is made of each connection.
fn scripted_over<S: Read + Write>(
    answers: Vec<String>,
    made_of: impl Fn(TcpStream) -> S + Send + 'static,
) -> (String, Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (shown, got) = channel();
    std::thread::spawn(move || {
        let mut answers = answers.into_iter();
        for stream in listener.incoming() {
            let mut stream = BufReader::new(made_of(stream.unwrap()));
            let mut lines = (&mut stream).lines();
            // A client that does not trust the server says nothing.
            let Some(Ok(first)) = lines.next() else {
                continue;
            };
            let lines = lines.map(Result::unwrap);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let length = head.iter().find_map(|line| {
                let line = line.to_ascii_lowercase();
                line.strip_prefix("content-length: ")?.parse().ok()
            });
            let mut body = vec![0; length.unwrap()];
            stream.read_exact(&mut body).unwrap();
            if head.iter().any(|line| line == "content-encoding: gzip") {
                let mut inflated = Vec::new();
                let mut decoder = GzDecoder::new(&body[..]);
                decoder.read_to_end(&mut inflated).unwrap();
                body = inflated;
            }
            let path = first.split(' ').nth(1).unwrap().to_owned();
            let ok = "200 OK\r\ncontent-length: 0".to_owned();
            let answer = answers.next().unwrap_or(ok);
            let answer = format!("HTTP/1.1 {answer}\r\nconnection: close\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
            if shown.send((Instant::now(), path, body, head)).is_err() {
                return;
            }
        }
    });
    (address, got)
}

pub(crate) fn refusal(status: u16) -> String {
    format!("{status} No\r\ncontent-length: 0")
}

/// Waits until the counters are as they should be.
pub(crate) fn wait_for(tee: &Tee, is_reached: impl Fn(&TeeCounters) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_reached(&tee.counters()) {
        assert!(Instant::now() < deadline, "{:?}", tee.counters());
        std::thread::yield_now();
    }
}

pub(crate) fn ids(body: &[u8]) -> Vec<u8> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let spans = request.resource_spans.iter().flat_map(|r| &r.scope_spans);
    spans
        .flat_map(|s| &s.spans)
        .map(|span| span.span_id[7])
        .collect()
}

#[test]
fn what_is_received_in_any_form_arrives_at_the_other_side() {
    let upstream = Host::start();
    let tee = Arc::new(Tee::start(settings(&upstream.otlp.to_string()), None).unwrap());
    let host = Host::with_tee(tee.clone());
    host.send(&request("shop", vec![span(1, 1)]));
    assert_eq!(host.post(JSON, one_json("").as_bytes()).status, 200);
    let body = gzip(&request("shop", vec![span(1, 3)]).encode_to_vec());
    let headers = format!("content-type: {PROTOBUF}\r\ncontent-encoding: gzip\r\n");
    assert_eq!(host.post_with(&headers, &body).status, 200);
    wait_for(&tee, |counters| counters.tee_sent == 3);
    assert_eq!(upstream.spans_of(1), host.spans_of(1));
    assert_eq!(upstream.counters().spans_received, 3);
}

#[test]
fn bodies_are_compressed_unless_told_otherwise() {
    for (compression, is_gzip) in [(Compression::Gzip, true), (Compression::None, false)] {
        let (address, got) = scripted(vec![]);
        let settings = Settings {
            compression,
            ..settings(&address)
        };
        let host = Host::with_tee(Arc::new(Tee::start(settings, None).unwrap()));
        host.send(&request("shop", vec![span(1, 7)]));
        let (_, _, body, head) = got.recv().unwrap();
        assert_eq!(ids(&body), [7]);
        let says_so = head.iter().any(|line| line == "content-encoding: gzip");
        assert_eq!(says_so, is_gzip, "{head:?}");
    }
}

/// A certificate for the loopback interface and its key, which is a secret of nobody.
const LOOPBACK: &[u8] = include_bytes!("../data/loopback.pem");

fn encrypted(stream: TcpStream) -> StreamOwned<ServerConnection, TcpStream> {
    let certificate = CertificateDer::from_pem_slice(LOOPBACK).unwrap();
    let key = PrivateKeyDer::from_pem_slice(LOOPBACK).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream)
}

#[test]
fn a_receiver_behind_https_is_spoken_to_if_it_is_trusted() {
    let (address, got) = scripted_over(vec![refusal(503)], encrypted);
    let trusting = Settings {
        url: format!("https://{address}").parse().unwrap(),
        trusted_pem: Some(LOOPBACK.to_vec()),
        ..settings(&address)
    };
    let tee = Arc::new(Tee::start(trusting.clone(), None).unwrap());
    let host = Host::with_tee(tee.clone());
    host.send(&request("shop", vec![span(1, 1)]));
    wait_for(&tee, |counters| counters.tee_sent == 1);
    assert_eq!(tee.counters().tee_retries, 1);
    let bodies: Vec<Vec<u8>> = got.try_iter().map(|(_, _, body, _)| ids(&body)).collect();
    assert_eq!(bodies, [[1], [1]]);

    // Nobody whom the web trusts vouches for this one.
    let careful = Settings {
        trusted_pem: None,
        ..trusting.clone()
    };
    let tee = Arc::new(Tee::start(careful, None).unwrap());
    Host::with_tee(tee.clone()).send(&request("shop", vec![span(1, 2)]));
    wait_for(&tee, |counters| counters.tee_retries >= 2);
    assert_eq!(tee.counters().tee_sent, 0);
    assert_eq!(got.try_iter().count(), 0);

    let unreadable = Settings {
        trusted_pem: Some(b"no certificate".to_vec()),
        ..trusting
    };
    assert!(Tee::start(unreadable, None).is_err());
}

#[test]
fn requests_that_wait_are_sent_as_one_and_signals_apart() {
    let (address, got) = scripted(vec![refusal(503)]);
    let tee = Arc::new(Tee::start(settings(&address), None).unwrap());
    let host = Host::with_tee(tee.clone());
    host.send(&request("shop", vec![span(1, 1)]));
    let (_, path, first, _) = got.recv().unwrap();
    assert_eq!((path.as_str(), ids(&first)), ("/v1/traces", vec![1]));
    for id in 2..=5 {
        host.send(&request("shop", vec![span(1, id)]));
    }
    wait_for(&tee, |counters| counters.tee_sent == 5);
    let sent: Vec<Vec<u8>> = got.try_iter().map(|(_, _, body, _)| ids(&body)).collect();
    assert_eq!(sent.concat(), [1, 2, 3, 4, 5]);
    assert!(tee.counters().tee_retries >= 1);
}

#[test]
fn what_may_be_sent_again_is_until_it_is_taken() {
    let statuses = [429, 502, 503, 504];
    let (address, got) = scripted(statuses.map(refusal).to_vec());
    let tee = Arc::new(Tee::start(settings(&address), None).unwrap());
    let host = Host::with_tee(tee.clone());
    host.send(&request("shop", vec![span(1, 1)]));
    wait_for(&tee, |counters| counters.tee_sent == 1);
    assert_eq!(got.try_iter().count(), 5);
    assert_eq!(tee.counters().tee_retries, 4);
}

#[test]
fn the_other_side_says_when_to_come_back() {
    let wait = "503 No\r\nretry-after: 1\r\ncontent-length: 0".to_owned();
    let (address, got) = scripted(vec![wait]);
    let tee = Arc::new(Tee::start(settings(&address), None).unwrap());
    let host = Host::with_tee(tee.clone());
    host.send(&request("shop", vec![span(1, 1)]));
    let (first, ..) = got.recv().unwrap();
    let (second, ..) = got.recv().unwrap();
    assert!(second - first >= Duration::from_millis(990));
}

#[test]
fn what_is_refused_for_good_is_counted_and_keeps_nothing_else_back() {
    // The first is sent alone, the others wait and are sent as one, which is refused: then one by one.
    let answers = vec![refusal(503), refusal(200), refusal(400), refusal(400)];
    let (address, got) = scripted(answers);
    let tee = Arc::new(Tee::start(settings(&address), None).unwrap());
    let host = Host::with_tee(tee.clone());
    host.send(&request("shop", vec![span(1, 1)]));
    got.recv().unwrap();
    for id in 2..=4 {
        host.send(&request("shop", vec![span(1, id)]));
    }
    wait_for(&tee, |counters| {
        counters.tee_sent + counters.tee_dropped_refused == 4
    });
    assert!(tee.counters().tee_dropped_refused >= 1);
    assert!(tee.counters().tee_dropped_refused <= 2);
}

#[test]
fn a_partial_success_of_the_other_side_is_counted() {
    let partial = ExportTracePartialSuccess {
        rejected_spans: 3,
        error_message: "no".to_owned(),
    };
    let response = ExportTraceServiceResponse {
        partial_success: Some(partial),
    };
    let body = String::from_utf8(response.encode_to_vec()).unwrap();
    let answer = format!(
        "200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let (address, _got) = scripted(vec![answer]);
    let tee = Arc::new(Tee::start(settings(&address), None).unwrap());
    let host = Host::with_tee(tee.clone());
    host.send(&request("shop", vec![span(1, 1)]));
    wait_for(&tee, |counters| counters.tee_sent == 1);
    assert_eq!(tee.counters().tee_rejected_items, 3);
}

/// An address where nobody listens.
pub(crate) fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

#[test]
fn a_queue_that_is_full_takes_no_more_and_counts() {
    let settings = Settings {
        queue_max_bytes: 10_000,
        drain: Duration::ZERO,
        ..settings(&nobody())
    };
    let tee = Arc::new(Tee::start(settings, None).unwrap());
    let host = Host::with_tee(tee.clone());
    for id in 1..=500 {
        // The sender is not told: its spans are here.
        host.send(&request("shop", vec![span(1, id)]));
    }
    let counters = tee.counters();
    assert!(counters.tee_dropped_queue_full > 200, "{counters:?}");
    assert!(counters.tee_queue_bytes <= 10_000);
    tee.stop();
    let counters = tee.counters();
    let lost = counters.tee_dropped_queue_full + counters.tee_dropped_given_up;
    assert_eq!(lost, 500, "{counters:?}");
}

#[test]
fn it_is_given_up_in_the_end_and_counted() {
    let settings = Settings {
        retry: Retry {
            max_elapsed: Duration::from_millis(100),
            ..settings("x").retry
        },
        ..settings(&nobody())
    };
    let tee = Arc::new(Tee::start(settings, None).unwrap());
    let host = Host::with_tee(tee.clone());
    host.send(&request("shop", vec![span(1, 1)]));
    wait_for(&tee, |counters| counters.tee_dropped_given_up == 1);
}

#[test]
fn the_end_waits_for_what_is_queued() {
    let upstream = Host::start();
    let tee = Arc::new(Tee::start(settings(&upstream.otlp.to_string()), None).unwrap());
    let host = Host::with_tee(tee.clone());
    for id in 1..=50 {
        host.send(&request("shop", vec![span(1, id)]));
    }
    tee.stop();
    assert_eq!(upstream.spans_of(1).len(), 50);
}
