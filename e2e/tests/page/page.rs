//! The page of a stack of its own, and what its processes know of a search.

use std::ops::Deref;

use e2e::{Stack, StackOptions, Traces, http_get, wait_for};
use shared::SearchResponse;
use trace_model::Span;

/// A browser at the page of a stack of its own; the steps of its user are those of [`e2e::Page`].
pub(crate) struct Page {
    pub(crate) stack: Stack,
    page: e2e::Page,
}

impl Deref for Page {
    type Target = e2e::Page;

    fn deref(&self) -> &e2e::Page {
        &self.page
    }
}

impl Page {
    /// Starts the stack and opens the search page.
    pub(crate) async fn open(options: StackOptions) -> Page {
        let stack = Stack::start(options).await.unwrap();
        let page = e2e::Page::at(stack.page_url()).await;
        Page { stack, page }
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
        self.page.close().await;
    }
}
