//! Every route, every error, and the whole trace of a search.

mod books;
mod compare;
mod limits;
mod openapi;
mod propagation;
mod search_api;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::json;
use shared::{Health, HealthStatus, QueryCapture};

use crate::support::{Answer, Backend, corpus_dir, three_books};

fn ready() -> Backend {
    Backend::new(three_books(), QueryCapture::Raw)
}

/// An error as problem JSON that names its own trace.
fn assert_problem(answer: &Answer, status: u16, title: &str, detail: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    let expected = json!({ "title": title, "status": status, "detail": detail, "trace_id": answer.trace_id() });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn the_root_says_what_this_is() {
    let answer = ready().get("/").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["version"], env!("CARGO_PKG_VERSION"));
    assert!(
        answer.json()["message"]
            .as_str()
            .unwrap()
            .contains("/search?q=")
    );
}

#[tokio::test]
async fn books_come_with_their_true_titles_and_authors() {
    let answer = ready().get("/books").await;
    let first = json!({ "id": "austen-emma.txt", "title": "Emma", "author": "Jane Austen", "year": 1815, "word_count": 12 });
    assert_eq!(answer.json()["corpus"], "sample");
    assert_eq!(answer.json()["books"][0], first);
    assert_eq!(answer.json()["books"].as_array().unwrap().len(), 3);
    assert!(answer.json().get("skipped").is_none());
}

#[tokio::test]
async fn books_that_are_left_out_are_told_in_books_and_health() {
    let Some(real) = corpus_dir() else { return };
    let directory = tempfile::TempDir::new().unwrap();
    std::fs::copy(
        real.join("carroll-alice.txt"),
        directory.path().join("carroll-alice.txt"),
    )
    .unwrap();
    let source = backend::corpus::Source::Directory(directory.path().to_owned());
    let corpus =
        backend::corpus::load_gutenberg_corpus(source, &backend::progress::Progress::default())
            .unwrap();
    let library = backend::search::Library::index(corpus).unwrap();
    let backend = Backend::new(library, QueryCapture::Raw);

    let books = backend.get("/books").await.json();
    assert_eq!(books["corpus"], "gutenberg");
    assert_eq!(
        books["skipped"][0],
        json!({ "id": "austen-emma.txt", "reason": "the file is missing" })
    );
    let health: Health = serde_json::from_str(&backend.get("/health").await.body).unwrap();
    assert_eq!(
        (health.status, health.books, health.skipped.len()),
        (HealthStatus::Degraded, 1, 17)
    );
    assert_eq!(
        backend.get("/search?q=alice").await.json()["total_matches"],
        1
    );
}

#[tokio::test]
async fn health_routes_answer_without_a_trace() {
    let backend = ready();
    let health = backend.get("/health").await;
    assert_eq!(health.json()["status"], "healthy");
    assert_eq!(health.json()["service"], "gutenberg-backend");
    assert_eq!(health.json()["books"], 3);
    assert_eq!(health.json().get("progress"), None);
    assert_eq!(health.json().get("warnings"), None);
    for path in ["/health", "/livez", "/readyz"] {
        let answer = backend.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert_eq!(answer.header("traceresponse"), "", "{path}");
    }
}

#[tokio::test]
async fn before_the_library_is_loaded_everything_else_is_503() {
    let backend = Backend::starting(QueryCapture::Raw);
    let trace_id = backend.startup.trace_id().to_string();
    let progress = json!({ "phase": "configuring", "done": 0, "total": 0, "trace_id": trace_id });
    assert_eq!(backend.get("/health").await.json()["progress"], progress);
    let detail = "the books are still being loaded; try again in a second";
    for path in ["/books", "/search?q=whale"] {
        let answer = backend.get(path).await;
        assert_problem(&answer, 503, "Not ready", detail);
        assert_eq!(answer.header("retry-after"), "1");
    }
    let readyz = backend.get("/readyz").await;
    assert_eq!(
        (readyz.status.as_u16(), readyz.header("retry-after")),
        (503, "1")
    );
    assert_eq!(backend.get("/livez").await.status, StatusCode::OK);
    assert_eq!(backend.get("/health").await.json()["status"], "starting");
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_problems() {
    let backend = ready();
    let answer = backend.get("/bücher".replace('ü', "%C3%BC").as_str()).await;
    assert_problem(
        &answer,
        404,
        "Not found",
        "try /, /books, /search, /health or /trace-context",
    );
    let post = Request::post("/search?q=whale")
        .body(Body::from("x"))
        .unwrap();
    let answer = backend.send(post).await;
    assert_problem(
        &answer,
        405,
        "Method not allowed",
        "this address answers GET and HEAD",
    );
    assert_eq!(answer.header("allow"), "GET,HEAD");
    let head = backend
        .send(
            Request::head("/search?q=whale")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!((head.status, head.body.as_str()), (StatusCode::OK, ""));
}
