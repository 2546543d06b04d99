//! `/openapi.json`: it describes the routes there are, and answers are as it says.

use std::collections::BTreeSet;

use backend::corpus::MANIFEST;
use serde_json::{Value, json};
use shared::{Method, QueryCapture};

use super::ready;
use crate::support::{Answer, Backend};

async fn description() -> Value {
    ready().get("/openapi.json").await.json()
}

/// The answer has a status that is described for `route`, and the content that is described for it.
fn assert_described(description: &Value, route: &str, answer: &Answer) {
    let status = answer.status.as_str();
    let mut described = &description["paths"][route]["get"]["responses"][status];
    if let Some(reference) = described["$ref"].as_str() {
        described = description.pointer(&reference[1..]).unwrap();
    }
    let content_type = answer.header("content-type");
    let schema = &described["content"][content_type]["schema"];
    assert!(schema.is_object(), "{route} {status} {content_type}");
    let body = match content_type.starts_with("text/") {
        true => Value::String(answer.body.clone()),
        false => answer.json(),
    };
    // References lead to the components of the description.
    let mut schema = json!({ "allOf": [schema], "components": description["components"] });
    close(&mut schema);
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&body)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{route} {status}: {errors:#?}\n{body:#}");
}

/// Allows no property that is not described. The description itself leaves that open for later versions.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            if members.contains_key("properties") {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(close),
        _ => {}
    }
}

#[tokio::test]
async fn every_route_is_described_and_every_described_route_is_there() {
    let description = description().await;
    let paths = description["paths"].as_object().unwrap();
    let described: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
    assert_eq!(described, backend::http::addresses().collect());
    assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn the_allowed_values_are_those_of_the_program() {
    let schemas = &description().await["components"]["schemas"];
    assert_eq!(schemas["Method"]["enum"], json!(Method::ALL));
    let ids: Vec<&str> = MANIFEST.iter().map(|entry| entry.id).collect();
    assert_eq!(schemas["BookId"]["enum"], json!(ids));
}

#[tokio::test]
async fn answers_are_as_described() {
    let (description, backend) = (description().await, ready());
    for (route, path) in [
        ("/", "/"),
        ("/books", "/books"),
        ("/books/{id}", "/books/austen-persuasion.txt"),
        ("/books/{id}", "/books/moon"),
        (
            "/books/{id}/text",
            "/books/austen-emma.txt/text?from=3&to=20&q=whale",
        ),
        ("/books/{id}/text", "/books/austen-emma.txt/text?from=x"),
        ("/books/{id}/text", "/books/moon/text"),
        ("/search", "/search?q=white%20whale%20-garden&limit=1"),
        ("/search", "/search?q=whail%20the%20%22whale&method=hybrid"),
        ("/search", "/search?q=love&features=5000&threshold=0.5"),
        ("/search", "/search?q=love&book=moon"),
        ("/search", "/search"),
        ("/search/compare", "/search/compare?q=white%20whale"),
        (
            "/search/compare",
            "/search/compare?q=whale&methods=bm25,tfidf&limit=1",
        ),
        ("/search/compare", "/search/compare?q=whale&methods=bm25"),
        (
            "/search/explain",
            "/search/explain?q=whale&id=austen-emma.txt&method=hybrid",
        ),
        (
            "/search/explain",
            "/search/explain?q=love&id=austen-emma.txt",
        ),
        ("/search/explain", "/search/explain?q=love"),
        ("/health", "/health"),
        ("/livez", "/livez"),
        ("/readyz", "/readyz"),
        ("/trace-context", "/trace-context"),
        ("/openapi.json", "/openapi.json"),
    ] {
        assert_described(&description, route, &backend.get(path).await);
    }
    for method in Method::ALL {
        let answer = backend
            .get(&format!("/search?q=white%20whale&method={method}"))
            .await;
        assert_described(&description, "/search", &answer);
    }
    let long = format!("/search?q={}", "a".repeat(1025));
    assert_described(&description, "/search", &backend.get(&long).await);
}

#[tokio::test]
async fn answers_before_it_is_ready_are_as_described() {
    let (description, starting) = (description().await, Backend::starting(QueryCapture::Off));
    for (route, path) in [
        ("/books", "/books"),
        ("/books/{id}", "/books/austen-emma.txt"),
        ("/books/{id}/text", "/books/austen-emma.txt/text"),
        ("/search", "/search?q=love"),
        ("/search/compare", "/search/compare?q=love"),
        (
            "/search/explain",
            "/search/explain?q=love&id=austen-emma.txt",
        ),
        ("/health", "/health"),
        ("/livez", "/livez"),
        ("/readyz", "/readyz"),
    ] {
        assert_described(&description, route, &starting.get(path).await);
    }
}
