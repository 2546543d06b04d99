//! Every setting of the process, from flags and environment, checked before anything is bound.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use clap::{Args, Parser, Subcommand};

use crate::store::{Bounds, MIN_MAX_BYTES, PINNED_MAX};
use crate::tee::{self, Retry};
use crate::{cli, otlp, query, server};

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = "collector",
    version,
    about = "Receives traces, logs and metrics over OTLP, keeps the newest in memory, answers queries."
)]
pub struct Arguments {
    /// Settings of every subcommand.
    #[command(flatten)]
    pub settings: Settings,
    /// What to do; `serve` when absent.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program can do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Receive and answer until SIGTERM or SIGINT (the default).
    Serve,
    /// Ask a running collector whether it is alive; exit code 0 when it is.
    Healthcheck,
    /// Ask a running collector.
    #[command(flatten)]
    Ask(cli::Command),
}

/// Settings of the collector.
#[derive(Clone, Debug, PartialEq, Eq, Args)]
pub struct Settings {
    /// Address that receives OTLP over HTTP; port 0 takes a free one.
    #[arg(
        long,
        env = "COLLECTOR_OTLP_HTTP",
        default_value = "127.0.0.1:4318",
        global = true
    )]
    pub otlp_http: SocketAddr,
    /// Address that receives OTLP over gRPC; port 0 takes a free one.
    #[arg(
        long,
        env = "COLLECTOR_OTLP_GRPC",
        default_value = "127.0.0.1:4317",
        global = true
    )]
    pub otlp_grpc: SocketAddr,
    /// Address that answers queries; port 0 takes a free one.
    #[arg(
        long,
        env = "COLLECTOR_QUERY",
        default_value = "127.0.0.1:4319",
        global = true
    )]
    pub query: SocketAddr,
    /// Memory for traces, in bytes or with KiB, MiB or GiB.
    #[arg(long, env = "COLLECTOR_MAX_BYTES", default_value = "64MiB", value_parser = bytes, global = true)]
    pub max_bytes: usize,
    /// Memory for the log records of traces, in bytes or with KiB, MiB or GiB.
    #[arg(long, env = "COLLECTOR_LOGS_MAX_BYTES", default_value = "16MiB", value_parser = bytes, global = true)]
    pub logs_max_bytes: usize,
    /// Memory for the latest metrics, in bytes or with KiB, MiB or GiB.
    #[arg(long, env = "COLLECTOR_METRICS_MAX_BYTES", default_value = "4MiB", value_parser = bytes, global = true)]
    pub metrics_max_bytes: usize,
    /// Folder in which requests are kept before they are acknowledged, and found again after a restart; none when absent.
    #[arg(long, env = "COLLECTOR_DATA_DIR", global = true)]
    pub data_dir: Option<PathBuf>,
    /// Bytes on the disk in that folder, with KiB, MiB or GiB; the oldest requests go.
    #[arg(long, env = "COLLECTOR_DATA_MAX_BYTES", default_value = "256MiB", value_parser = bytes, global = true)]
    pub data_max_bytes: usize,
    /// Address of another receiver of OTLP over HTTP or HTTPS that everything is passed on to, such as `http://127.0.0.1:14318`.
    #[arg(long, env = "COLLECTOR_TEE", value_parser = http_url, global = true)]
    pub tee: Option<Uri>,
    /// How what is passed on is made smaller.
    #[arg(
        long,
        env = "COLLECTOR_TEE_COMPRESSION",
        default_value = "gzip",
        global = true
    )]
    pub tee_compression: tee::Compression,
    /// File of certificates in PEM: who may vouch for the other receiver over https, instead of the usual ones of the web.
    #[arg(long, env = "COLLECTOR_TEE_TRUSTED", global = true)]
    pub tee_trusted: Option<PathBuf>,
    /// Bytes that are passed on as one request, about, with KiB, MiB or GiB.
    #[arg(long, env = "COLLECTOR_TEE_BATCH_MAX_BYTES", default_value = "512KiB", value_parser = size, global = true)]
    pub tee_batch_max_bytes: usize,
    /// Memory for what waits to be passed on, where there is no data folder: in bytes or with KiB, MiB or GiB.
    #[arg(long, env = "COLLECTOR_TEE_QUEUE_MAX_BYTES", default_value = "64MiB", value_parser = bytes, global = true)]
    pub tee_queue_max_bytes: usize,
    /// How long to wait before something is passed on once more; each further time half as long again.
    #[arg(long, env = "COLLECTOR_TEE_INITIAL_INTERVAL", default_value = "5s", value_parser = duration, global = true)]
    pub tee_initial_interval: Duration,
    /// How long to wait at most.
    #[arg(long, env = "COLLECTOR_TEE_MAX_INTERVAL", default_value = "30s", value_parser = duration, global = true)]
    pub tee_max_interval: Duration,
    /// When to give something up; what is in the data folder never is.
    #[arg(long, env = "COLLECTOR_TEE_MAX_ELAPSED", default_value = "5m", value_parser = duration, global = true)]
    pub tee_max_elapsed: Duration,
    /// How long a request to the other receiver may take.
    #[arg(long, env = "COLLECTOR_TEE_TIMEOUT", default_value = "5s", value_parser = duration, global = true)]
    pub tee_timeout: Duration,
    /// Traces that may be pinned; those go last.
    #[arg(long, env = "COLLECTOR_MAX_PINNED", default_value_t = PINNED_MAX, global = true)]
    pub max_pinned: usize,
    /// Budgets that spans are held to, by `check` and by /api/x/budgets: a file in TOML, or in JSON when it is named so.
    #[arg(long, env = "COLLECTOR_BUDGETS", global = true)]
    pub budgets: Option<PathBuf>,
    /// Log records to write: `level` or `target=level,…`.
    #[arg(long, env = "RUST_LOG", default_value = "info", global = true)]
    pub log: String,
    /// How much a sender may ask for.
    #[command(flatten)]
    pub otlp_limits: otlp::Limits,
    /// What clients may do.
    #[command(flatten)]
    pub server_limits: server::Limits,
    /// How much a reader may ask for.
    #[command(flatten)]
    pub query_limits: query::Limits,
}

impl Settings {
    /// How much is kept.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        Bounds {
            traces_max_bytes: self.max_bytes,
            logs_max_bytes: self.logs_max_bytes,
            metrics_max_bytes: self.metrics_max_bytes,
            pinned_max: self.max_pinned,
        }
    }

    /// Where and how to pass on what is received, if anywhere.
    ///
    /// # Errors
    /// When the file of certificates cannot be read.
    pub fn tee(&self) -> std::io::Result<Option<tee::Settings>> {
        let Some(url) = self.tee.clone() else {
            return Ok(None);
        };
        Ok(Some(tee::Settings {
            url,
            trusted_pem: self.tee_trusted.as_ref().map(std::fs::read).transpose()?,
            compression: self.tee_compression,
            queue_max_bytes: self.tee_queue_max_bytes,
            batch_max_bytes: self.tee_batch_max_bytes,
            timeout: self.tee_timeout,
            retry: Retry {
                initial_interval: self.tee_initial_interval,
                max_interval: self.tee_max_interval,
                max_elapsed: self.tee_max_elapsed,
            },
            drain: self.tee_timeout,
        }))
    }
}

fn http_url(text: &str) -> Result<Uri, String> {
    let url: Uri = text.parse().map_err(|_| "expected an address".to_owned())?;
    match (url.scheme_str(), url.host(), url.query()) {
        (Some("http" | "https"), Some(_), None) => Ok(url),
        _ => Err("expected http://HOST:PORT or https://HOST, perhaps with a path".to_owned()),
    }
}

pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration_ns = trace_model::duration::parse(text);
    duration_ns
        .filter(|duration_ns| *duration_ns > 0)
        .map(Duration::from_nanos)
        .ok_or_else(|| "expected a duration above zero, such as 500ms, 5s or 2m".to_owned())
}

pub(crate) fn positive(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "expected a whole number from 1".to_owned())
}

/// Enough bytes to keep something in.
fn bytes(text: &str) -> Result<usize, String> {
    match size(text)? {
        bytes if bytes < MIN_MAX_BYTES => {
            Err(format!("at least {} KiB are needed", MIN_MAX_BYTES >> 10))
        }
        bytes => Ok(bytes),
    }
}

pub(crate) fn size(text: &str) -> Result<usize, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match text[digits.len()..].trim() {
        "" => 0,
        "KiB" => 10,
        "MiB" => 20,
        "GiB" => 30,
        unit => return Err(format!("`{unit}` is none of KiB, MiB, GiB")),
    };
    let number: usize = digits
        .parse()
        .map_err(|_| "expected a number of bytes".to_owned())?;
    number
        .checked_mul(1 << shift)
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "expected more than no bytes and less than can be addressed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_with_and_without_unit() {
        assert_eq!(bytes("67108864"), Ok(64 << 20));
        assert_eq!(bytes("64 MiB"), Ok(64 << 20));
        assert_eq!(bytes("2GiB"), Ok(2 << 30));
        for text in [
            "",
            "MiB",
            "-1",
            "64MB",
            "1KiB",
            "99999999999999GiB",
            "1.5MiB",
            "é",
        ] {
            assert!(bytes(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_other_receiver_is_an_address_of_http() {
        for text in [
            "http://127.0.0.1:4318",
            "http://collector",
            "http://[::1]:1/otlp/",
            "https://collector.example/otlp",
        ] {
            assert!(http_url(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "collector:4318",
            "https://",
            "http://",
            "http://x/?y=1",
            "ftp://x",
        ] {
            assert!(http_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_have_a_unit_and_are_above_zero() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        for text in ["", "5", "0s", "-1s", "s", "1 day"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_limit_of_queries_is_a_setting() {
        let settings = |arguments: &[&str]| {
            let arguments = [&["collector"], arguments].concat();
            Arguments::try_parse_from(arguments).map(|arguments| arguments.settings.query_limits)
        };
        let limits = settings(&[
            "--query-list-max-bytes=1KiB",
            "--query-live-pause=1s",
            "--query-rows-max=7",
        ])
        .unwrap();
        assert_eq!(
            limits,
            query::Limits {
                list_max_bytes: 1 << 10,
                live_pause: Duration::from_secs(1),
                rows_max: 7,
                ..query::Limits::default()
            }
        );
        for wrong in [
            "--query-list-max=0",
            "--query-body-max-bytes=0",
            "--query-live-stall=5",
        ] {
            assert!(settings(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_limit_of_senders_and_connections_is_a_setting() {
        let settings = |arguments: &[&str]| {
            let arguments = [&["collector"], arguments].concat();
            Arguments::try_parse_from(arguments).map(|arguments| arguments.settings)
        };
        let set = settings(&[
            "--otlp-body-max-bytes=1KiB",
            "--otlp-in-flight-max-bytes=2KiB",
            "--otlp-body-timeout=1s",
            "--max-connections=3",
            "--head-timeout=4s",
            "--stall-timeout=5s",
            "--max-streams=6",
        ])
        .unwrap();
        let otlp_limits = otlp::Limits {
            body_max_bytes: 1 << 10,
            in_flight_max_bytes: 2 << 10,
            body_timeout: Duration::from_secs(1),
        };
        assert_eq!(set.otlp_limits, otlp_limits);
        assert!(otlp_limits.checked().is_ok());
        assert_eq!(
            set.server_limits,
            server::Limits {
                connections_max: 3,
                head_timeout: Duration::from_secs(4),
                stall_timeout: Duration::from_secs(5),
                streams_max: 6,
            }
        );
        for wrong in [
            "--max-streams=0",
            "--head-timeout=0s",
            "--otlp-body-max-bytes=0",
        ] {
            assert!(settings(&[wrong]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_setting_has_a_default() {
        let arguments = Arguments::try_parse_from(["collector"]).unwrap();
        assert_eq!(arguments.command, None);
        assert!(arguments.settings.otlp_http.ip().is_loopback());
        assert!(arguments.settings.otlp_grpc.ip().is_loopback());
        assert!(arguments.settings.query.ip().is_loopback());
        assert_eq!(arguments.settings.max_bytes, 64 << 20);
        assert_eq!(arguments.settings.query_limits, query::Limits::default());
        assert_eq!(arguments.settings.otlp_limits, otlp::Limits::default());
        assert_eq!(arguments.settings.server_limits, server::Limits::default());
    }
}
