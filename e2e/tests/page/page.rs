//! The page in the verbs of its user.

use e2e::{Browser, Stack, StackOptions, Traces, http_get, wait_for};
use fantoccini::Locator;
use fantoccini::key::Key;
use fantoccini::wd::WindowHandle;
use shared::SearchResponse;
use trace_model::Span;

/// A browser at the page of a stack of its own.
pub(crate) struct Page {
    pub(crate) stack: Stack,
    pub(crate) browser: Browser,
}

/// A search that has ended.
pub(crate) struct Ended {
    /// Its trace.
    pub(crate) trace_id: String,
    /// The sentence above the results.
    pub(crate) status: String,
}

impl Page {
    /// Starts the stack and opens the search page.
    pub(crate) async fn open(options: StackOptions) -> Page {
        let stack = Stack::start(options).await.unwrap();
        let browser = Browser::start().await.unwrap();
        let page = Page { stack, browser };
        page.visit("/").await;
        page
    }

    /// Opens `path` and waits until the application runs.
    pub(crate) async fn visit(&self, path: &str) {
        let address = format!("{}{path}", self.stack.page_url());
        self.browser.client.goto(&address).await.unwrap();
        self.browser
            .client
            .wait()
            .at_most(e2e::PATIENCE)
            .for_element(Locator::Css("main h1, main form[role=search]"))
            .await
            .unwrap();
        // Violations of the policy are collected from here on; those before are in the browser's log.
        self.browser
            .run(
                "window.violations = [];
                 document.addEventListener('securitypolicyviolation',
                     event => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));",
            )
            .await
            .unwrap();
    }

    /// Types `query` in place of what stands in the search box and submits it.
    pub(crate) async fn submit(&self, query: &str) {
        let field = self.field().await;
        field.clear().await.unwrap();
        field.send_keys(query).await.unwrap();
        field
            .send_keys(&char::from(Key::Enter).to_string())
            .await
            .unwrap();
    }

    /// Submits `query` and waits until its search has ended.
    pub(crate) async fn search(&self, query: &str) -> Ended {
        let before = self.trace_id().await;
        self.submit(query).await;
        self.ended_after(&before).await
    }

    /// Waits until a search other than the one of trace `before` has ended.
    pub(crate) async fn ended_after(&self, before: &str) -> Ended {
        let trace_id = wait_for("a search to end", async || {
            let trace_id = self.trace_id().await;
            Ok((!trace_id.is_empty() && trace_id != before).then_some(trace_id))
        })
        .await
        .unwrap();
        Ended {
            trace_id,
            status: self.text_of("[role=status]").await,
        }
    }

    /// Trace of the latest search that has ended, as the panel shows it; empty before the first.
    pub(crate) async fn trace_id(&self) -> String {
        self.text_of(".trace footer code").await
    }

    /// Runs `script` with `$ask(query)`, which fills in the form and submits it at once.
    pub(crate) async fn run_asking(&self, script: &str) {
        let ask = "
            const $ask = query => {
                const field = document.querySelector('input[name=q]');
                field.value = query;
                field.dispatchEvent(new Event('input', { bubbles: true }));
                field.form.requestSubmit();
            };";
        self.browser.run(&format!("{ask}{script}")).await.unwrap();
    }

    /// The search box.
    pub(crate) async fn field(&self) -> fantoccini::elements::Element {
        self.browser
            .client
            .find(Locator::Css("input[name=q]"))
            .await
            .unwrap()
    }

    /// Text of the first element that `selector` finds, empty without one.
    pub(crate) async fn text_of(&self, selector: &str) -> String {
        let script = format!("return document.querySelector({selector:?})?.innerText ?? ''");
        self.browser
            .run(&script)
            .await
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// How many elements `selector` finds.
    pub(crate) async fn count(&self, selector: &str) -> u64 {
        let script = format!("return document.querySelectorAll({selector:?}).length");
        self.browser.run(&script).await.unwrap().as_u64().unwrap()
    }

    /// Violations of the content security policy since the page was opened.
    pub(crate) async fn violations(&self) -> serde_json::Value {
        self.browser.run("return window.violations").await.unwrap()
    }

    /// The traces in the stack's collector.
    pub(crate) fn traces(&self) -> Traces {
        Traces::new(self.stack.query_url())
    }

    /// Waits until `count` searches of the page have reached the collector; returns their traces, oldest first.
    pub(crate) async fn searches(&self, count: usize) -> Vec<Vec<Span>> {
        let traces = self.traces();
        let mut found = wait_for(&format!("{count} traces of searches"), async || {
            let found = traces
                .rooted_in(shared::semconv::service::FRONTEND, "frontend_search")
                .await?;
            Ok((found.len() >= count).then_some(found))
        })
        .await
        .unwrap();
        found.reverse();
        found
    }

    /// Opens the page in a second tab and turns to it; returns the first one.
    pub(crate) async fn open_tab(&self) -> WindowHandle {
        let client = &self.browser.client;
        let first = client.window().await.unwrap();
        let second = client.new_window(true).await.unwrap().handle;
        client.switch_to_window(second).await.unwrap();
        self.visit("/").await;
        first
    }

    /// Closes the second tab, as its user would, and turns back to the first.
    pub(crate) async fn close_tab(&self, first: WindowHandle) {
        let client = &self.browser.client;
        client.close_window().await.unwrap();
        client.switch_to_window(first).await.unwrap();
    }

    /// What the backend answers to the same question when it is asked directly.
    pub(crate) async fn answer_to(&self, query: &str) -> SearchResponse {
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let backend = self.stack.backend.address("http");
        let url = format!("http://{backend}/search?q={encoded}");
        let body = http_get(&url, &[]).await.unwrap().into_body();
        serde_json::from_str(&body).unwrap()
    }

    /// Ends the browser; the stack ends with the page.
    pub(crate) async fn close(self) {
        self.browser.close().await.unwrap();
    }
}
