//! The browser has nothing to complain about, on any page.

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
        let errors = page.browser.console_errors().await.unwrap();
        assert!(errors.is_empty(), "{path}: {errors:?}");
    }
    page.close().await;
}
