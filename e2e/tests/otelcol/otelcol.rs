//! One real Collector, started with the real configuration files.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU8, Ordering};

use anyhow::Context;
use e2e::{http_get, wait_for};
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// What a test asks of the configuration: one overlay, settings in the environment, and timing.
pub(crate) struct Setup {
    pub(crate) overlay: &'static str,
    pub(crate) environment: Vec<(&'static str, String)>,
    /// Completes the files, as `key::key: value`.
    pub(crate) overrides: Vec<String>,
}

impl Setup {
    pub(crate) fn new(overlay: &'static str) -> Setup {
        Setup {
            overlay,
            environment: Vec::new(),
            overrides: Vec::new(),
        }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Setup {
        self.environment.push((name, value.into()));
        self
    }

    pub(crate) fn overriding(mut self, line: impl Into<String>) -> Setup {
        self.overrides.push(line.into());
        self
    }

    /// Decides about traces without keeping the test waiting.
    pub(crate) fn deciding_soon(self) -> Setup {
        self.overriding("processors::tail_sampling::decision_wait: 2s")
            .overriding("processors::tail_sampling::decision_wait_after_root_received: 1s")
    }
}

/// A Collector and its folder for queues, which outlives a kill.
pub(crate) struct Otelcol {
    setup: Setup,
    address: Ipv4Addr,
    folder: TempDir,
    child: Child,
}

impl Otelcol {
    pub(crate) async fn start(setup: Setup) -> anyhow::Result<Otelcol> {
        let address = loopback_address();
        let folder = TempDir::new()?;
        let child = spawn(&setup, address, folder.path())?;
        let mut otelcol = Otelcol {
            setup,
            address,
            folder,
            child,
        };
        otelcol.healthy().await?;
        Ok(otelcol)
    }

    /// Where it takes traces in OTLP over HTTP.
    pub(crate) fn traces_url(&self) -> String {
        self.url(4318, "/v1/traces")
    }

    /// Where it takes OTLP over gRPC.
    pub(crate) fn grpc(&self) -> String {
        format!("{}:4317", self.address)
    }

    pub(crate) fn url(&self, port: u16, path: &str) -> String {
        format!("http://{}:{port}{path}", self.address)
    }

    /// The sum of those samples of a Prometheus endpoint whose line starts with `name` and has all of `labels`.
    pub(crate) async fn metric(
        &self,
        port: u16,
        name: &str,
        labels: &[&str],
    ) -> anyhow::Result<f64> {
        let text = http_get(&self.url(port, "/metrics"), &[])
            .await?
            .into_body();
        let samples = text.lines().filter(|line| {
            line.strip_prefix(name)
                .is_some_and(|rest| rest.starts_with(['{', ' ']))
                && labels.iter().all(|label| line.contains(label))
        });
        samples
            .map(|line| Ok(line.rsplit(' ').next().unwrap().parse::<f64>()?))
            .sum()
    }

    /// Ends it as a lost machine would, without a chance to clean up.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Starts it again with the same settings, address and queues.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        self.child = spawn(&self.setup, self.address, self.folder.path())?;
        self.healthy().await
    }

    /// Sends SIGTERM and returns the exit code.
    pub(crate) async fn terminate(&mut self) -> anyhow::Result<Option<i32>> {
        let id = self.child.id().context("already ended")?;
        Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status()
            .await?;
        let status = tokio::time::timeout(e2e::PATIENCE, self.child.wait()).await??;
        Ok(status.code())
    }

    async fn healthy(&mut self) -> anyhow::Result<()> {
        let health = self.url(13133, "/");
        let child = &mut self.child;
        let outcome = wait_for("the Collector to be healthy", async || {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(Err(status)));
            }
            let answer = http_get(&health, &[]).await?;
            Ok((answer.status() == 200).then_some(Ok(())))
        })
        .await;
        match outcome {
            Ok(Ok(())) => Ok(()),
            Ok(Err(status)) => anyhow::bail!("ended with {status}:\n{}", self.log()),
            Err(error) => Err(error.context(self.log())),
        }
    }

    /// What it has written to standard error.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

fn spawn(setup: &Setup, address: Ipv4Addr, folder: &Path) -> anyhow::Result<Child> {
    let program = std::env::var_os("OTELCOL").context("OTELCOL names no Collector to test")?;
    let configuration = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../collector/otelcol");
    let queue = folder.join("queue");
    std::fs::create_dir_all(&queue)?;
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))?;
    let mut command = Command::new(program);
    command
        // What the caller has in its environment must not decide a test.
        .env_clear()
        .env("OTELCOL_LISTEN", address.to_string())
        .env("OTELCOL_QUEUE_DIR", queue)
        .envs(setup.environment.iter().map(|(name, value)| (name, value)))
        .arg("--config")
        .arg(configuration.join("base.yaml"))
        .arg("--config")
        .arg(configuration.join(setup.overlay));
    for line in &setup.overrides {
        command.arg("--config").arg(format!("yaml:{line}"));
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .context("start the Collector that OTELCOL names")
}

/// An address of this machine that nobody else uses, on which the ports of the configuration are free as they stand there.
/// All of 127.0.0.0/8 is the loopback interface on Linux.
pub(crate) fn loopback_address() -> Ipv4Addr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high, low, NEXT.fetch_add(1, Ordering::Relaxed))
}
