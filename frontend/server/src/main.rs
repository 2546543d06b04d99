//! The life of the frontend server in order: settings, telemetry, assets, listen, serve, drain, flush.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;
use frontend_server::assets::Assets;
use frontend_server::config::{Arguments, Command, Config};
use frontend_server::{healthcheck, precompress, router};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// Exit code for a setting that cannot be used; clap uses the same.
const BAD_SETTING: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { config, command } = Arguments::parse();
    let outcome = match command {
        Some(Command::Precompress { dir }) => precompress::run(&dir).context("precompress"),
        Some(Command::Healthcheck) => healthcheck::run(config.listen).context("healthcheck"),
        Some(Command::Serve) | None => return serve(config).await,
    };
    outcome.map_or_else(|error| failed(&error, 1), |()| ExitCode::SUCCESS)
}

async fn serve(config: Config) -> ExitCode {
    let assets = Assets::load(&config.dist);
    let (settings, assets) = match config.telemetry().and_then(|it| Ok((it, assets?))) {
        Ok(ready) => ready,
        Err(error) => return failed(&error, BAD_SETTING),
    };
    let page = config.page(&settings);
    let telemetry = match telemetry::init(settings) {
        Ok(guard) => guard,
        Err(error) => return failed(&error.into(), BAD_SETTING),
    };
    let served = listen_and_serve(config, assets, page).await;
    // The last spans end while requests drain, so they are flushed after that.
    telemetry.shutdown();
    served.map_or_else(|error| failed(&error, 1), |()| ExitCode::SUCCESS)
}

async fn listen_and_serve(config: Config, assets: Assets, page: String) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    let address = listener.local_addr()?;
    let router = router::router(&config, assets, page);
    announce(address);
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
        tracing::info!("stopping: clients are asked to leave, requests under way are finished");
    };
    router::serve(listener, router, stop).await
}

/// One line for whoever started the process: it is ready, and here.
#[allow(
    clippy::print_stdout,
    reason = "stdout is the interface to the starter of the process"
)]
fn announce(address: std::net::SocketAddr) {
    println!("listening http {address}");
}

#[allow(clippy::print_stderr, reason = "the log may not be set up yet")]
fn failed(error: &anyhow::Error, code: u8) -> ExitCode {
    eprintln!("frontend-server: {error:#}");
    ExitCode::from(code)
}
