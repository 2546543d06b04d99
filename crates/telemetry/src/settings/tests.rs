//! What each variable does, and what is refused.

use super::*;

fn settings(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    Settings::from_variables("shop", "1.2.3", |name| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

fn ok(variables: &[(&str, &str)]) -> Settings {
    settings(variables).expect("all values are usable")
}

#[track_caller]
fn refused(variable: &'static str, value: &str, message: &str) {
    let error = settings(&[(variable, value)]).expect_err("the value is unusable");
    assert_eq!(
        error.to_string(),
        format!("{variable}={value:?}: {message}")
    );
}

#[test]
fn an_empty_environment_gives_the_defaults() {
    let expected = Settings {
        service_name: "shop".to_owned(),
        service_version: "1.2.3".to_owned(),
        resource_attributes: vec![],
        sampler: Sampler::ParentBasedAlwaysOn,
        traces_endpoint: Some("http://127.0.0.1:4318/v1/traces".to_owned()),
        export_timeout: Duration::from_secs(10),
        batch: BatchSettings {
            schedule_delay: Duration::from_millis(200),
            max_queue_size: 8192,
            max_export_batch_size: 512,
        },
        disabled: false,
        log_filter: "info".to_owned(),
        endpoint_is_for_traces: false,
    };
    assert_eq!(ok(&[]), expected);
    let empty = [
        "OTEL_SERVICE_NAME",
        "OTEL_TRACES_SAMPLER",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_SDK_DISABLED",
    ];
    assert_eq!(
        ok(&empty.map(|name| (name, " "))),
        expected,
        "an empty variable counts as unset"
    );
}

#[test]
fn the_service_name_wins_over_the_attribute_list() {
    let list = (
        "OTEL_RESOURCE_ATTRIBUTES",
        "service.name=listed,service.version=9,team=search",
    );
    let listed = ok(&[list]);
    assert_eq!(
        (
            listed.service_name.as_str(),
            listed.service_version.as_str()
        ),
        ("listed", "9")
    );
    assert_eq!(
        listed.resource_attributes,
        [KeyValue::new("team", "search")]
    );
    assert_eq!(
        ok(&[list, ("OTEL_SERVICE_NAME", "named")]).service_name,
        "named"
    );
}

#[test]
fn attribute_lists_are_percent_decoded() {
    let list = " a = 1%2C2 ,b%3Dc=%C3%A9%20,, ";
    let settings = ok(&[("OTEL_RESOURCE_ATTRIBUTES", list)]);
    assert_eq!(
        settings.resource_attributes,
        [KeyValue::new("a", "1,2"), KeyValue::new("b=c", "é ")]
    );
    let reason = "a % must start a percent-encoded byte of UTF-8";
    for list in ["a=%", "a=%2", "a=%zz", "a=%FF", "a=%+1"] {
        refused("OTEL_RESOURCE_ATTRIBUTES", list, reason);
    }
    refused(
        "OTEL_RESOURCE_ATTRIBUTES",
        "a",
        "expected key=value,key=value",
    );
}

#[test]
fn every_sampler_of_the_specification_can_be_chosen() {
    let sampler = |name, ratio| {
        ok(&[
            ("OTEL_TRACES_SAMPLER", name),
            ("OTEL_TRACES_SAMPLER_ARG", ratio),
        ])
        .sampler
    };
    assert_eq!(sampler("always_on", ""), Sampler::AlwaysOn);
    assert_eq!(sampler("always_off", ""), Sampler::AlwaysOff);
    assert_eq!(sampler("traceidratio", "0.25"), Sampler::TraceIdRatio(0.25));
    assert_eq!(
        sampler("parentbased_always_on", ""),
        Sampler::ParentBasedAlwaysOn
    );
    assert_eq!(
        sampler("parentbased_always_off", ""),
        Sampler::ParentBasedAlwaysOff
    );
    assert_eq!(
        sampler("parentbased_traceidratio", ""),
        Sampler::ParentBasedTraceIdRatio(1.0)
    );
    for ratio in ["1.1", "-0.1", "NaN", "many"] {
        refused(
            "OTEL_TRACES_SAMPLER_ARG",
            ratio,
            "expected a number from 0 to 1",
        );
    }
    let allowed = "allowed: always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, \
                   parentbased_traceidratio";
    refused("OTEL_TRACES_SAMPLER", "sometimes", allowed);
}

#[test]
fn the_endpoint_of_traces_wins_over_that_of_all_signals() {
    let all = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/");
    let own = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://traces:9/own");
    let endpoint = |variables: &[_]| ok(variables).traces_endpoint.expect("spans are exported");
    assert_eq!(endpoint(&[all]), "http://collector:4318/v1/traces");
    assert_eq!(endpoint(&[all, own]), "http://traces:9/own");

    let by_flag = |variables: &[_]| {
        ok(variables)
            .with_otlp_endpoint("http://flag:1")
            .map(|s| s.traces_endpoint)
    };
    assert_eq!(
        by_flag(&[all]),
        Ok(Some("http://flag:1/v1/traces".to_owned()))
    );
    assert_eq!(by_flag(&[own]), Ok(Some("http://traces:9/own".to_owned())));
    assert_eq!(by_flag(&[("OTEL_TRACES_EXPORTER", "none")]), Ok(None));
    assert!(ok(&[]).with_otlp_endpoint("flag:1").is_err());
    for url in [
        "collector:4318",
        "https://collector",
        "http://",
        "/v1/traces",
    ] {
        refused(all.0, url, "expected an address that starts with http://");
        refused(own.0, url, "expected an address that starts with http://");
    }
}

#[test]
fn the_remaining_variables_are_read() {
    let settings = ok(&[
        ("OTEL_BSP_SCHEDULE_DELAY", "50"),
        ("OTEL_BSP_MAX_QUEUE_SIZE", "10"),
        ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "5"),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
        ("OTEL_SDK_DISABLED", "TRUE"),
        ("OTEL_LOG_LEVEL", "debug"),
    ]);
    let batch = BatchSettings {
        schedule_delay: Duration::from_millis(50),
        max_queue_size: 10,
        max_export_batch_size: 5,
    };
    assert_eq!(settings.batch, batch);
    assert_eq!(settings.export_timeout, Duration::from_secs(3));
    assert!(settings.disabled);
    assert_eq!(settings.log_filter, "debug");
    let both = ok(&[("OTEL_LOG_LEVEL", "debug"), ("RUST_LOG", "warn,shop=trace")]);
    assert_eq!(both.log_filter, "warn,shop=trace");
}

#[test]
fn unusable_values_are_refused_by_name() {
    refused(
        "OTEL_BSP_SCHEDULE_DELAY",
        "soon",
        "expected a number of milliseconds",
    );
    refused("OTEL_BSP_MAX_QUEUE_SIZE", "0", "expected a number above 0");
    refused(
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
        "-1",
        "expected a number above 0",
    );
    refused(
        "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
        "1s",
        "expected a number of milliseconds",
    );
    refused(
        "OTEL_EXPORTER_OTLP_PROTOCOL",
        "grpc",
        "allowed: http/protobuf",
    );
    refused("OTEL_PROPAGATORS", "b3", "allowed: tracecontext");
    refused("OTEL_TRACES_EXPORTER", "zipkin", "allowed: otlp, none");
    refused("OTEL_SDK_DISABLED", "perhaps", "allowed: true, false");
    refused(
        "RUST_LOG",
        "shop=loud",
        "expected `level` or `target=level,…`",
    );
}
