//! Secrets are masked wherever a span can carry one; what only looks like one to a hasty eye is left alone.

use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Event;

use crate::otelcol::{Otelcol, Setup};
use crate::ours::Ours;
use crate::send::export;
use crate::spans::{ERROR, attribute, of_resource, of_service, span, status, text, text_of, texts};

/// A text with a secret, and what is left of it.
const SECRETS: &[(&str, &str)] = &[
    (
        "/search?q=whale&access_token=Zm9vYmFy&page=2",
        "/search?q=whale&****&page=2",
    ),
    ("?api_key=k-1234#top", "?****#top"),
    ("?X-Amz-Signature=0badcafe&q=a", "?****&q=a"),
    ("password=hunter2 was wrong", "**** was wrong"),
    ("client_secret=s3cr3t", "****"),
    ("postgres://reader:pa55@db/books", "****db/books"),
    ("Authorization: Basic dTpw", "****"),
    ("cookie: session=1", "****"),
    (
        "sent Bearer 0123456789abcdefghij.KLM to a",
        "sent **** to a",
    ),
    ("bearer%20abcdefghijklmnopqrstuvwxyz", "****"),
    (
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
        "****",
    ),
    ("AKIAABCDEFGHIJKLMNOP", "****"),
    ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "****"),
    (
        "write to ishmael@pequod.example.com, please",
        "write to ****, please",
    ),
    ("?q=ahab%40pequod.example&page=1", "?q=****&page=1"),
    ("4111111111111111", "****"),
    ("card 5500 0000 0000 0004.", "card ****."),
    ("3782 822463 10005", "****"),
];

/// What readers look for and services report.
const ORDINARY: &[&str] = &[
    "the secret agent",
    "token of love",
    "bearer of good tidings",
    "basic responsibilities",
    "password",
    "cookies and authorization",
    "10 downing street @ noon",
    "1984 2001 1066 1492",
    "4111111111111111111111",
    "method=tfidf&q=moby+dick&limit=10",
    "http://localhost:3000/api/search?q=whale",
    "кит & море",
];

/// Keys whose value is masked whatever it is.
const BLOCKED_KEYS: &[&str] = &[
    "http.request.header.authorization",
    "http.request.header.cookie",
    "http.response.header.set-cookie",
    "http.request.header.x-api-key",
    "db.password",
    "client_secret",
    "app.session_token",
];

/// Keys that resemble them.
const KEPT_KEYS: &[&str] = &["app.query.token_count", "session.id", "user_agent.original"];

async fn behind_ours() -> anyhow::Result<(Otelcol, Ours)> {
    let ours = Ours::started().await?;
    let setup = Setup::new("ours.yaml").with("OTELCOL_OURS_ENDPOINT", ours.endpoint());
    Ok((Otelcol::start(setup).await?, ours))
}

/// The text wherever one can stand.
fn planted(trace_id: u128, secret: &str) -> Span {
    let mut span = span(trace_id, 1, 0, secret);
    span.attributes = vec![text("note", secret), texts("notes", &["plain", secret])];
    span.events = vec![Event {
        name: "exception".to_owned(),
        attributes: vec![text("exception.message", secret)],
        ..Event::default()
    }];
    span.status = status(ERROR, secret);
    span
}

async fn stored(ours: &Ours, trace_id: u128) -> anyhow::Result<Span> {
    let mut stored = ours.trace(trace_id).await?;
    anyhow::ensure!(stored.len() == 1, "trace {trace_id} is missing");
    Ok(stored.remove(0).scope_spans.remove(0).spans.remove(0))
}

fn sorted(mut attributes: Vec<KeyValue>) -> Vec<KeyValue> {
    attributes.sort_by(|a, b| a.key.cmp(&b.key));
    attributes
}

#[tokio::test]
async fn secrets_are_masked_everywhere() -> anyhow::Result<()> {
    let (otelcol, ours) = behind_ours().await?;
    let spans = SECRETS.iter().zip(1..);
    let spans = spans.map(|((secret, _), id)| planted(id, secret)).collect();
    export(&otelcol, vec![of_service("shop", spans)]).await?;

    ours.holds(SECRETS.len() as u64).await?;
    for ((secret, masked), id) in SECRETS.iter().zip(1..) {
        let span = stored(&ours, id).await?;
        assert_eq!(span.name, *masked);
        assert_eq!(span.status.as_ref().unwrap().message, *masked);
        assert_eq!(text_of(&span.attributes, "note"), Some(*masked));
        let event = &span.events[0].attributes;
        assert_eq!(text_of(event, "exception.message"), Some(*masked));
        // An array is masked as the text it is written as: what is left may be one text, and is without the secret.
        assert!(!format!("{span:?}").contains(secret), "{span:?}");
        assert_eq!(span.attributes.len(), 2, "nothing is added: {span:?}");
    }
    Ok(())
}

#[tokio::test]
async fn ordinary_text_survives() -> anyhow::Result<()> {
    let (otelcol, ours) = behind_ours().await?;
    let sent = |text, id| {
        let mut span = planted(id, text);
        let values = KEPT_KEYS
            .iter()
            .map(|key| attribute(key, Value::IntValue(4)));
        span.attributes.extend(values);
        span
    };
    let spans = ORDINARY.iter().zip(1..).map(|(text, id)| sent(text, id));
    // Names and fingerprints are not looked into.
    let resource = vec![
        text("service.name", "mail@shop.example.com"),
        text("service.instance.id", "4111111111111111"),
    ];
    let of_shop = of_resource(resource.clone(), spans.collect());
    export(&otelcol, vec![of_shop]).await?;

    ours.holds(ORDINARY.len() as u64).await?;
    for (text, id) in ORDINARY.iter().zip(1..) {
        let mut span = stored(&ours, id).await?;
        span.attributes = sorted(span.attributes);
        let mut expected = sent(text, id);
        expected.attributes = sorted(expected.attributes);
        assert_eq!(span, expected);
    }
    let of_shop = ours.trace(1).await?.remove(0).resource.unwrap().attributes;
    for attribute in &resource {
        assert!(of_shop.contains(attribute), "{of_shop:?}");
    }
    Ok(())
}

#[tokio::test]
async fn whole_values_of_telling_keys_are_masked() -> anyhow::Result<()> {
    let (otelcol, ours) = behind_ours().await?;
    let mut span = span(1, 1, 0, "work");
    // The conventions record a header as an array.
    span.attributes = BLOCKED_KEYS
        .iter()
        .map(|key| texts(key, &["x", "y"]))
        .collect();
    span.attributes.push(text("app.password", "one\nline more"));
    export(&otelcol, vec![of_service("shop", vec![span])]).await?;

    ours.holds(1).await?;
    let span = stored(&ours, 1).await?;
    for key in BLOCKED_KEYS {
        assert_eq!(text_of(&span.attributes, key), Some("****"), "{key}");
    }
    let lines = text_of(&span.attributes, "app.password").unwrap();
    assert!(!lines.contains("line"), "{lines}");
    Ok(())
}
