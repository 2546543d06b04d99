//! Where the deployment is, and what can be known of it without a browser.

use std::collections::BTreeMap;

use e2e::{Page, Setting, Traces, http_get};
use serde::de::DeserializeOwned;
use serde_json::Value;
use shared::{Books, PageConfig, SearchResponse};
use trace_model::Tree;

/// A running deployment, known by its addresses only.
pub(crate) struct Deployment {
    page_url: String,
    jaeger_url: Option<String>,
}

/// Attributes of a resource by key, values as text.
type Resource = BTreeMap<String, String>;

impl Deployment {
    /// The deployment that the environment names.
    pub(crate) fn from_environment() -> Deployment {
        let address = |name| {
            let url = std::env::var(name).ok().filter(|url| !url.is_empty())?;
            Some(url.trim_end_matches('/').to_owned())
        };
        Deployment {
            page_url: address("E2E_PAGE_URL").expect(
                "E2E_PAGE_URL is the address of the page to look at, such as http://localhost:3000",
            ),
            jaeger_url: address("E2E_JAEGER_URL"),
        }
    }

    /// A browser at its page.
    pub(crate) async fn open(&self) -> Page {
        Page::at(self.page_url.clone()).await
    }

    /// The traces that the page's panel can show.
    pub(crate) fn traces(&self) -> Traces {
        Traces::new(self.telemetry_url())
    }

    /// The traces in the viewer, if there is one.
    pub(crate) fn viewer(&self) -> Option<Traces> {
        self.jaeger_url.clone().map(Traces::new)
    }

    /// Resources in the collector and in the viewer, of one trace, by the name that each service gives itself.
    pub(crate) async fn resources(&self, trace_id: &str) -> Vec<BTreeMap<String, Resource>> {
        let mut all = vec![resources(&self.telemetry_url(), trace_id).await];
        if let Some(jaeger_url) = &self.jaeger_url {
            all.push(resources(jaeger_url, trace_id).await);
        }
        all
    }

    /// What the page is told about its surroundings.
    pub(crate) async fn page_config(&self) -> PageConfig {
        self.get("/config.json").await
    }

    /// The books that are searched.
    pub(crate) async fn books(&self) -> Books {
        self.get("/api/books").await
    }

    /// What is answered to the same question when it is asked without a page.
    pub(crate) async fn answer_to(&self, query: &str) -> SearchResponse {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        self.get(&format!("/api/search?q={query}")).await
    }

    /// The names and settings that this deployment puts into `tree`. The backend's host is what frontend-server was told;
    /// the rendered trace holds both ends of that call against it.
    pub(crate) async fn setting(&self, tree: &Tree) -> Setting {
        let page_url = url::Url::parse(&self.page_url).unwrap();
        let is_call = |service: &str| service == shared::semconv::service::FRONTEND_SERVER;
        let call = tree
            .spans()
            .iter()
            .find(|span| is_call(&span.service) && span.kind == trace_model::Kind::Client);
        let backend_host = call.and_then(|span| span.attribute("server.address"));
        Setting {
            page_host: page_url.host_str().unwrap().to_owned(),
            backend_host: backend_host.map(ToString::to_string).unwrap_or_default(),
            capture: self.page_config().await.capture_query,
        }
    }

    fn telemetry_url(&self) -> String {
        format!("{}/telemetry", self.page_url)
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        let url = format!("{}{path}", self.page_url);
        let response = http_get(&url, &[]).await.unwrap();
        assert_eq!(response.status(), 200, "{url}: {}", response.body());
        serde_json::from_str(response.body()).unwrap()
    }
}

async fn resources(query_url: &str, trace_id: &str) -> BTreeMap<String, Resource> {
    let url = format!("{query_url}/api/v3/traces/{trace_id}");
    let body: Value = serde_json::from_str(http_get(&url, &[]).await.unwrap().body()).unwrap();
    let mut by_service = BTreeMap::new();
    for batch in body["result"]["resourceSpans"].as_array().unwrap() {
        let resource = resource(&batch["resource"]);
        let name = resource.get("service.name").cloned().unwrap_or_default();
        let same = by_service.insert(name.clone(), resource.clone());
        // One process made all spans of a service in one trace, so its resources cannot differ.
        assert!(same.is_none_or(|other| other == resource), "{name}: {body}");
    }
    by_service
}

fn resource(json: &Value) -> Resource {
    let attributes = json["attributes"].as_array().unwrap();
    attributes
        .iter()
        .map(|attribute| {
            let key = attribute["key"].as_str().unwrap().to_owned();
            // 64-bit numbers are numbers or decimal strings.
            let value = attribute["value"].as_object().unwrap().values().next();
            let value = value.unwrap();
            let text = value.as_str().map(str::to_owned);
            (key, text.unwrap_or_else(|| value.to_string()))
        })
        .collect()
}
