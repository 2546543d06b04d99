//! A backend that still starts: its trace is drawn while it grows, and gives way to the search that waited for it.

use std::fs::File;

use e2e::StackOptions;
use serde_json::json;
use tempfile::TempDir;

use crate::page::Page;

/// A backend that waits for another process which builds the index: this test, as long as it has the lock.
struct Held {
    folder: TempDir,
    lock: File,
}

impl Held {
    fn new() -> Held {
        let folder = TempDir::new().unwrap();
        let lock = File::create(folder.path().join("lock")).unwrap();
        lock.lock().unwrap();
        Held { folder, lock }
    }

    async fn page(&self) -> Page {
        Page::open(StackOptions {
            index_dir: Some(self.folder.path().to_owned()),
            ready: false,
            ..StackOptions::default()
        })
        .await
    }

    fn release(&self) {
        self.lock.unlock().unwrap();
    }
}

#[tokio::test]
async fn the_start_is_drawn_while_it_lasts_and_gives_way_to_the_first_search() {
    let held = Held::new();
    let page = held.page().await;
    page.text_with(
        "[role=status]",
        "The library is being opened: opening index",
    )
    .await;
    page.text_with(".trace h2", "The start of the backend")
        .await;
    let drawn = page.text_with(".trace", "load_gutenberg_corpus").await;
    assert!(drawn.contains("process_book"), "{drawn}");
    assert!(drawn.contains("Waiting for"), "{drawn}");
    for later in ["app_startup", "build_index"] {
        assert!(!drawn.contains(later), "{later} cannot have ended: {drawn}");
    }

    held.release();
    let drawn = page.text_with(".trace", "app_startup").await;
    for later in ["build_index", "health_checks"] {
        assert!(drawn.contains(later), "{later} is missing in {drawn}");
    }
    page.text_with(".trace footer", "Complete").await;
    let ended = page.search("white whale").await;
    assert!(ended.status.contains("found"), "{}", ended.status);
    page.text_with(".trace", "frontend_search").await;
    assert_eq!(page.count(".trace").await, 1);
    assert_eq!(page.violations().await, json!([]));
    page.close().await;
}

#[tokio::test]
async fn a_search_that_comes_too_early_is_answered_when_the_backend_can() {
    let held = Held::new();
    let page = held.page().await;
    page.text_with(".trace", "load_gutenberg_corpus").await;
    page.submit("white whale").await;
    page.text_with(".notice.bad", "The books are still being loaded")
        .await;
    // What is drawn is still the start.
    page.text_with(".trace h2", "The start of the backend")
        .await;

    held.release();
    let status = page.text_with("[role=status]", "found in").await;
    assert!(status.contains("on your screen"), "{status}");
    page.text_with(".trace", "frontend_search").await;
    assert_eq!(page.count(".trace").await, 1);
    let searches = page.searches(2).await;
    assert_eq!(searches.len(), 2, "one was refused, one was answered");
    page.close().await;
}

#[tokio::test]
async fn how_far_a_start_is_is_asked_without_a_trace() {
    let held = Held::new();
    let page = held.page().await;
    page.text_with(".trace", "load_gutenberg_corpus").await;
    held.release();
    page.text_with(".trace footer", "Complete").await;
    let ended = page.search("death").await;
    page.traces().complete(&ended.trace_id).await.unwrap();
    for service in ["gutenberg-frontend", "gutenberg-frontend-server"] {
        for trace in page.traces().of_service(service).await.unwrap() {
            let address = |key| trace.iter().filter_map(move |span| span.attribute(key));
            let mut asked = address("url.path").chain(address("url.full"));
            assert!(!asked.any(|url| url.to_string().contains("health")));
        }
    }
    page.close().await;
}
