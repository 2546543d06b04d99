//! The page in the verbs of its user.

use fantoccini::Locator;
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::WindowHandle;
use shared::Method;

use crate::{Browser, PATIENCE, wait_for};

/// A browser at the page. A step that cannot be taken fails the test.
pub struct Page {
    /// The browser.
    pub browser: Browser,
    url: String,
}

/// A search that has ended.
pub struct Ended {
    /// Its trace.
    pub trace_id: String,
    /// The sentence above the results.
    pub status: String,
}

impl Page {
    /// Opens the search page at `url`.
    pub async fn at(url: String) -> Page {
        let browser = Browser::start().await.unwrap();
        let page = Page { browser, url };
        page.visit("/").await;
        page
    }

    /// Opens `path` and waits until the application runs.
    pub async fn visit(&self, path: &str) {
        let address = format!("{}{path}", self.url);
        self.browser.client.goto(&address).await.unwrap();
        self.browser
            .client
            .wait()
            .at_most(PATIENCE)
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

    /// Chooses the method of the searches that follow.
    pub async fn choose(&self, method: Method) {
        let script =
            format!("document.querySelector('input[name=method][value={method}]').click()");
        self.browser.run(&script).await.unwrap();
    }

    /// Clicks the first element that `selector` finds, once there is one.
    pub async fn click(&self, selector: &str) {
        let element = self
            .browser
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(selector))
            .await
            .unwrap();
        element.click().await.unwrap();
    }

    /// Waits until the first element that `selector` finds has a text with `part` in it; returns the text.
    pub async fn text_with(&self, selector: &str, part: &str) -> String {
        wait_for(&format!("{part:?} in {selector}"), async || {
            let text = self.text_of(selector).await;
            Ok(text.contains(part).then_some(text))
        })
        .await
        .unwrap()
    }

    /// Types `query` in place of what stands in the search box and submits it.
    pub async fn submit(&self, query: &str) {
        let field = self.field().await;
        field.clear().await.unwrap();
        field.send_keys(query).await.unwrap();
        field
            .send_keys(&char::from(Key::Enter).to_string())
            .await
            .unwrap();
    }

    /// Submits `query` and waits until its search has ended.
    pub async fn search(&self, query: &str) -> Ended {
        let before = self.trace_id().await;
        self.submit(query).await;
        self.ended_after(&before).await
    }

    /// Waits until a search other than the one of trace `before` has ended.
    pub async fn ended_after(&self, before: &str) -> Ended {
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
    pub async fn trace_id(&self) -> String {
        self.text_of(".trace footer code").await
    }

    /// Runs `script` with `$ask(query)`, which fills in the form and submits it at once.
    pub async fn run_asking(&self, script: &str) {
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
    pub async fn field(&self) -> Element {
        self.browser
            .client
            .find(Locator::Css("input[name=q]"))
            .await
            .unwrap()
    }

    /// Text of the first element that `selector` finds, empty without one.
    pub async fn text_of(&self, selector: &str) -> String {
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
    pub async fn count(&self, selector: &str) -> u64 {
        let script = format!("return document.querySelectorAll({selector:?}).length");
        self.browser.run(&script).await.unwrap().as_u64().unwrap()
    }

    /// Violations of the content security policy since the page was opened.
    pub async fn violations(&self) -> serde_json::Value {
        self.browser.run("return window.violations").await.unwrap()
    }

    /// Opens the page in a second tab and turns to it; returns the first one.
    pub async fn open_tab(&self) -> WindowHandle {
        let client = &self.browser.client;
        let first = client.window().await.unwrap();
        let second = client.new_window(true).await.unwrap().handle;
        client.switch_to_window(second).await.unwrap();
        self.visit("/").await;
        first
    }

    /// Closes the second tab, as its user would, and turns back to the first.
    pub async fn close_tab(&self, first: WindowHandle) {
        let client = &self.browser.client;
        client.close_window().await.unwrap();
        client.switch_to_window(first).await.unwrap();
    }

    /// Ends the browser.
    pub async fn close(self) {
        self.browser.close().await.unwrap();
    }
}
