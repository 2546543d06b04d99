//! The three real processes, each on free ports of the loopback interface, stopped when the stack goes away.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::Context;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::{Faults, http_get, wait_for};

/// Which texts the backend serves.
#[derive(Clone, Debug)]
pub enum Corpus {
    /// The bundled sample: the same on every machine.
    Sample,
    /// The books in this folder.
    Directory(PathBuf),
}

/// What may differ between stacks.
#[derive(Clone, Debug)]
pub struct StackOptions {
    /// Texts to serve.
    pub corpus: Corpus,
    /// Whether a collector runs; without one, exports find a closed port.
    pub collector: bool,
    /// What the collector is told beyond its ports.
    pub collector_arguments: Vec<String>,
    /// Where the backend keeps its index instead of an empty folder of its own.
    pub index_dir: Option<PathBuf>,
    /// Whether the stack is there only once searches are answered.
    pub ready: bool,
    /// Whether the page's exports can go wrong on their way to the collector.
    pub faults: bool,
}

impl Default for StackOptions {
    fn default() -> Self {
        StackOptions {
            corpus: Corpus::Sample,
            collector: true,
            collector_arguments: Vec::new(),
            index_dir: None,
            ready: true,
            faults: false,
        }
    }
}

/// Collector, backend and frontend-server.
pub struct Stack {
    /// Stores and answers traces; absent where the options say so.
    pub collector: Option<Process>,
    /// Searches.
    pub backend: Process,
    /// Serves the page.
    pub frontend_server: Process,
    /// What can go wrong with exports; there where the options say so.
    pub faults: Option<Faults>,
    // An empty cache folder keeps an earlier download of the books out of the test.
    _cache: TempDir,
}

impl Stack {
    /// Starts everything and waits, unless told otherwise, until searches are answered.
    ///
    /// # Errors
    /// When a binary is missing or a process does not become ready.
    pub async fn start(options: StackOptions) -> anyhow::Result<Stack> {
        let cache = TempDir::new()?;
        let mut arguments = vec![
            "--otlp-http=127.0.0.1:0",
            "--otlp-grpc=127.0.0.1:0",
            "--query=127.0.0.1:0",
        ];
        arguments.extend(options.collector_arguments.iter().map(String::as_str));
        let collector = match options.collector {
            true => Some(Process::start("collector", &arguments, &[], 3).await?),
            false => None,
        };
        let otlp_url = url_of(collector.as_ref(), "otlp-http");
        let telemetry_url = url_of(collector.as_ref(), "query");

        let mut environment = vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", otlp_url),
            ("CAPTURE_QUERY", "raw".to_owned()),
            (
                "XDG_CACHE_HOME",
                cache.path().to_string_lossy().into_owned(),
            ),
        ];
        if let Corpus::Directory(folder) = &options.corpus {
            environment.push(("CORPUS_DIR", folder.to_string_lossy().into_owned()));
        }
        if let Some(folder) = &options.index_dir {
            environment.push(("INDEX_DIR", folder.to_string_lossy().into_owned()));
        }
        let backend =
            Process::start("backend", &["--listen", "127.0.0.1:0"], &environment, 1).await?;
        if options.ready {
            let ready = format!("http://{}/readyz", backend.address("http"));
            wait_for("the backend to be ready", async || {
                Ok((http_get(&ready, &[]).await?.status() == 200).then_some(()))
            })
            .await?;
        }

        environment.push(("BACKEND_URL", format!("http://{}", backend.address("http"))));
        environment.push(("TELEMETRY_URL", telemetry_url));
        let faults = match (&collector, options.faults) {
            (Some(collector), true) => Some(Faults::start(collector.address("otlp-http")).await?),
            _ => None,
        };
        if let Some(faults) = &faults {
            environment.push(("OTEL_EXPORTER_OTLP_ENDPOINT", faults.url()));
        }
        environment.push(("FRONTEND_DIST", dist().to_string_lossy().into_owned()));
        let frontend_server = Process::start(
            "frontend-server",
            &["--listen", "127.0.0.1:0"],
            &environment,
            1,
        )
        .await?;
        Ok(Stack {
            collector,
            backend,
            frontend_server,
            faults,
            _cache: cache,
        })
    }

    /// Address of the page.
    pub fn page_url(&self) -> String {
        format!("http://{}", self.frontend_server.address("http"))
    }

    /// Address of the collector's query API.
    ///
    /// # Panics
    /// When the stack was started without a collector.
    pub fn query_url(&self) -> String {
        format!("http://{}", self.query_address())
    }

    /// The same without a scheme, as the collector's own subcommands take it.
    ///
    /// # Panics
    /// When the stack was started without a collector.
    pub fn query_address(&self) -> SocketAddr {
        let collector = self.collector.as_ref().expect("the stack has a collector");
        collector.address("query")
    }
}

/// One running binary.
pub struct Process {
    name: &'static str,
    child: Child,
    listeners: HashMap<String, SocketAddr>,
}

impl Process {
    /// Starts binary `name` and waits until it has announced `listeners` listeners. Settings of the caller's own
    /// environment that would change what is tested are removed.
    ///
    /// # Errors
    /// When the binary is missing or ends before it listens.
    pub async fn start(
        name: &'static str,
        arguments: &[&str],
        environment: &[(&str, String)],
        listeners: usize,
    ) -> anyhow::Result<Process> {
        let program = bin_dir().join(name);
        let mut command = Command::new(&program);
        command
            .args(arguments)
            .env_remove("CORPUS_DIR")
            .env_remove("INDEX_DIR")
            .envs(environment.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .with_context(|| format!("start {}", program.display()))?;
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(stdout).lines();
        let mut found = HashMap::new();
        while found.len() < listeners {
            let line = tokio::time::timeout(crate::PATIENCE, lines.next_line())
                .await
                .with_context(|| format!("{name} announces no listener"))??
                .with_context(|| format!("{name} ended before it listened"))?;
            if let Some(("listening", rest)) = line.split_once(' ') {
                let (listener, address) = rest.split_once(' ').context("no address")?;
                found.insert(listener.to_owned(), address.parse()?);
            }
        }
        // The pipe must stay open and empty, or the process would fail at its next line.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Process {
            name,
            child,
            listeners: found,
        })
    }

    /// Address of a listener.
    ///
    /// # Panics
    /// When the process has not announced it.
    pub fn address(&self, listener: &str) -> SocketAddr {
        *self
            .listeners
            .get(listener)
            .unwrap_or_else(|| panic!("{} has no listener {listener}", self.name))
    }

    /// Process id.
    ///
    /// # Panics
    /// When the process has ended.
    pub fn id(&self) -> u32 {
        self.child.id().expect("the process runs")
    }

    /// Sends SIGTERM and waits for the process to end; returns its exit code.
    ///
    /// # Errors
    /// When it does not end in time.
    pub async fn terminate(&mut self) -> anyhow::Result<Option<i32>> {
        let pid = self.child.id().context("already ended")?;
        Command::new("kill")
            .args(["-TERM", &pid.to_string()])
            .status()
            .await?;
        let status = tokio::time::timeout(crate::PATIENCE, self.child.wait())
            .await
            .with_context(|| format!("{} does not end on SIGTERM", self.name))??;
        Ok(status.code())
    }
}

/// Address of a listener of the collector, or of a port where nobody listens: port 9 (discard) is privileged, so no
/// other test can come to listen there.
fn url_of(collector: Option<&Process>, listener: &str) -> String {
    match collector {
        Some(process) => format!("http://{}", process.address(listener)),
        None => "http://127.0.0.1:9".to_owned(),
    }
}

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The collector, for a subcommand that asks a running one.
pub fn collector_command() -> Command {
    let mut command = Command::new(bin_dir().join("collector"));
    command.stdin(Stdio::null());
    command
}

fn bin_dir() -> PathBuf {
    std::env::var_os("E2E_BIN_DIR").map_or_else(|| workspace().join("target/debug"), PathBuf::from)
}

fn dist() -> PathBuf {
    std::env::var_os("E2E_DIST").map_or_else(|| workspace().join("frontend/dist"), PathBuf::from)
}
