//! Who makes the spans: the resource that goes with every export.

use std::fs;

use opentelemetry::KeyValue;
use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::resource::{ResourceDetector, TelemetryResourceDetector};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

use crate::settings::Settings;

/// Service, SDK, host, operating system and process; what the environment says wins.
pub(crate) fn resource(settings: &Settings) -> Resource {
    let detected = [
        ("service.instance.id", Some(instance_id())),
        (
            "deployment.environment.name",
            Some("development".to_owned()),
        ),
        ("host.name", first_line("/proc/sys/kernel/hostname")),
        ("host.arch", Some(architecture().to_owned())),
        ("os.type", Some(std::env::consts::OS.to_owned())),
        ("os.version", first_line("/proc/sys/kernel/osrelease")),
        ("process.executable.name", executable_name()),
    ];
    let detected = detected
        .into_iter()
        .filter_map(|(key, value)| Some(KeyValue::new(key, value?)));
    Resource::builder_empty()
        .with_attributes(
            TelemetryResourceDetector
                .detect()
                .iter()
                .map(|(key, value)| KeyValue::new(key.clone(), value.clone())),
        )
        .with_attributes(detected)
        .with_attribute(KeyValue::new("process.pid", i64::from(std::process::id())))
        .with_attributes(settings.resource_attributes.clone())
        .with_attribute(KeyValue::new("service.name", settings.service_name.clone()))
        .with_attribute(KeyValue::new(
            "service.version",
            settings.service_version.clone(),
        ))
        .build()
}

/// A random UUID (version 4), new for each start of the process.
fn instance_id() -> String {
    let random = RandomIdGenerator::default();
    let bits = u128::from_be_bytes(TraceId::to_bytes(random.new_trace_id()));
    let tail = u64::from_be_bytes(SpanId::to_bytes(random.new_span_id()));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        (bits >> 96) as u32,
        (bits >> 80) as u16,
        (bits >> 64) as u16 & 0x0fff,
        (bits >> 48) as u16 & 0x3fff | 0x8000,
        tail & 0xffff_ffff_ffff,
    )
}

/// The machine's architecture in the words of the conventions.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "x86",
        other => other,
    }
}

fn executable_name() -> Option<String> {
    let path = std::env::current_exe().ok()?;
    Some(path.file_name()?.to_string_lossy().into_owned())
}

fn first_line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}
