//! From settings to a library that answers: the start-up trace.

use std::sync::Arc;

use anyhow::Context as _;
use shared::semconv::span;
use telemetry::{Context, SpanContext, TraceContextExt, fail, in_span, in_span_async};
use tokio::task;

use crate::config::{Config, ConfigError, SettingsArguments};
use crate::corpus::load_gutenberg_corpus;
use crate::progress::{Phase, Progress};
use crate::search::Library;

/// Checks the settings, lets `listen` open the port, and loads the library; `listen` gets the span that requests link
/// to, and its result is handed on. How far that is can be read from `progress` meanwhile.
///
/// # Errors
/// A setting, the port, the corpus or the index is of no use; a setting is a [`ConfigError`].
pub async fn app_startup<T>(
    settings: SettingsArguments,
    progress: Arc<Progress>,
    listen: impl AsyncFnOnce(&Config, SpanContext) -> anyhow::Result<T>,
) -> anyhow::Result<(T, Library)> {
    in_span_async(span::APP_STARTUP, async |cx: Context| {
        let started = async {
            let config = load_configuration(settings)?;
            let listening = listen(&config, cx.span().span_context().clone()).await?;
            let parent = cx.clone();
            let loading = task::spawn_blocking(move || {
                let _current = parent.attach();
                load_library(config, &progress)
            });
            let library = loading
                .await
                .context("loading the library was interrupted")??;
            Ok((listening, library))
        };
        let result: anyhow::Result<(T, Library)> = started.await;
        result.inspect_err(|error| fail(&cx, "startup", format!("{error:#}")))
    })
    .await
}

fn load_configuration(settings: SettingsArguments) -> Result<Config, ConfigError> {
    in_span(span::LOAD_CONFIGURATION, |cx| {
        Config::check(settings).inspect_err(|error| fail(cx, "configuration", error.to_string()))
    })
}

fn load_library(config: Config, progress: &Progress) -> anyhow::Result<Library> {
    let corpus = load_gutenberg_corpus(config.source, progress)?;
    let library = Library::start(corpus, &config.index, progress)?;
    progress.begin(Phase::Checking, 0);
    health_checks(&library)?;
    tracing::info!(
        corpus = library.corpus.source.as_str(),
        books = library.corpus.books.len(),
        skipped = library.corpus.skipped.len(),
        index = library.indexes.version(),
        "the index answers"
    );
    Ok(library)
}

fn health_checks(library: &Library) -> anyhow::Result<()> {
    in_span(span::HEALTH_CHECKS, |cx| {
        let checked = library.check().context("the index does not answer");
        checked.inspect_err(|error| fail(cx, "index", format!("{error:#}")))
    })
}
