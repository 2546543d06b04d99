//! What telemetry must not do: reach foreign origins, trace itself, or matter to the search when it is away.

use std::sync::{Arc, Mutex};

use e2e::{StackOptions, wait_for};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::page::Page;

#[tokio::test]
async fn a_foreign_origin_gets_no_traceparent() {
    let (foreign, heads) = foreign_server().await;
    let page = Page::open(StackOptions::default()).await;
    // The page's own policy would forbid the request altogether; what is tested here is the tracer behind it.
    page.browser
        .devtools("Page.setBypassCSP", json!({ "enabled": true }))
        .await
        .unwrap();
    page.visit("/").await;
    page.browser
        .run(&format!("fetch('{foreign}/there', {{ mode: 'no-cors' }});"))
        .await
        .unwrap();
    let head = wait_for("the foreign request", async || {
        Ok(heads.lock().unwrap().first().cloned())
    })
    .await
    .unwrap();
    assert!(head.starts_with("GET /there "), "{head}");
    assert!(!head.to_lowercase().contains("traceparent"), "{head}");
    assert!(!head.to_lowercase().contains("tracestate"), "{head}");

    // The same call to the page's own origin carries the trace.
    let script =
        "return fetch('/api/trace-context').then(answer => answer.json()).then(it => it.trace_id)";
    let trace_id = page.browser.run(script).await.unwrap();
    let tree = page
        .traces()
        .complete(trace_id.as_str().unwrap())
        .await
        .unwrap();
    let names: Vec<&str> = tree.spans().iter().map(|span| span.name.as_str()).collect();
    assert_eq!(
        names,
        ["GET", "GET /api/{*path}", "GET", "GET /trace-context"]
    );
    assert_eq!(tree.span(0).service, "gutenberg-frontend");
    page.close().await;
}

#[tokio::test]
async fn exports_and_trace_queries_are_not_traced() {
    let page = Page::open(StackOptions::default()).await;
    for query in ["love", "death", "time"] {
        let ended = page.search(query).await;
        page.traces().complete(&ended.trace_id).await.unwrap();
    }
    let traces = page
        .traces()
        .of_service("gutenberg-frontend")
        .await
        .unwrap();
    let traced: Vec<String> = traces
        .iter()
        .flatten()
        .filter_map(|span| span.attribute("url.full"))
        .map(ToString::to_string)
        .filter(|url| url.contains("/otlp/") || url.contains("/telemetry/"))
        .collect();
    assert_eq!(traced, Vec::<String>::new());
    page.close().await;
}

#[tokio::test]
async fn without_a_collector_searches_work_and_the_panel_says_why_it_is_empty() {
    let page = Page::open(StackOptions {
        collector: false,
        ..StackOptions::default()
    })
    .await;
    let ended = page.search("love").await;
    assert!(ended.status.contains("found"), "{}", ended.status);
    assert!(page.count(".hits li").await > 0);
    let footer = wait_for("the panel to give up", async || {
        let footer = page.text_of(".trace footer").await;
        Ok(footer.contains("not reachable").then_some(footer))
    })
    .await
    .unwrap();
    assert!(footer.contains(&ended.trace_id), "{footer}");
    page.close().await;
}

/// A server of another origin that keeps the heads of the requests it gets.
async fn foreign_server() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let heads = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let mut head = vec![0; 8192];
            let length = connection.read(&mut head).await.unwrap_or(0);
            if length > 0 {
                let text = String::from_utf8_lossy(&head[..length]).into_owned();
                kept.lock().unwrap().push(text);
            }
            let answer = "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
            // A browser that closes an idle connection is no failure of the test.
            let _ = connection.write_all(answer.as_bytes()).await;
        }
    });
    (origin, heads)
}
