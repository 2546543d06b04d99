//! Reads traces back from the collector's query API.

use serde_json::Value;
use trace_model::{Span, Tree};

use crate::{http_get, wait_for};

/// The traces of one collector.
pub struct Traces {
    query_url: String,
}

impl Traces {
    /// Reads from the query API at `query_url`.
    pub fn new(query_url: String) -> Traces {
        Traces { query_url }
    }

    /// Every span of the newest traces that `service` took part in, newest trace first.
    ///
    /// # Errors
    /// When the collector does not answer or its answer is no OTLP JSON.
    pub async fn of_service(&self, service: &str) -> anyhow::Result<Vec<Vec<Span>>> {
        let url = format!(
            "{}/api/v3/traces?query.service_name={service}&query.num_traces=500",
            self.query_url
        );
        let body = http_get(&url, &[]).await?.into_body();
        let spans = trace_model::otlp_json::parse(&body)?;
        let mut traces: Vec<Vec<Span>> = Vec::new();
        for span in spans {
            match traces
                .iter_mut()
                .find(|trace| trace[0].trace_id == span.trace_id)
            {
                Some(trace) => trace.push(span),
                None => traces.push(vec![span]),
            }
        }
        Ok(traces)
    }

    /// Traces with a span called `root` that has no parent, newest first.
    ///
    /// # Errors
    /// As [`Traces::of_service`].
    pub async fn rooted_in(&self, service: &str, root: &str) -> anyhow::Result<Vec<Vec<Span>>> {
        let mut traces = self.of_service(service).await?;
        traces.retain(|trace| {
            trace
                .iter()
                .any(|span| span.parent_id.is_none() && span.name == root)
        });
        Ok(traces)
    }

    /// The whole trace, once it is complete: one root, no orphan, every outgoing call answered.
    ///
    /// # Errors
    /// When it does not become complete in time.
    pub async fn complete(&self, trace_id: &str) -> anyhow::Result<Tree> {
        wait_for(&format!("trace {trace_id} to be complete"), async || {
            let tree = Tree::new(self.spans(trace_id).await?);
            let complete = matches!(
                trace_model::completeness(&tree),
                trace_model::Completeness::Complete
            );
            Ok(complete.then_some(tree))
        })
        .await
    }

    /// Spans of one trace as far as they have arrived.
    ///
    /// # Errors
    /// When the collector does not know the trace or does not answer.
    pub async fn spans(&self, trace_id: &str) -> anyhow::Result<Vec<Span>> {
        let url = format!("{}/api/v3/traces/{trace_id}", self.query_url);
        let response = http_get(&url, &[]).await?;
        anyhow::ensure!(response.status() == 200, "{}", response.body());
        Ok(trace_model::otlp_json::parse(response.body())?)
    }

    /// Counters of the collector.
    ///
    /// # Errors
    /// When the collector does not answer.
    pub async fn health(&self) -> anyhow::Result<Value> {
        let url = format!("{}/health", self.query_url);
        Ok(serde_json::from_str(http_get(&url, &[]).await?.body())?)
    }
}
