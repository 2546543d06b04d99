//! Searches that do not end well leave one whole trace each, which says what happened.

use std::process::Command;
use std::time::Duration;

use e2e::{Case, Setting, StackOptions, assert_contained, expected, rendered, wait_for};
use fantoccini::Locator;
use shared::Method;
use shared::semconv::service;
use trace_model::{Span, Tree, Value};

use crate::page::Page;

#[tokio::test]
async fn a_search_without_backend_fails_visibly_and_can_be_tried_again() {
    let mut page = Page::open(StackOptions::default()).await;
    page.choose(Method::Tfidf).await;
    assert_eq!(page.stack.backend.terminate().await.unwrap(), Some(0));

    let ended = page.search("love").await;
    let notice = page.text_of(".notice").await;
    assert!(notice.contains("The search failed"), "{notice}");
    assert!(notice.contains(&ended.trace_id), "{notice}");
    let mut tree = page.traces().complete(&ended.trace_id).await.unwrap();
    insta::assert_snapshot!(rendered(&tree), @"
    frontend_search INTERNAL gutenberg-frontend {app.search.method=tfidf, app.search.outcome=failed, app.search.query=love, app.search.query.length=4, error.type=502} [error: The backend cannot be reached.]
      update_ui_loading INTERNAL gutenberg-frontend
      prepare_api_request INTERNAL gutenberg-frontend
      api_request_execute INTERNAL gutenberg-frontend
        GET CLIENT gutenberg-frontend {error.type=502, http.request.method=GET, http.response.body.size=…, http.response.status_code=502, server.address=127.0.0.1, server.port=…, url.full=…} [error] events=request,response
          GET /api/{*path} SERVER gutenberg-frontend-server {error.type=502, http.request.method=GET, http.response.status_code=502, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/search, url.query=q=love&method=tfidf, url.scheme=http, user_agent.original=…} [error: Bad Gateway]
            GET CLIENT gutenberg-frontend-server {error.type=connect, http.request.method=GET, server.address=127.0.0.1, server.port=…, url.full=…} [error: cannot connect]
      handle_search_error INTERNAL gutenberg-frontend {error.type=502} [error: The backend cannot be reached.]
      update_url_params INTERNAL gutenberg-frontend
      update_ui_final INTERNAL gutenberg-frontend
    ");
    assert_contained(&mut tree);

    let again = page
        .browser
        .client
        .find(Locator::Css(".notice button"))
        .await
        .unwrap();
    again.click().await.unwrap();
    let second = page.ended_after(&ended.trace_id).await;
    page.traces().complete(&second.trace_id).await.unwrap();
    assert_eq!(page.searches(2).await.len(), 2);
    page.close().await;
}

#[tokio::test]
async fn a_stale_search_is_aborted_and_says_so_while_the_new_one_is_whole() {
    let page = Page::open(StackOptions::default()).await;
    page.choose(Method::Tfidf).await;
    let backend = Paused::new(page.stack.backend.id());
    page.submit("love").await;
    wait_for("the first request to be under way", async || {
        Ok((page.count("section.results[aria-busy=true]").await == 1).then_some(()))
    })
    .await
    .unwrap();
    page.submit("death").await;
    // Until frontend-server has let go of the first request, a backend that goes on could still answer it.
    let aborted = with_proxy(&page, &page.searches(1).await[0]).await;
    drop(backend);

    let searches = page.searches(2).await;
    let outcomes: Vec<_> = searches.iter().map(|spans| outcome(spans)).collect();
    assert_eq!(outcomes, [("love", "aborted"), ("death", "answered")]);
    insta::assert_snapshot!(rendered(&without_backend(aborted)), @"
    frontend_search INTERNAL gutenberg-frontend {app.search.method=tfidf, app.search.outcome=aborted, app.search.query=love, app.search.query.length=4}
      update_ui_loading INTERNAL gutenberg-frontend
      prepare_api_request INTERNAL gutenberg-frontend
      api_request_execute INTERNAL gutenberg-frontend
        GET CLIENT gutenberg-frontend {cancelled=true, http.request.method=GET, server.address=127.0.0.1, server.port=…, url.full=…}
          GET /api/{*path} SERVER gutenberg-frontend-server {cancelled=true, http.request.method=GET, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/search, url.query=q=love&method=tfidf, url.scheme=http, user_agent.original=…}
            GET CLIENT gutenberg-frontend-server {cancelled=true, http.request.method=GET, server.address=127.0.0.1, server.port=…, url.full=…}
    ");
    let mut answered = whole(&page, &searches[1]).await;
    let answer = page.answer_to("death").await;
    assert_eq!(
        rendered(&answered),
        expected(&DEATH, &answer, &Setting::default())
    );
    assert_contained(&mut answered);
    assert_eq!(
        page.browser
            .run("return new URLSearchParams(location.search).get('q')")
            .await
            .unwrap(),
        "death"
    );
    page.close().await;
}

#[tokio::test]
async fn two_searches_at_once_do_not_mix() {
    let page = Page::open(StackOptions::default()).await;
    page.choose(Method::Tfidf).await;
    let backend = Paused::new(page.stack.backend.id());
    page.run_asking("window.other = window.open('/?q=death&method=tfidf'); $ask('love');")
        .await;
    wait_for("the other page to have asked", async || {
        let busy = page
            .browser
            .run("return other.document.querySelectorAll('section.results[aria-busy=true]').length")
            .await?;
        Ok((busy == 1).then_some(()))
    })
    .await
    .unwrap();
    drop(backend);

    let mut queries = Vec::new();
    for spans in page.searches(2).await {
        let (query, _) = outcome(&spans);
        queries.push(query.to_owned());
        let case = if query == LOVE.0 { LOVE } else { DEATH };
        let mut tree = without_hidden(whole(&page, &spans).await);
        let answer = page.answer_to(query).await;
        assert_eq!(
            rendered(&tree),
            expected(&case, &answer, &Setting::default())
        );
        assert_contained(&mut tree);
    }
    queries.sort();
    assert_eq!(queries, ["death", "love"]);
    page.close().await;
}

#[tokio::test]
async fn a_tab_that_is_closed_ten_milliseconds_after_the_click_leaves_a_whole_trace() {
    let page = Page::open(StackOptions::default()).await;
    let tab = page.open_tab().await;
    page.choose(Method::Tfidf).await;
    page.run_asking("$ask('love');").await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    page.close_tab(tab).await;

    let searches = page.searches(1).await;
    let tree = whole(&page, &searches[0]).await;
    assert_eq!(tree.roots().len(), 1, "{}", rendered(&tree));
    assert_eq!(tree.span(0).name, "frontend_search");
    assert_eq!(page.searches(1).await.len(), 1);
    page.close().await;
}

#[tokio::test]
async fn a_tab_that_is_closed_before_the_answer_says_so_in_every_open_span() {
    let page = Page::open(StackOptions::default()).await;
    let tab = page.open_tab().await;
    page.choose(Method::Tfidf).await;
    let backend = Paused::new(page.stack.backend.id());
    page.run_asking("$ask('love'); window.frames = 0; const count = () => { frames += 1; requestAnimationFrame(count); }; count();")
        .await;
    wait_for("the waiting state to be painted", async || {
        Ok((page.browser.run("return window.frames > 3").await? == true).then_some(()))
    })
    .await
    .unwrap();
    page.close_tab(tab).await;

    let searches = page.searches(1).await;
    let tree = with_proxy(&page, &searches[0]).await;
    insta::assert_snapshot!(rendered(&without_backend(tree)), @"
    frontend_search INTERNAL gutenberg-frontend {app.search.method=tfidf, app.search.query=love, app.search.query.length=4, page.unloaded=true}
      update_ui_loading INTERNAL gutenberg-frontend
      prepare_api_request INTERNAL gutenberg-frontend
      api_request_execute INTERNAL gutenberg-frontend {page.unloaded=true}
        GET CLIENT gutenberg-frontend {http.request.method=GET, page.unloaded=true, server.address=127.0.0.1, server.port=…, url.full=…}
          GET /api/{*path} SERVER gutenberg-frontend-server {cancelled=true, http.request.method=GET, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/search, url.query=q=love&method=tfidf, url.scheme=http, user_agent.original=…}
            GET CLIENT gutenberg-frontend-server {cancelled=true, http.request.method=GET, server.address=127.0.0.1, server.port=…, url.full=…}
    ");
    drop(backend);
    page.close().await;
}

/// What the phases of two searches count in the sample.
const LOVE: Case = Case("love", 1, 0, 0, 12, 12);
const DEATH: Case = Case("death", 1, 0, 0, 10, 10);

/// The trace of these spans once all of it has arrived.
async fn whole(page: &Page, spans: &[Span]) -> Tree {
    let trace_id = spans[0].trace_id.to_string();
    page.traces().complete(&trace_id).await.unwrap()
}

/// The trace of these spans once frontend-server has told its part: a request that was given up counts as whole without
/// it.
async fn with_proxy(page: &Page, spans: &[Span]) -> Tree {
    wait_for("the spans of frontend-server", async || {
        let tree = whole(page, spans).await;
        let told = tree
            .spans()
            .iter()
            .any(|span| span.service == service::FRONTEND_SERVER);
        Ok(told.then_some(tree))
    })
    .await
    .unwrap()
}

/// The trace without the spans of the backend: whether a request that was given up reaches it at all is up to the
/// moment.
fn without_backend(tree: Tree) -> Tree {
    let mut spans = tree.into_spans();
    spans.retain(|span| span.service != service::BACKEND);
    Tree::new(spans)
}

/// The trace without the mark of a page that was hidden meanwhile: the first of two is when the second is opened, and
/// whether its spans are open just then is up to the moment.
fn without_hidden(tree: Tree) -> Tree {
    let mut spans = tree.into_spans();
    for span in &mut spans {
        span.attributes.retain(|(key, _)| key != "page.hidden");
    }
    Tree::new(spans)
}

/// Question and outcome as the root of a search tells them.
fn outcome(spans: &[Span]) -> (&str, &str) {
    let root = spans.iter().find(|span| span.parent_id.is_none()).unwrap();
    let text = |key| match root.attribute(key) {
        Some(Value::String(text)) => text.as_str(),
        other => panic!("{key} is {other:?}"),
    };
    (text("app.search.query"), text("app.search.outcome"))
}

/// A process that is stopped as long as this lives: requests reach it and wait.
struct Paused {
    pid: u32,
}

impl Paused {
    fn new(pid: u32) -> Paused {
        signal("-STOP", pid);
        Paused { pid }
    }
}

impl Drop for Paused {
    fn drop(&mut self) {
        signal("-CONT", self.pid);
    }
}

fn signal(signal: &str, pid: u32) {
    let status = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success());
}
