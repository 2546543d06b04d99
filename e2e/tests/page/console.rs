//! The browser has nothing to complain about, on any page, but for a trace that was asked for too early.

use e2e::StackOptions;

use crate::page::Page;
use crate::sent::order;

#[tokio::test]
async fn no_page_writes_an_error_into_the_console() {
    let page = Page::open(StackOptions::default()).await;
    let first = page.send(1, &order()).await;
    let second = page.send(2, &order()).await;
    for (path, selector, part) in [
        ("/", ".welcome", "Try"),
        ("/?q=white%20whale", ".trace footer", "Complete"),
        ("/books", ".shelf", "Moby-Dick"),
        ("/books/melville-moby_dick.txt", "h1", "Moby-Dick"),
        ("/compare?q=love", "h1", "Methods"),
        ("/traces", "[role=status]", "live"),
        (&*format!("/traces/{first}"), ".trace footer", "Complete"),
        (
            &*format!("/traces/compare?a={first}&b={second}"),
            "[role=status]",
            "a",
        ),
        ("/tracing-test", ".trace footer", "Complete"),
    ] {
        page.visit(path).await;
        page.text_with(selector, part).await;
        let mut errors = page.browser.console_errors().await.unwrap();
        // Who asks for a trace before its first span has come is told 404, as Jaeger's API has it, and the browser notes
        // it down whatever the page makes of it.
        errors.retain(|error| {
            !(error.contains("/telemetry/api/v3/traces/") && error.contains("404"))
        });
        assert!(errors.is_empty(), "{path}: {errors:?}");
    }
    page.close().await;
}
