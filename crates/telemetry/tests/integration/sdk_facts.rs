//! Faults of the SDK that this crate works around, at the pinned version. When one of these tests fails after an upgrade,
//! the work-around it names can go.

use std::collections::HashMap;
use std::process::Command;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{
    Span, SpanContext, TraceContextExt, TraceFlags, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{Context, Key};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};

/// Runs [`child`] with these variables; gives the facts it printed.
fn in_environment(variables: &[(&str, &str)]) -> HashMap<String, String> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sdk_facts::child", "--ignored", "--nocapture"])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let facts = text
        .lines()
        .filter_map(|line| line.strip_prefix("fact ")?.split_once('='));
    facts
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
#[ignore = "the other tests run it in an environment of their own"]
fn child() {
    let resource = Resource::builder().build();
    for key in ["service.name", "list"] {
        let value = resource.get(&Key::new(key));
        println!(
            "\nfact {key}={}",
            value.map(|value| value.to_string()).unwrap_or_default()
        );
    }
    let span = SdkTracerProvider::default().tracer("").start("");
    println!("\nfact recording={}", span.is_recording());
}

/// Worked around in `settings`.
#[test]
fn the_attribute_list_wins_over_the_service_name() {
    let variables = [
        ("OTEL_SERVICE_NAME", "named"),
        ("OTEL_RESOURCE_ATTRIBUTES", "service.name=listed"),
    ];
    assert_eq!(in_environment(&variables)["service.name"], "listed");
}

/// Worked around in `settings`.
#[test]
fn attribute_lists_are_not_percent_decoded() {
    assert_eq!(
        in_environment(&[("OTEL_RESOURCE_ATTRIBUTES", "list=1%2C2")])["list"],
        "1%2C2"
    );
}

/// Worked around in `settings` and `provider`.
#[test]
fn a_disabled_sdk_still_records() {
    assert_eq!(
        in_environment(&[("OTEL_SDK_DISABLED", "true")])["recording"],
        "true"
    );
}

/// Worked around in `propagation`, which keeps the list as text.
#[test]
fn keys_of_level_2_are_refused() {
    for key in ["foo@@bar", "t@vvvvvvvvvvvvvvv"] {
        assert!(format!("{key}=1").parse::<TraceState>().is_err(), "{key:?}");
    }
}

/// Worked around in `propagation`, which keeps the random flag in the context.
#[test]
fn an_unsampled_span_loses_the_random_flag() {
    let provider = SdkTracerProvider::builder()
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::AlwaysOn)))
        .build();
    let parent = SpanContext::new(
        1.into(),
        2.into(),
        TraceFlags::new(0b10),
        true,
        TraceState::NONE,
    );
    let cx = Context::new().with_remote_span_context(parent);
    let span = provider.tracer("").start_with_context("", &cx);
    assert_eq!(span.span_context().trace_flags(), TraceFlags::new(0));
}

/// Worked around in `propagation`.
#[test]
fn the_propagator_writes_an_empty_tracestate() {
    let span = SpanContext::new(
        1.into(),
        2.into(),
        TraceFlags::SAMPLED,
        true,
        TraceState::NONE,
    );
    let mut carrier = HashMap::new();
    let cx = Context::new().with_remote_span_context(span);
    TraceContextPropagator::new().inject_context(&cx, &mut carrier);
    assert_eq!(carrier.get("tracestate").map(String::as_str), Some(""));
}

/// Worked around in `propagation`.
#[test]
fn the_propagator_takes_the_first_of_several_traceparents() {
    let mut headers = http::HeaderMap::new();
    for trace in ["1", "2"] {
        let parent = format!("00-{trace:0>32}-0000000000000001-01");
        headers.append("traceparent", parent.parse().unwrap());
    }
    let extractor = opentelemetry_http::HeaderExtractor(&headers);
    let cx = TraceContextPropagator::new().extract_with_context(&Context::new(), &extractor);
    assert_eq!(cx.span().span_context().trace_id(), 1.into());
}
