//! Asks a collector over HTTP.

use std::io::Read;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use serde::Deserialize;
use trace_model::terminal::plain;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::healthcheck;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// For the head of an answer; a list of many traces takes a moment.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// The longest answer that is taken: the largest trace that a collector may hold takes a few times its bytes in JSON.
const ANSWER_MAX_BYTES: u64 = 1 << 30;
/// Characters of an explanation.
const DETAIL_MAX: usize = 500;

/// A client of one address.
pub(super) struct Client {
    agent: Agent,
    address: SocketAddr,
}

/// Parameters after `?`.
pub(super) type Parameters<'p> = &'p [(&'static str, String)];

/// An answer other than 2xx.
#[derive(Debug, thiserror::Error)]
#[error("the collector refused, {status}: {detail}")]
pub(super) struct Refused {
    pub(super) status: u16,
    detail: String,
}

impl Client {
    /// Asks the collector that listens on `address`.
    pub(super) fn new(address: SocketAddr) -> Self {
        let address = healthcheck::reachable(address);
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .build()
            .into();
        Self { agent, address }
    }

    /// The answer to `GET path`.
    ///
    /// # Errors
    /// When nobody answers, or [`Refused`].
    pub(super) fn get(&self, path: &str, parameters: Parameters<'_>) -> anyhow::Result<Vec<u8>> {
        read(self.open(path, parameters)?)
    }

    /// The same as it comes.
    pub(super) fn open(&self, path: &str, parameters: Parameters<'_>) -> anyhow::Result<Body> {
        let request = self.agent.get(self.url(path));
        let pairs = parameters.iter().map(|(name, value)| (*name, value));
        accepted(
            request
                .query_pairs(pairs)
                .call()
                .with_context(|| self.unreachable())?,
        )
    }

    /// The answer to `POST path` with a body in JSON.
    pub(super) fn post(
        &self,
        path: &str,
        parameters: Parameters<'_>,
        json: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        let request = self
            .agent
            .post(self.url(path))
            .content_type("application/json");
        let pairs = parameters.iter().map(|(name, value)| (*name, value));
        read(accepted(
            request
                .query_pairs(pairs)
                .send(json)
                .with_context(|| self.unreachable())?,
        )?)
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn unreachable(&self) -> String {
        format!("no collector answers on {}", self.address)
    }
}

fn accepted(response: Response<Body>) -> anyhow::Result<Body> {
    let status = response.status();
    if status.is_success() {
        return Ok(response.into_body());
    }
    #[derive(Deserialize)]
    struct Problem {
        /// `message` in the status of an OTLP answer.
        #[serde(alias = "message")]
        detail: String,
    }
    let body = read(response.into_body()).unwrap_or_default();
    let detail = match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => problem.detail,
        Err(_) => String::from_utf8_lossy(&body).into_owned(),
    };
    Err(Refused {
        status: status.as_u16(),
        detail: plain(&detail, DETAIL_MAX),
    }
    .into())
}

fn read(body: Body) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut reader = body.into_with_config().limit(ANSWER_MAX_BYTES).reader();
    reader
        .read_to_end(&mut bytes)
        .context("the answer broke off")?;
    Ok(bytes)
}
