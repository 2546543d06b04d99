//! Every setting of the process, from flags and environment, checked before anything is bound.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;
use axum::http::Uri;
use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::Serialize;
use telemetry::{Sampler, Settings};

/// `service.name` of this process.
const SERVICE_NAME: &str = "gutenberg-frontend-server";

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "frontend-server",
    version,
    about = "Serves the page and proxies API, OTLP and trace queries."
)]
pub struct Arguments {
    /// Settings of every subcommand.
    #[command(flatten)]
    pub config: Config,
    /// What to do; `serve` when absent.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve until SIGTERM or SIGINT (the default).
    Serve,
    /// Ask a running server whether it is alive; exit code 0 when it is.
    Healthcheck,
    /// Write .br and .gz beside every asset of a folder that compresses well.
    Precompress {
        /// Folder of assets, as Trunk builds it.
        dir: PathBuf,
    },
}

/// Settings of the server.
#[derive(Clone, Debug, Args)]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    #[arg(
        long,
        env = "FRONTEND_LISTEN",
        default_value = "127.0.0.1:3000",
        global = true
    )]
    pub listen: SocketAddr,
    /// Folder of the built page.
    #[arg(
        long,
        env = "FRONTEND_DIST",
        default_value = "frontend/dist",
        global = true
    )]
    pub dist: PathBuf,
    /// Backend that answers /api.
    #[arg(
        long,
        env = "BACKEND_URL",
        default_value = "http://127.0.0.1:8000",
        global = true
    )]
    pub backend_url: BaseUrl,
    /// Receiver of OTLP over HTTP, for the page's telemetry and this server's own.
    #[arg(
        long,
        env = "OTEL_EXPORTER_OTLP_ENDPOINT",
        default_value = "http://127.0.0.1:4318",
        global = true
    )]
    pub otlp_url: BaseUrl,
    /// Query API of the collector; empty for a page without trace panel.
    #[arg(long, env = "TELEMETRY_URL", default_value = "", global = true)]
    pub telemetry_url: OptionalUrl,
    /// Address of a trace in another viewer, with {trace_id} in it; empty for none.
    #[arg(long, env = "TRACE_LINK_TEMPLATE", default_value = "", value_parser = trace_link, global = true)]
    pub trace_link: String,
    /// How much of a query the spans may hold.
    #[arg(long, env = "CAPTURE_QUERY", default_value = "hash", global = true)]
    pub capture_query: QueryCapture,
    /// Whether the page records events (errors, web vitals, navigation) as log records; `false` where what receives its
    /// telemetry takes no logs.
    #[arg(long, env = "PAGE_EVENTS", action = clap::ArgAction::Set, default_value_t = true, global = true)]
    pub page_events: bool,
    /// How long a server behind this one may take until the head of its response, and between parts of its body.
    #[arg(skip = Duration::from_secs(15))]
    pub upstream_timeout: Duration,
}

/// How much of a query the spans may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum QueryCapture {
    /// The query as typed.
    Raw,
    /// Its length and a hash.
    Hash,
    /// Its length only.
    Off,
}

impl Config {
    /// Settings of telemetry from `OTEL_*`, with this server's OTLP endpoint.
    ///
    /// # Errors
    /// A variable with a value that cannot be used.
    pub fn telemetry(&self) -> anyhow::Result<Settings> {
        let settings = Settings::from_env(SERVICE_NAME, env!("CARGO_PKG_VERSION"))
            .and_then(|settings| settings.with_otlp_endpoint(&self.otlp_url.to_string()));
        settings.context("telemetry settings")
    }

    /// What `/config.json` tells the page.
    pub fn page(&self, settings: &Settings) -> String {
        let page = PageConfig {
            capture_query: self.capture_query,
            sampling_ratio: sampling_ratio(settings),
            trace_link: &self.trace_link,
            trace_panel: self.telemetry_url.0.is_some(),
            events: self.page_events,
        };
        serde_json::to_string(&page).expect("text, numbers and truth values are JSON")
    }
}

/// The same fields as the page reads.
#[derive(Serialize)]
struct PageConfig<'c> {
    capture_query: QueryCapture,
    sampling_ratio: f64,
    trace_link: &'c str,
    trace_panel: bool,
    events: bool,
}

/// Traces begin in the page, so the page samples as this process was told to.
fn sampling_ratio(settings: &Settings) -> f64 {
    match settings.sampler {
        _ if settings.disabled => 0.0,
        Sampler::AlwaysOn | Sampler::ParentBasedAlwaysOn => 1.0,
        Sampler::AlwaysOff | Sampler::ParentBasedAlwaysOff => 0.0,
        Sampler::TraceIdRatio(ratio) | Sampler::ParentBasedTraceIdRatio(ratio) => ratio,
    }
}

/// Where another server is: `http://host[:port][/path]`, kept without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// The address of `path_and_query` (which starts with `/`) below this one; `None` when that is no address.
    pub(crate) fn join(&self, path_and_query: &str) -> Option<Uri> {
        format!("{}{path_and_query}", self.0).parse().ok()
    }
}

impl FromStr for BaseUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = "expected an address such as http://127.0.0.1:8000";
        let uri: Uri = text.parse().map_err(|_| expected)?;
        let plain = uri.scheme_str() == Some("http") && uri.query().is_none();
        let authority = uri.authority().ok_or(expected)?;
        if !plain || authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(expected);
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A [`BaseUrl`], or none where the text is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionalUrl(pub Option<BaseUrl>);

impl FromStr for OptionalUrl {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => Ok(Self(None)),
            url => url.parse().map(Some).map(Self),
        }
    }
}

/// The link becomes an `href` of the page, so nothing but a web address may stand there.
fn trace_link(template: &str) -> Result<String, &'static str> {
    let is_web = template.starts_with("http://") || template.starts_with("https://");
    match template.is_empty() || (is_web && template.contains("{trace_id}")) {
        true => Ok(template.to_owned()),
        false => Err("expected a web address with {trace_id} in it"),
    }
}
