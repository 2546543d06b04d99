//! `/telemetry`: reads from the collector's query API, untraced.

use insta::assert_snapshot;

use crate::support::{Behind, Site};

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
