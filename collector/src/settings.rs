//! Every setting of the process, from flags and environment, checked before anything is bound.

use std::net::SocketAddr;

use clap::{Args, Parser, Subcommand};

use crate::store::{Bounds, MIN_MAX_BYTES, PINNED_MAX};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Receive and answer until SIGTERM or SIGINT (the default).
    Serve,
    /// Ask a running collector whether it is alive; exit code 0 when it is.
    Healthcheck,
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
    /// Traces that may be pinned; those go last.
    #[arg(long, env = "COLLECTOR_MAX_PINNED", default_value_t = PINNED_MAX, global = true)]
    pub max_pinned: usize,
    /// Connections at a time on each address; for one more, the one that is idle longest is closed.
    #[arg(long, env = "COLLECTOR_MAX_CONNECTIONS", default_value = "512", value_parser = positive, global = true)]
    pub max_connections: usize,
    /// Log records to write: `level` or `target=level,…`.
    #[arg(long, env = "RUST_LOG", default_value = "info", global = true)]
    pub log: String,
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
}

fn positive(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "expected a whole number from 1".to_owned())
}

fn bytes(text: &str) -> Result<usize, String> {
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
    let bytes = number
        .checked_mul(1 << shift)
        .ok_or("more than can be addressed")?;
    if bytes < MIN_MAX_BYTES {
        return Err(format!("at least {} KiB are needed", MIN_MAX_BYTES >> 10));
    }
    Ok(bytes)
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
    fn every_setting_has_a_default() {
        let arguments = Arguments::try_parse_from(["collector"]).unwrap();
        assert_eq!(arguments.command, None);
        assert!(arguments.settings.otlp_http.ip().is_loopback());
        assert!(arguments.settings.otlp_grpc.ip().is_loopback());
        assert!(arguments.settings.query.ip().is_loopback());
        assert_eq!(arguments.settings.max_bytes, 64 << 20);
    }
}
