//! `/telemetry`: reads from the collector's query API, untraced.

use insta::assert_snapshot;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Behind, PATIENCE, Site};

#[tokio::test]
async fn a_query_is_passed_on_untraced() {
    let site = Site::start().await;
    let headers = [
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
        ),
        ("cookie", "secret=1"),
        ("accept", "application/json"),
        ("if-none-match", "\"7\""),
    ];
    let answer = site
        .send("GET", "/telemetry/api/v3/traces/0af7?x=%20y", &headers, b"")
        .await;
    assert_eq!((answer.status, answer.text()), (200, r#"{"answer":1}"#));
    assert!(!answer.headers.contains_key("traceresponse"));
    let received = site.behind.receive().await;
    assert_eq!(
        (received.method.as_str(), received.target.as_str()),
        ("GET", "/api/v3/traces/0af7?x=%20y")
    );
    assert_eq!(received.headers["accept"], "application/json");
    assert_eq!(received.headers["if-none-match"], "\"7\"");
    for name in ["traceparent", "cookie"] {
        assert!(!received.headers.contains_key(name), "{name}");
    }
    assert_eq!(
        site.get("/telemetry/missing").await.status,
        404,
        "the collector's answers are passed on"
    );
    let traced = site.recorder.spans(|span| {
        span.attributes
            .iter()
            .any(|attribute| attribute.value.as_str().starts_with("/telemetry"))
    });
    assert!(traced.is_empty());
}

#[tokio::test]
async fn only_reading_is_allowed() {
    let site = Site::start().await;
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        assert_eq!(
            site.send(method, "/telemetry/api/v3/traces", &[], b"{}")
                .await
                .status,
            405,
            "{method}"
        );
    }
    assert!(site.behind.received().is_none());
}

#[tokio::test]
async fn what_comes_bit_by_bit_is_passed_on_bit_by_bit() {
    let site = Site::start().await;
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let request =
        b"GET /telemetry/live HTTP/1.1\r\nhost: test\r\naccept-encoding: br, gzip\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut heard = Vec::new();
    let hear = async {
        // The server behind never ends its answer.
        while !heard.ends_with(b"event: trace\n\n\r\n") {
            assert_ne!(stream.read_buf(&mut heard).await.unwrap(), 0);
        }
    };
    let in_time = tokio::time::timeout(PATIENCE, hear).await;
    in_time.expect("the first event arrives while the answer is open");
}

#[tokio::test]
async fn no_collector_is_a_503_that_says_why() {
    let without = Site::before(Behind::start().await, &["--telemetry-url", ""]).await;
    let answer = without.get("/telemetry/api/v3/services").await;
    assert_snapshot!(answer.problem(503), @"No collector is configured for trace queries.");
    assert_eq!(answer.header("retry-after"), "5");

    let away = Site::alone().await;
    assert_snapshot!(away.get("/telemetry/api/v3/services").await.problem(503), @"The collector does not answer.");
    let slow = Site::start().await;
    assert_snapshot!(slow.get("/telemetry/hang").await.problem(503), @"The collector does not answer.");
}
