//! The backend's life in order: arguments, telemetry, start-up, serving, draining, flushing.

mod healthcheck;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use backend::config::{Arguments, Command, Config, ConfigError, SettingsArguments};
use backend::corpus::{Corpus, FileStamps, cache_directory, fetch, load_gutenberg_corpus};
use backend::http::{self, App};
use backend::progress::Progress;
use backend::search::Library;
use backend::startup::app_startup;
use clap::Parser;
use shared::semconv::service;
use telemetry::{Settings, SettingsError, SpanContext};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match arguments.command.unwrap_or_default() {
        Command::Serve => serve(arguments.settings),
        Command::Healthcheck => healthcheck::healthcheck(arguments.settings.listen),
        Command::FetchCorpus { url } => fetch_corpus(&url),
        Command::BuildIndex => build_index(arguments.settings),
        Command::VerifyCorpus => verify_corpus(arguments.settings),
    };
    let Err(error) = result else {
        return ExitCode::SUCCESS;
    };
    let _ = writeln!(std::io::stderr(), "backend: {error:#}");
    let is_setting = error.is::<ConfigError>() || error.is::<SettingsError>();
    ExitCode::from(if is_setting { 2 } else { 1 })
}

#[tokio::main]
async fn serve(settings: SettingsArguments) -> anyhow::Result<()> {
    let telemetry = telemetry::init(Settings::from_env(
        service::BACKEND,
        env!("CARGO_PKG_VERSION"),
    )?)?;
    let served = start_and_serve(settings).await;
    telemetry.shutdown();
    served
}

async fn start_and_serve(settings: SettingsArguments) -> anyhow::Result<()> {
    let progress = Arc::new(Progress::default());
    let shown = Arc::clone(&progress);
    let listen = async |config: &Config, startup: SpanContext| {
        let app = App::new(startup, config.capture_query, config.limits, shown);
        let app = Arc::new(app);
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("cannot listen on {}", config.listen))?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        writeln!(
            std::io::stdout(),
            "listening http {}",
            listener.local_addr()?
        )?;
        let stop = async move {
            tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
        };
        let server = tokio::spawn(http::serve(listener, Arc::clone(&app), stop));
        // Taken before the books are read: a change in between is told too.
        let watched = config.corpus_check.zip(FileStamps::of(&config.source));
        Ok((app, server, watched))
    };
    let ((app, server, watched), library) = app_startup(settings, progress, listen).await?;
    app.ready(library);
    if let Some((interval, files)) = watched {
        tokio::spawn(watch_corpus(app, files, interval));
    }
    Ok(server.await??)
}

/// Looks at the files of the books every `interval` until they have changed.
async fn watch_corpus(app: Arc<App>, files: FileStamps, interval: Duration) {
    let files = Arc::new(files);
    loop {
        tokio::time::sleep(interval).await;
        let files = Arc::clone(&files);
        // A slow disk must not hold requests up.
        if let Ok(Some(change)) = spawn_blocking(move || files.change()).await {
            // Who reads the log and then asks `/health` is told the same.
            app.corpus_changed(change.clone());
            tracing::warn!("{change}");
            return;
        }
    }
}

fn fetch_corpus(url: &str) -> anyhow::Result<()> {
    let directory =
        cache_directory().context("neither XDG_CACHE_HOME nor HOME says where the cache is")?;
    let fetched = fetch::fetch(url, &directory, &mut fetch::Progress::on_stderr())?;
    let what = match fetched {
        fetch::Fetched::AlreadyThere => "already in",
        fetch::Fetched::Downloaded => "now in",
    };
    writeln!(
        std::io::stdout(),
        "the books are {what} {}",
        directory.display()
    )?;
    Ok(())
}

/// For whoever packs the books: serving would leave a damaged one out and go on.
fn verify_corpus(settings: SettingsArguments) -> anyhow::Result<()> {
    let corpus = whole_corpus(&Config::check(settings)?)?;
    writeln!(
        std::io::stdout(),
        "{} books, all intact ({})",
        corpus.books.len(),
        corpus.source.as_str()
    )?;
    Ok(())
}

/// For whoever packs index and books together: a start from what was packed has nothing to write.
fn build_index(settings: SettingsArguments) -> anyhow::Result<()> {
    let config = Config::check(settings)?;
    let directory = config.index.directory.as_ref().context(
        "--index-dir (INDEX_DIR) is not given, and neither XDG_CACHE_HOME nor HOME says where the cache is",
    )?;
    let corpus = whole_corpus(&config)?;
    let library = Library::start(corpus, &config.index, &Progress::default())?;
    library.check()?;
    if let Some(not_kept) = library.not_kept {
        anyhow::bail!("{not_kept}");
    }
    let path = directory.join(library.indexes.version());
    writeln!(
        std::io::stdout(),
        "the index of {} books is in {}",
        library.corpus.books.len(),
        path.display()
    )?;
    Ok(())
}

/// The corpus, if no book of it is missing or damaged.
fn whole_corpus(config: &Config) -> anyhow::Result<Corpus> {
    let corpus = load_gutenberg_corpus(config.source.clone(), &Progress::default())?;
    match corpus.skipped.first() {
        None => Ok(corpus),
        Some(skipped) => anyhow::bail!("{}: {}", skipped.id, skipped.error),
    }
}
