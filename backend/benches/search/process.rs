//! The backend as a process of its own: how long it takes to start, and what it holds in memory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;

use crate::load::{Connection, search_path};

/// Between two questions whether it is ready.
const LOOK_INTERVAL: Duration = Duration::from_micros(500);

/// A backend that answers.
pub(crate) struct Backend {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process until it says that it is ready.
    pub(crate) ready: Duration,
    /// From the start of the process to its first answer to a search.
    pub(crate) first_answer: Duration,
}

impl Backend {
    /// Starts the release build of the backend, without telemetry, with the corpus of this process's environment and
    /// with the index that `indexes` holds, if there is one.
    ///
    /// # Errors
    /// It does not start, or does not answer.
    pub(crate) fn start(indexes: &Path) -> anyhow::Result<Self> {
        let begin = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_backend"))
            .args(["--listen", "127.0.0.1:0"])
            .env("INDEX_DIR", indexes)
            .env("OTEL_SDK_DISABLED", "true")
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let output = child.stdout.take().context("the output is piped")?;
        BufReader::new(output).read_line(&mut line)?;
        let address = line.split_whitespace().last();
        let address: SocketAddr = address.context("the backend does not listen")?.parse()?;
        let mut connection = Connection::open(address)?;
        while connection.get("/readyz")? != 200 {
            thread::sleep(LOOK_INTERVAL);
        }
        let ready = begin.elapsed();
        connection.get(&search_path("white whale", "hybrid"))?;
        Ok(Self {
            child,
            address,
            ready,
            first_answer: begin.elapsed(),
        })
    }

    /// Its memory, in MB.
    ///
    /// # Errors
    /// This is no Linux.
    pub(crate) fn memory(&self) -> anyhow::Result<Memory> {
        Memory::of(&self.child.id().to_string())
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Memory of a process in MB (10^6 bytes).
pub(crate) struct Memory {
    /// Now in memory, files that are mapped included (`VmRSS`).
    pub(crate) resident: f64,
    /// The part of it that no file stands behind (`RssAnon`).
    pub(crate) anonymous: f64,
    /// The most there ever was (`VmHWM`).
    pub(crate) peak: f64,
}

impl Memory {
    /// That of this process.
    ///
    /// # Errors
    /// This is no Linux.
    pub(crate) fn own() -> anyhow::Result<Self> {
        Self::of("self")
    }

    fn of(process: &str) -> anyhow::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{process}/status"))
            .context("memory is read from /proc, which Linux has")?;
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
            kib.map(|kib| kib * 1024.0 / 1e6)
                .with_context(|| format!("/proc does not tell {name}"))
        };
        Ok(Self {
            resident: field("VmRSS:")?,
            anonymous: field("RssAnon:")?,
            peak: field("VmHWM:")?,
        })
    }
}
