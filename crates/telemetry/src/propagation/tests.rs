//! The W3C harness's cases as tables, and both grammars against arbitrary input.

use http::HeaderMap;
use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, TraceFlags};
use proptest::prelude::*;

use super::*;

const TRACE: &str = "12345678901234567890123456789012";
const PARENT: &str = "00-12345678901234567890123456789012-1234567890123456-01";

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

/// What the next service would be told, without a span of our own in between.
fn passed_on(lines: &[(&'static str, &str)]) -> Option<(String, Option<String>)> {
    let cx = extract(&headers(lines), &Context::new());
    let mut out = headers(&[("traceparent", "stale"), ("tracestate", "stale=1")]);
    inject(&cx, &mut out);
    let text = |name| {
        out.get(name)
            .map(|value: &HeaderValue| value.to_str().unwrap().to_owned())
    };
    text(TRACEPARENT).map(|parent| (parent, text(TRACESTATE)))
}

#[track_caller]
fn continued(traceparent: &str, expected: &str) {
    let passed = passed_on(&[("traceparent", traceparent)]);
    assert_eq!(passed, Some((expected.to_owned(), None)), "{traceparent:?}");
}

#[track_caller]
fn restarted(traceparent: &str) {
    assert_eq!(
        passed_on(&[("traceparent", traceparent)]),
        None,
        "{traceparent:?}"
    );
}

#[track_caller]
fn state(lines: &[&str], expected: Option<&str>) {
    let mut all = vec![("traceparent", PARENT)];
    all.extend(lines.iter().map(|line| ("tracestate", *line)));
    let passed = passed_on(&all).expect("the traceparent is valid");
    assert_eq!(
        passed,
        (PARENT.to_owned(), expected.map(str::to_owned)),
        "{lines:?}"
    );
}

#[test]
fn a_valid_traceparent_is_continued() {
    continued(PARENT, PARENT);
    for padded in [
        format!(" {PARENT}"),
        format!("\t{PARENT}"),
        format!("{PARENT} "),
        format!("\t {PARENT} \t"),
    ] {
        continued(&padded, PARENT);
    }
}

#[test]
fn flags_keep_sampled_and_random_and_nothing_else() {
    for (flags, expected) in [
        ("00", "00"),
        ("01", "01"),
        ("02", "02"),
        ("03", "03"),
        ("ff", "03"),
        ("fc", "00"),
    ] {
        let of = |flags| format!("00-{TRACE}-1234567890123456-{flags}");
        continued(&of(flags), &of(expected));
    }
}

#[test]
fn a_future_version_is_continued_as_far_as_it_is_known() {
    continued(&format!("cc-{TRACE}-1234567890123456-01"), PARENT);
    continued(
        &format!("cc-{TRACE}-1234567890123456-01-what-the-future-brings"),
        PARENT,
    );
    continued(&format!("01-{TRACE}-1234567890123456-01-"), PARENT);
    // Only the sampled bit is promised to stay what it is.
    continued(&format!("fe-{TRACE}-1234567890123456-03"), PARENT);
    restarted(&format!(
        "cc-{TRACE}-1234567890123456-01.what-the-future-brings"
    ));
    restarted(&format!("cc-{TRACE}-1234567890123456-0"));
    restarted(&format!("ff-{TRACE}-1234567890123456-01"));
}

#[test]
fn a_malformed_traceparent_starts_a_fresh_trace() {
    restarted("");
    restarted("00");
    restarted(&format!("{PARENT}."));
    restarted(&format!("{PARENT}-more"));
    restarted(&format!("{PARENT},{PARENT}"));
    for version in [".0", "0.", "000", "0000", "0", "0A", "FF"] {
        restarted(&format!("{version}-{TRACE}-1234567890123456-01"));
    }
    for trace in [
        "00000000000000000000000000000000",
        ".2345678901234567890123456789012",
        "1234567890123456789012345678901.",
        "123456789012345678901234567890123",
        "1234567890123456789012345678901",
        "1234567890123456789012345678901A",
    ] {
        restarted(&format!("00-{trace}-1234567890123456-01"));
    }
    for parent in [
        "0000000000000000",
        ".234567890123456",
        "123456789012345.",
        "12345678901234567",
        "123456789012345",
        "123456789012345F",
    ] {
        restarted(&format!("00-{TRACE}-{parent}-01"));
    }
    for flags in [".0", "0.", "001", "1", "0G", "0A", "é"] {
        restarted(&format!("00-{TRACE}-1234567890123456-{flags}"));
    }
    restarted(&PARENT.replace('-', "_"));
}

#[test]
fn several_traceparents_start_a_fresh_trace_even_when_they_agree() {
    assert_eq!(
        passed_on(&[("traceparent", PARENT), ("traceparent", PARENT)]),
        None
    );
    let other = PARENT.replace("12-", "11-");
    assert_eq!(
        passed_on(&[("traceparent", PARENT), ("traceparent", &other)]),
        None
    );
    assert_eq!(
        passed_on(&[("traceparent", PARENT), ("traceparent", "\u{e9}")]),
        None
    );
}

#[test]
fn tracestate_without_a_valid_traceparent_is_dropped() {
    assert_eq!(passed_on(&[("tracestate", "foo=1")]), None);
    assert_eq!(
        passed_on(&[("traceparent", "garbage"), ("tracestate", "foo=1")]),
        None
    );
}

#[test]
fn tracestate_is_passed_on_in_order_from_all_its_lines() {
    state(&["foo=1"], Some("foo=1"));
    state(
        &["foo=1,bar=2", "rojo=1,congo=2", "baz=3"],
        Some("foo=1,bar=2,rojo=1,congo=2,baz=3"),
    );
    state(&["foo=1,foo=2", "foo=1"], Some("foo=1,foo=2,foo=1"));
    state(
        &["foo=1 \t , \t bar=2, \t baz=3"],
        Some("foo=1,bar=2,baz=3"),
    );
    state(&["\t foo=a b \t"], Some("foo=a b"));
    state(&["foo=1,,bar=2,"], Some("foo=1,bar=2"));
}

#[test]
fn an_empty_tracestate_is_never_written() {
    for lines in [&[][..], &[""], &["", ""], &[" ,\t,"]] {
        state(lines, None);
    }
}

#[test]
fn keys_that_level_2_allows_are_kept_and_others_drop_the_list() {
    let all = "abcdefghijklmnopqrstuvwxyz0123456789_-*/@a-z0-9_-*/";
    let value: String = (' '..='~')
        .filter(|letter| !matches!(letter, ',' | '='))
        .collect();
    let value = value.trim();
    for key in [
        all,
        "foo@",
        "foo@@bar",
        "foo@bar@baz",
        "1",
        "t@vvvvvvvvvvvvvvv",
        &"z".repeat(256),
    ] {
        let list = format!("{key}={value}");
        state(&[&list], Some(&list));
    }
    for list in [
        "foo =1",
        "FOO=1",
        "foo.bar=1",
        "@foo=1",
        "=1",
        "foo",
        "_foo=1",
        "f\u{f6}o=1",
    ] {
        state(&["bar=2", list], None);
    }
    state(&["foo=1", &format!("{}=1", "z".repeat(257))], None);
}

#[test]
fn malformed_values_drop_the_list() {
    let longest = format!("foo={}", "v".repeat(256));
    state(&[&longest], Some(&longest));
    for list in [
        "foo=bar=baz",
        "foo=,bar=3",
        "foo=\t1\t2",
        "foo=\u{e9}",
        &format!("{longest}v"),
    ] {
        state(&[list], None);
    }
}

#[test]
fn thirty_two_members_are_kept_and_thirty_three_drop_the_list() {
    let members: Vec<_> = (1..=33)
        .map(|number| format!("bar{number:02}={number:02}"))
        .collect();
    let all = members[..32].join(",");
    state(
        &[&members[..10].join(","), &members[10..32].join(",")],
        Some(&all),
    );
    state(&[&all, &members[32]], None);
}

#[test]
fn state_and_random_flag_of_one_trace_do_not_reach_another() {
    let cx = extract(
        &headers(&[("traceparent", PARENT), ("tracestate", "foo=1")]),
        &Context::new(),
    );
    let other = SpanContext::new(
        1.into(),
        2.into(),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    );
    let mut out = HeaderMap::new();
    inject(&cx.with_remote_span_context(other), &mut out);
    assert_eq!(
        out[TRACEPARENT],
        "00-00000000000000000000000000000001-0000000000000002-03"
    );
    assert!(!out.contains_key(TRACESTATE));
}

#[test]
fn the_interface_of_the_api_gives_the_same_answers() {
    use opentelemetry::propagation::TextMapPropagator;
    use opentelemetry_http::{HeaderExtractor, HeaderInjector};

    let both = headers(&[
        ("traceparent", PARENT),
        ("tracestate", "t@vvvvvvvvvvvvvvv=1"),
        ("tracestate", "bar=2"),
    ]);
    let propagator = TraceContext::default();
    let cx = propagator.extract_with_context(&Context::new(), &HeaderExtractor(&both));
    let mut out = HeaderMap::new();
    propagator.inject_context(&cx, &mut HeaderInjector(&mut out));
    assert_eq!(
        out,
        headers(&[
            ("traceparent", PARENT),
            ("tracestate", "t@vvvvvvvvvvvvvvv=1,bar=2")
        ])
    );
    assert_eq!(
        propagator.fields().collect::<Vec<_>>(),
        ["traceparent", "tracestate"]
    );

    let twice = headers(&[("traceparent", PARENT), ("traceparent", PARENT)]);
    let cx = propagator.extract_with_context(&Context::new(), &HeaderExtractor(&twice));
    assert!(!cx.span().span_context().is_valid());
}

proptest! {
    #[test]
    fn every_traceparent_of_ours_is_read_back(trace in 1u128.., span in 1u64.., sampled: bool, random: bool) {
        let ours = Traceparent { trace_id: trace.into(), span_id: span.into(), sampled, random };
        prop_assert_eq!(Traceparent::parse(ours.to_string().as_bytes()), Some(ours));
    }

    #[test]
    fn whatever_is_read_as_traceparent_stood_there(line in prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..80),
        "[0-9a-fA-F]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-fA-F]{2}(-.*)?".prop_map(String::into_bytes),
    ]) {
        if let Some(parent) = Traceparent::parse(&line) {
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            let ids = format!("-{}-{}-", parent.trace_id, parent.span_id);
            prop_assert!(text[2..].starts_with(&ids));
            prop_assert!(!text.starts_with("ff"));
        }
    }

    #[test]
    fn whatever_is_read_as_tracestate_is_a_legal_header_that_reads_the_same(lines in proptest::collection::vec(
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40),
            "([a-z0-9@_*/-]{1,4}=[ -~]{0,4}[,\t ]{0,2}){0,12}".prop_map(String::into_bytes),
        ],
        0..4,
    )) {
        if let Some(state) = Tracestate::parse(lines.iter().map(Vec::as_slice)) {
            prop_assert!(HeaderValue::from_str(state.as_str()).is_ok());
            prop_assert!(!state.as_str().is_empty() && state.as_str().split(',').count() <= 32);
            prop_assert_eq!(Tracestate::parse([state.as_str().as_bytes()]), Some(state));
        }
    }

    #[test]
    fn every_legal_tracestate_is_read(members in proptest::collection::vec(
        ("[a-z0-9][a-z0-9_*/@-]{0,20}", "[!-+.-<>-~-]([ -+.-<>-~-]{0,20}[!-+.-<>-~-])?"),
        1..32,
    )) {
        let members: Vec<_> = members.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        let list = members.join(",");
        let state = Tracestate::parse([list.as_bytes()]);
        prop_assert_eq!(state.as_ref().map(Tracestate::as_str), Some(list.as_str()));
    }
}
