//! What `OTEL_*` and `RUST_LOG` ask for, checked once at the start. `provider` and `resource` build from it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use opentelemetry::KeyValue;

use crate::percent::escaped_byte;

const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:4318";
const TRACES_PATH: &str = "/v1/traces";

/// Everything [`init`](crate::init) needs to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `service.name`: `OTEL_SERVICE_NAME`, else the one of `OTEL_RESOURCE_ATTRIBUTES`, else the program's own.
    pub service_name: String,
    /// `service.version` of the program, unless `OTEL_RESOURCE_ATTRIBUTES` says otherwise.
    pub service_version: String,
    /// Further attributes of the resource, from `OTEL_RESOURCE_ATTRIBUTES`.
    pub resource_attributes: Vec<KeyValue>,
    /// Which traces are recorded: `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`.
    pub sampler: Sampler,
    /// Where spans are sent, the whole address; `None` with `OTEL_TRACES_EXPORTER=none`.
    pub traces_endpoint: Option<String>,
    /// How long one export may take: `OTEL_EXPORTER_OTLP_TRACES_TIMEOUT`, else `OTEL_EXPORTER_OTLP_TIMEOUT`, in
    /// milliseconds; 10 s.
    pub export_timeout: Duration,
    /// How spans are collected before they are sent: `OTEL_BSP_*`.
    pub batch: BatchSettings,
    /// `OTEL_SDK_DISABLED`: no spans; traces that come in are still passed on.
    pub disabled: bool,
    /// Which log records are written: `RUST_LOG`, else `OTEL_LOG_LEVEL`, else `info`.
    pub log_filter: String,
    /// Whether the endpoint was named for traces alone, which an endpoint for all signals does not override.
    endpoint_is_for_traces: bool,
}

/// How spans are collected before they are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchSettings {
    /// Longest time a finished span waits: `OTEL_BSP_SCHEDULE_DELAY`. 200 ms instead of the specification's 5 s, so that
    /// a trace is complete on the screen within a second.
    pub schedule_delay: Duration,
    /// Spans that may wait; more are dropped: `OTEL_BSP_MAX_QUEUE_SIZE`, 8,192.
    pub max_queue_size: usize,
    /// Spans in one export: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, 512.
    pub max_export_batch_size: usize,
}

/// Which traces are recorded. The parent-based ones follow the caller's decision where there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Sampler {
    /// Every trace.
    AlwaysOn,
    /// No trace.
    AlwaysOff,
    /// This share of all traces, by trace id.
    TraceIdRatio(f64),
    /// Every trace that begins here.
    #[default]
    ParentBasedAlwaysOn,
    /// No trace that begins here.
    ParentBasedAlwaysOff,
    /// This share of the traces that begin here, by trace id.
    ParentBasedTraceIdRatio(f64),
}

/// A variable of the environment has a value that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable}={value:?}: {reason}")]
pub struct SettingsError {
    variable: &'static str,
    value: String,
    reason: String,
}

impl Settings {
    /// Reads the environment of the process for a program of this name and version.
    ///
    /// # Errors
    /// The first variable with a value that cannot be used. An empty variable counts as unset, as the specification says.
    pub fn from_env(service_name: &str, service_version: &str) -> Result<Self, SettingsError> {
        let variable = |name: &str| std::env::var(name).ok();
        Self::from_variables(service_name, service_version, variable)
    }

    /// Like [`Settings::from_env`], with the environment given as a function from name to value.
    ///
    /// # Errors
    /// The first variable with a value that cannot be used.
    pub fn from_variables(
        service_name: &str,
        service_version: &str,
        variable: impl Fn(&'static str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let env = Variables(variable);
        let mut attributes = env.resource_attributes()?;
        // The SDK lets the attribute list win over OTEL_SERVICE_NAME; the specification says the opposite.
        let listed_name = take(&mut attributes, "service.name");
        let listed_version = take(&mut attributes, "service.version");
        let traces_endpoint = env.traces_endpoint()?;
        env.require("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")?;
        env.require("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf")?;
        env.require("OTEL_PROPAGATORS", "tracecontext")?;
        let settings = Self {
            service_name: env
                .get("OTEL_SERVICE_NAME")
                .or(listed_name)
                .unwrap_or_else(|| service_name.to_owned()),
            service_version: listed_version.unwrap_or_else(|| service_version.to_owned()),
            resource_attributes: attributes,
            sampler: env.sampler()?,
            traces_endpoint,
            export_timeout: match env.milliseconds("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT")? {
                Some(timeout) => timeout,
                None => env
                    .milliseconds("OTEL_EXPORTER_OTLP_TIMEOUT")?
                    .unwrap_or(Duration::from_secs(10)),
            },
            batch: env.batch()?,
            disabled: env.flag("OTEL_SDK_DISABLED")?,
            log_filter: env.log_filter()?,
            endpoint_is_for_traces: env.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").is_some(),
        };
        Ok(settings)
    }

    /// Sends spans to `{base}/v1/traces`, unless `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` names a place for them: for
    /// programs that have a flag for the OTLP endpoint of all signals.
    ///
    /// # Errors
    /// When `base` is no `http` address.
    pub fn with_otlp_endpoint(mut self, base: &str) -> Result<Self, SettingsError> {
        if self.traces_endpoint.is_some() && !self.endpoint_is_for_traces {
            let base = checked_url("OTEL_EXPORTER_OTLP_ENDPOINT", base.to_owned())?;
            self.traces_endpoint = Some(traces_url(&base));
        }
        Ok(self)
    }
}

/// The environment, where an empty value counts as none.
struct Variables<F>(F);

impl<F: Fn(&'static str) -> Option<String>> Variables<F> {
    fn get(&self, name: &'static str) -> Option<String> {
        let value = (self.0)(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn parse<T: FromStr>(
        &self,
        name: &'static str,
        expected: &str,
    ) -> Result<Option<T>, SettingsError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let parsed = value.parse();
        parsed.map(Some).map_err(|_| error(name, value, expected))
    }

    fn milliseconds(&self, name: &'static str) -> Result<Option<Duration>, SettingsError> {
        let number = self.parse::<u64>(name, "expected a number of milliseconds")?;
        Ok(number.map(Duration::from_millis))
    }

    fn positive(&self, name: &'static str, default: usize) -> Result<usize, SettingsError> {
        let number = self.parse::<std::num::NonZeroUsize>(name, "expected a number above 0")?;
        Ok(number.map_or(default, std::num::NonZeroUsize::get))
    }

    fn flag(&self, name: &'static str) -> Result<bool, SettingsError> {
        let value = self.get(name).map(|value| value.to_ascii_lowercase());
        Ok(self
            .one_of(name, value, &[("true", true), ("false", false)])?
            .unwrap_or(false))
    }

    fn require(&self, name: &'static str, only: &'static str) -> Result<(), SettingsError> {
        self.one_of(name, self.get(name), &[(only, ())]).map(|_| ())
    }

    fn one_of<T: Copy>(
        &self,
        name: &'static str,
        value: Option<String>,
        allowed: &[(&str, T)],
    ) -> Result<Option<T>, SettingsError> {
        let Some(value) = value else { return Ok(None) };
        match allowed.iter().find(|(text, _)| *text == value) {
            Some((_, meaning)) => Ok(Some(*meaning)),
            None => {
                let names: Vec<_> = allowed.iter().map(|(text, _)| *text).collect();
                Err(error(
                    name,
                    value,
                    &format!("allowed: {}", names.join(", ")),
                ))
            }
        }
    }

    fn resource_attributes(&self) -> Result<Vec<KeyValue>, SettingsError> {
        const NAME: &str = "OTEL_RESOURCE_ATTRIBUTES";
        let list = self.get(NAME).unwrap_or_default();
        let pairs = list
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| {
                let malformed = |reason: &str| error(NAME, list.clone(), reason);
                let (key, value) = pair
                    .split_once('=')
                    .ok_or_else(|| malformed("expected key=value,key=value"))?;
                let decode = |text: &str| {
                    percent_decode(text.trim())
                        .ok_or_else(|| malformed("a % must start a percent-encoded byte of UTF-8"))
                };
                Ok(KeyValue::new(decode(key)?, decode(value)?))
            })
            .collect()
    }

    fn traces_endpoint(&self) -> Result<Option<String>, SettingsError> {
        let exporter = "OTEL_TRACES_EXPORTER";
        let exports = self.one_of(
            exporter,
            self.get(exporter),
            &[("otlp", true), ("none", false)],
        )?;
        if exports == Some(false) {
            return Ok(None);
        }
        let own = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
        if let Some(url) = self.get(own) {
            return checked_url(own, url).map(Some);
        }
        let base = self
            .get("OTEL_EXPORTER_OTLP_ENDPOINT")
            .unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
        let base = checked_url("OTEL_EXPORTER_OTLP_ENDPOINT", base)?;
        Ok(Some(traces_url(&base)))
    }

    fn sampler(&self) -> Result<Sampler, SettingsError> {
        const ARGUMENT: &str = "OTEL_TRACES_SAMPLER_ARG";
        let ratio: f64 = self
            .parse(ARGUMENT, "expected a number from 0 to 1")?
            .unwrap_or(1.0);
        if !(0.0..=1.0).contains(&ratio) {
            let value = self.get(ARGUMENT).unwrap_or_default();
            return Err(error(ARGUMENT, value, "expected a number from 0 to 1"));
        }
        let allowed = [
            ("always_on", Sampler::AlwaysOn),
            ("always_off", Sampler::AlwaysOff),
            ("traceidratio", Sampler::TraceIdRatio(ratio)),
            ("parentbased_always_on", Sampler::ParentBasedAlwaysOn),
            ("parentbased_always_off", Sampler::ParentBasedAlwaysOff),
            (
                "parentbased_traceidratio",
                Sampler::ParentBasedTraceIdRatio(ratio),
            ),
        ];
        let name = "OTEL_TRACES_SAMPLER";
        Ok(self
            .one_of(name, self.get(name), &allowed)?
            .unwrap_or_default())
    }

    fn batch(&self) -> Result<BatchSettings, SettingsError> {
        Ok(BatchSettings {
            schedule_delay: self
                .milliseconds("OTEL_BSP_SCHEDULE_DELAY")?
                .unwrap_or(Duration::from_millis(200)),
            max_queue_size: self.positive("OTEL_BSP_MAX_QUEUE_SIZE", 8192)?,
            max_export_batch_size: self.positive("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512)?,
        })
    }

    fn log_filter(&self) -> Result<String, SettingsError> {
        for name in ["RUST_LOG", "OTEL_LOG_LEVEL"] {
            if let Some(filter) = self.get(name) {
                return match crate::log::check_filter(&filter) {
                    Ok(()) => Ok(filter),
                    Err(reason) => Err(error(name, filter, &reason)),
                };
            }
        }
        Ok("info".to_owned())
    }
}

fn error(
    variable: &'static str,
    value: String,
    reason: &(impl fmt::Display + ?Sized),
) -> SettingsError {
    SettingsError {
        variable,
        value,
        reason: reason.to_string(),
    }
}

/// Removes an attribute from the list, where it stands; the last one counts.
fn take(attributes: &mut Vec<KeyValue>, key: &str) -> Option<String> {
    let found = attributes
        .iter()
        .rfind(|attribute| attribute.key.as_str() == key);
    let value = found.map(|attribute| attribute.value.to_string());
    attributes.retain(|attribute| attribute.key.as_str() != key);
    value
}

fn checked_url(variable: &'static str, url: String) -> Result<String, SettingsError> {
    let parsed = url.parse::<http::Uri>().ok();
    let usable = parsed.is_some_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some());
    match usable {
        true => Ok(url),
        false => Err(error(
            variable,
            url,
            "expected an address that starts with http://",
        )),
    }
}

fn traces_url(base: &str) -> String {
    format!("{}{TRACES_PATH}", base.trim_end_matches('/'))
}

/// `%2C` and its like as the character they stand for; `None` for a stray `%` or for bytes that are no UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let (byte, remaining) = match first {
            b'%' => escaped_byte(tail)?,
            other => (*other, tail),
        };
        bytes.push(byte);
        rest = remaining;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests;
