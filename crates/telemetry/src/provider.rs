//! The life of telemetry in a process: [`init`] at its start, [`Guard::shutdown`] at its end.

use std::time::Duration;

use opentelemetry::global;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler as SdkSampler, SdkTracerProvider,
};

use crate::export::{BlockingClient, Reported};
use crate::log::{self, LogError};
use crate::propagation::TraceContext;
use crate::resource::resource;
use crate::settings::{Sampler, Settings};
use crate::span;

/// Name of the instrumentation scope of all spans made through this crate.
pub(crate) const SCOPE: &str = env!("CARGO_PKG_NAME");
/// How long [`Guard::shutdown`] waits for the receiver of spans.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);

/// Telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// The exporter refuses its settings, such as a malformed header of `OTEL_EXPORTER_OTLP_HEADERS`.
    #[error("the OTLP exporter cannot be built")]
    Exporter(#[from] ExporterBuildError),
    /// The log filter cannot be read or log records already go somewhere else.
    #[error("log records cannot be set up")]
    Log(#[from] LogError),
    /// [`init`] was called a second time.
    #[error("telemetry is already set up in this process")]
    Twice,
}

/// Starts telemetry for this process: log records on stderr, the tracer provider, W3C propagation.
///
/// # Errors
/// See [`InitError`].
pub fn init(settings: Settings) -> Result<Guard, InitError> {
    log::init(&settings.log_filter)?;
    global::set_text_map_propagator(TraceContext::default());
    if settings.disabled {
        return Ok(Guard { provider: None });
    }
    let provider = provider(&settings)?;
    let tracer = provider.tracer(SCOPE);
    span::install(tracer).map_err(|_| InitError::Twice)?;
    global::set_tracer_provider(provider.clone());
    Ok(Guard {
        provider: Some(provider),
    })
}

/// Keeps telemetry running; its owner calls [`Guard::shutdown`] as the last thing of the process.
#[derive(Debug)]
#[must_use = "spans that are still queued are lost without a shutdown"]
pub struct Guard {
    provider: Option<SdkTracerProvider>,
}

impl Guard {
    /// Sends what is queued and stops. Blocks the calling thread for at most 5 s; a receiver that is away costs the
    /// spans, never the exit of the process.
    pub fn shutdown(self) {
        let Some(provider) = self.provider else {
            return;
        };
        if let Err(error) = provider.shutdown_with_timeout(SHUTDOWN_TIMEOUT) {
            tracing::warn!(error = %error, "the last spans could not be sent");
        }
    }
}

fn provider(settings: &Settings) -> Result<SdkTracerProvider, InitError> {
    let builder = SdkTracerProvider::builder()
        .with_resource(resource(settings))
        .with_sampler(sampler(settings.sampler));
    let Some(endpoint) = &settings.traces_endpoint else {
        return Ok(builder.build());
    };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(BlockingClient::new(settings.export_timeout))
        .with_endpoint(endpoint)
        .with_timeout(settings.export_timeout)
        .build()?;
    let batch = BatchConfigBuilder::default()
        .with_scheduled_delay(settings.batch.schedule_delay)
        .with_max_queue_size(settings.batch.max_queue_size)
        .with_max_export_batch_size(settings.batch.max_export_batch_size)
        .build();
    let processor = BatchSpanProcessor::builder(Reported::new(exporter))
        .with_batch_config(batch)
        .build();
    Ok(builder.with_span_processor(processor).build())
}

fn sampler(sampler: Sampler) -> SdkSampler {
    let parent_based = |root| SdkSampler::ParentBased(Box::new(root));
    match sampler {
        Sampler::AlwaysOn => SdkSampler::AlwaysOn,
        Sampler::AlwaysOff => SdkSampler::AlwaysOff,
        Sampler::TraceIdRatio(ratio) => SdkSampler::TraceIdRatioBased(ratio),
        Sampler::ParentBasedAlwaysOn => parent_based(SdkSampler::AlwaysOn),
        Sampler::ParentBasedAlwaysOff => parent_based(SdkSampler::AlwaysOff),
        Sampler::ParentBasedTraceIdRatio(ratio) => {
            parent_based(SdkSampler::TraceIdRatioBased(ratio))
        }
    }
}

#[cfg(test)]
mod tests;
