//! The life of the collector in order: settings, log, listen, serve, drain.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Parser as _;
use collector::cli::{self, Failed};
use collector::metrics::Observed;
use collector::server::{Protocol, Server};
use collector::settings::{Arguments, Command, Settings};
use collector::store::Store;
use collector::tee::Tee;
use collector::wal::Wal;
use collector::{healthcheck, metrics, otlp, query};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use trace_model::Budgets;

/// Exit code for a setting that cannot be used; clap uses the same.
const BAD_SETTING: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let Arguments { settings, command } = Arguments::parse();
    if let Err(error) = telemetry::log::init(&settings.log) {
        return failed(&error.into(), BAD_SETTING);
    }
    let outcome = match command {
        Some(Command::Healthcheck) => healthcheck::run(settings.query)
            .context("healthcheck")
            .map_err(Failed::from)
            .map(|()| ExitCode::SUCCESS),
        Some(Command::Ask(command)) => cli::run(&settings, &command),
        Some(Command::Serve) | None => serve(settings).await,
    };
    outcome.unwrap_or_else(|Failed { error, code }| failed(&error, code))
}

async fn serve(settings: Settings) -> cli::Outcome {
    let budgets = own_budgets(&settings)?;
    let otlp_limits = settings.otlp_limits.checked().map_err(bad_setting)?;
    let mut terminate = signal(SignalKind::terminate())?;
    let otlp_listener = listen(settings.otlp_http).await?;
    let grpc_listener = listen(settings.otlp_grpc).await?;
    let query_listener = listen(settings.query).await?;
    let store = Arc::new(Store::with(settings.bounds()));
    let wal = open_wal(&settings, &store)?;
    let tee = start_tee(&settings, wal.as_ref())?;
    announce("otlp-http", otlp_listener.local_addr()?);
    announce("otlp-grpc", grpc_listener.local_addr()?);
    announce("query", query_listener.local_addr()?);

    let (stop, _) = watch::channel(false);
    let stopped = || {
        let mut stop = stop.subscribe();
        // An error means that `stop` is gone, which ends serving as well.
        async move { drop(stop.wait_for(|stopped| *stopped).await) }
    };
    let mut receiver = otlp::Receiver::new(store.clone(), otlp_limits);
    if let Some(wal) = &wal {
        receiver = receiver.with_wal(wal.clone());
    }
    if let Some(tee) = &tee {
        receiver = receiver.with_tee(tee.clone());
    }
    let limits = settings.server_limits;
    let http = Server::new(otlp_listener, Protocol::Http1, limits);
    let grpc = Server::new(grpc_listener, Protocol::Http2, limits);
    let query = Server::new(query_listener, Protocol::Http1, limits);
    let cuts = Arc::<query::Cuts>::default();
    let observed = Observed {
        store: store.clone(),
        cuts: cuts.clone(),
        wal: wal.clone(),
        tee: tee.clone(),
        servers: vec![
            ("otlp_http", http.counters()),
            ("otlp_grpc", grpc.counters()),
            ("query", query.counters()),
        ],
    };
    let query_router = query::router_with(store.clone(), settings.query_limits, budgets, cuts)
        .merge(metrics::router(Arc::new(observed)));
    let serving = async {
        tokio::join!(
            http.serve(otlp::http_router(receiver.clone()), stopped()),
            grpc.serve(otlp::grpc_router(receiver.clone()), stopped()),
            query.serve(query_router, stopped()),
        )
    };
    let stopping = async {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = tokio::signal::ctrl_c() => (),
        }
        tracing::info!("stopping: no new requests, draining those under way");
        store.end_feeds();
        stop.send_replace(true);
    };
    tokio::join!(serving, stopping);
    // Nothing is received any more: what is left goes on.
    if let Some(tee) = tee {
        tokio::task::spawn_blocking(move || tee.stop()).await?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Budgets to hold spans to, when there is a file of them.
fn own_budgets(settings: &Settings) -> Result<Option<Budgets>, Failed> {
    let read = settings.budgets.as_deref().map(cli::check::read_budgets);
    let read = read.transpose().map_err(bad_setting)?;
    Ok(read.map(|(_, budgets)| budgets))
}

fn bad_setting(error: anyhow::Error) -> Failed {
    let code = BAD_SETTING;
    Failed { code, error }
}

/// What passes on, when there is an address for it.
fn start_tee(settings: &Settings, wal: Option<&Arc<Wal>>) -> anyhow::Result<Option<Arc<Tee>>> {
    let tee = settings
        .tee()
        .context("the certificates of --tee-trusted cannot be read")?;
    let Some(tee) = tee else {
        return Ok(None);
    };
    let tee = Tee::start(tee, wal.cloned()).context("nothing can be passed on")?;
    Ok(Some(Arc::new(tee)))
}

/// The write-ahead log, when there is a folder for it; what it holds is in the store afterwards.
fn open_wal(settings: &Settings, store: &Store) -> anyhow::Result<Option<Arc<Wal>>> {
    let Some(folder) = &settings.data_dir else {
        return Ok(None);
    };
    let restore = |signal, request: &[u8]| otlp::restore(store, signal, request);
    // What is stored takes more than its bytes: older requests would not stay.
    let bounds = settings.bounds();
    let kept = bounds.traces_max_bytes + bounds.logs_max_bytes + bounds.metrics_max_bytes;
    let wal = Wal::open(folder, settings.data_max_bytes as u64, kept as u64, restore)
        .with_context(|| format!("cannot use the data folder {}", folder.display()))?;
    Ok(Some(Arc::new(wal)))
}

async fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))
}

/// One line for whoever started the process: it is ready, and here.
#[allow(
    clippy::print_stdout,
    reason = "stdout is the interface to the starter of the process"
)]
fn announce(name: &str, address: SocketAddr) {
    println!("listening {name} {address}");
}

#[allow(clippy::print_stderr, reason = "the log may not be set up yet")]
fn failed(error: &anyhow::Error, code: u8) -> ExitCode {
    eprintln!("collector: {error:#}");
    ExitCode::from(code)
}
