//! Reading OTLP JSON: one test for each rule of the mapping.

use proptest::prelude::*;
use trace_model::otlp_json::parse;
use trace_model::{Event, Kind, Link, Span, Status, Value};

/// A document of one span with these members besides its ids.
fn with(members: &str) -> String {
    let ids = r#""traceId":"00000000000000000000000000000001","spanId":"0000000000000002""#;
    format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{ids}{members}}}]}}]}}]}}"#)
}

fn one(members: &str) -> Span {
    let mut spans = parse(&with(members)).unwrap();
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

fn error(members: &str) -> String {
    parse(&with(members)).unwrap_err().to_string()
}

#[test]
fn every_field_is_read() {
    let document = r#"{"resourceSpans":[{
        "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"backend"}},
            {"key":"host.name","value":{"stringValue":"rack"}},{"key":"service.instance.id","value":{"stringValue":"7"}}]},
        "scopeSpans":[{"scope":{"name":"telemetry"},"spans":[{
            "traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"00f067aa0ba902b7","parentSpanId":"00f067aa0ba902b8",
            "flags":257,"name":"GET /search","kind":2,
            "startTimeUnixNano":"18446744073709551614","endTimeUnixNano":"18446744073709551615",
            "attributes":[{"key":"app.books","value":{"intValue":"18"}}],"droppedAttributesCount":1,
            "events":[{"timeUnixNano":"5","name":"retry","attributes":[{"key":"n","value":{"boolValue":true}}],"droppedAttributesCount":4}],
            "droppedEventsCount":2,
            "links":[{"traceId":"0af7651916cd43dd8448eb211c80319d","spanId":"00f067aa0ba902b9","droppedAttributesCount":5}],
            "droppedLinksCount":3,"status":{"code":2,"message":"not ready"}}]}]}]}"#;
    let id = |text: &str| text.parse().unwrap();
    let expected = Span {
        trace_id: "0af7651916cd43dd8448eb211c80319c".parse().unwrap(),
        span_id: id("00f067aa0ba902b7"),
        parent_id: Some(id("00f067aa0ba902b8")),
        name: "GET /search".to_owned(),
        kind: Kind::Server,
        start_ns: u64::MAX - 1,
        end_ns: u64::MAX,
        attributes: vec![("app.books".to_owned(), Value::Int(18))],
        events: vec![Event {
            time_ns: 5,
            name: "retry".to_owned(),
            attributes: vec![("n".to_owned(), Value::Bool(true))],
            dropped_attributes: 4,
        }],
        links: vec![Link {
            trace_id: "0af7651916cd43dd8448eb211c80319d".parse().unwrap(),
            span_id: id("00f067aa0ba902b9"),
            attributes: Vec::new(),
            dropped_attributes: 5,
        }],
        status: Status::Error("not ready".to_owned()),
        service: "backend".to_owned(),
        instance: "7".into(),
        flags: 257,
        scope: "telemetry".to_owned(),
        dropped_attributes: 1,
        dropped_events: 2,
        dropped_links: 3,
    };
    assert_eq!(parse(document).unwrap(), std::slice::from_ref(&expected));
    assert_eq!(
        parse(&format!(r#"{{"result":{document}}}"#)).unwrap(),
        [expected]
    );
}

#[test]
fn a_service_name_is_taken_as_it_is() {
    let document = r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"a\nb"}}]},
        "scopeSpans":[{"spans":[{"traceId":"00000000000000000000000000000001","spanId":"0000000000000002"}]}]}]}"#;
    assert_eq!(parse(document).unwrap()[0].service, "a\nb");
}

#[test]
fn int64_may_be_number_or_string() {
    let value = |json: &str| {
        one(&format!(
            r#","attributes":[{{"key":"k","value":{{"intValue":{json}}}}}]"#
        ))
    };
    for json in ["-9223372036854775808", r#""-9223372036854775808""#] {
        assert_eq!(value(json).attribute("k"), Some(&Value::Int(i64::MIN)));
    }
    assert_eq!(one(r#","startTimeUnixNano":12"#).start_ns, 12);
    assert_eq!(one(r#","startTimeUnixNano":"12""#).start_ns, 12);
}

#[test]
fn every_kind_of_value_is_read() {
    let span = one(r#","attributes":[
            {"key":"s","value":{"stringValue":""}},
            {"key":"d","value":{"doubleValue":-0.5}},
            {"key":"whole","value":{"doubleValue":3}},
            {"key":"inf","value":{"doubleValue":"Infinity"}},
            {"key":"b","value":{"bytesValue":"_-8="}},
            {"key":"a","value":{"arrayValue":{"values":[{"intValue":1},{},{"arrayValue":{}}]}}},
            {"key":"m","value":{"kvlistValue":{"values":[{"key":"x","value":{"boolValue":false}}]}}},
            {"key":"none","value":{}},
            {"key":"future","value":{"newValue":1}},
            {"key":"null","value":null}]"#);
    let named = |name: &str, value| (name.to_owned(), value);
    let empty = || Value::String(String::new());
    let expected = [
        named("s", empty()),
        named("d", Value::Double(-0.5)),
        named("whole", Value::Double(3.0)),
        named("inf", Value::Double(f64::INFINITY)),
        named("b", Value::Bytes(vec![0xff, 0xef])),
        named(
            "a",
            Value::Array(vec![Value::Int(1), empty(), Value::Array(Vec::new())]),
        ),
        named("m", Value::Map(vec![named("x", Value::Bool(false))])),
    ];
    assert_eq!(span.attributes, expected);
}

#[test]
fn base64_of_every_length_is_read() {
    for (text, bytes) in [
        ("", &b""[..]),
        ("Zg==", b"f"),
        ("Zm8", b"fo"),
        ("Zm9v", b"foo"),
        ("Zm9vYg", b"foob"),
    ] {
        let span = one(&format!(
            r#","attributes":[{{"key":"k","value":{{"bytesValue":"{text}"}}}}]"#
        ));
        assert_eq!(
            span.attribute("k"),
            Some(&Value::Bytes(bytes.to_vec())),
            "{text}"
        );
    }
    assert_eq!(
        error(r#","attributes":[{"key":"k","value":{"bytesValue":"Zm9vY"}}]"#),
        "`bytesValue` is not bytes in base64"
    );
}

#[test]
fn what_is_absent_null_or_unknown_is_left_out() {
    for document in [
        "{}",
        r#"{"resourceSpans":null}"#,
        r#"{"result":{}}"#,
        r#"{"resourceSpans":[{}]}"#,
    ] {
        assert_eq!(parse(document).unwrap(), [], "{document}");
    }
    let plain = one("");
    let odd = r#","parentSpanId":null,"status":null,"kind":99,"future":{"a":[1]},"events":null,"attributes":[]"#;
    assert_eq!(one(odd), plain);
    assert_eq!(
        (plain.service.as_str(), plain.kind, plain.status),
        ("", Kind::Unspecified, Status::Unset)
    );
}

#[test]
fn a_parent_of_zeros_is_no_parent() {
    assert_eq!(one(r#","parentSpanId":"0000000000000000""#).parent_id, None);
}

#[test]
fn what_is_wrong_is_named() {
    assert_eq!(
        error(r#","kind":"SPAN_KIND_SERVER""#),
        "`kind` is not an unsigned 64-bit integer"
    );
    assert_eq!(
        error(r#","startTimeUnixNano":-1"#),
        "`startTimeUnixNano` is not an unsigned 64-bit integer"
    );
    assert_eq!(
        error(r#","parentSpanId":"xyz""#),
        "`parentSpanId` is not 16 hex digits"
    );
    assert_eq!(
        error(r#","flags":4294967296"#),
        "`flags` is not an unsigned 32-bit integer"
    );
    assert_eq!(error(r#","name":5"#), "`name` is not a string");
    assert_eq!(error(r#","events":[1]"#), "`events` is not an object");
    assert!(parse("[1]").is_err());
    assert!(
        parse(r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{}]}]}]}"#).is_err(),
        "a span needs ids"
    );
}

/// Any JSON, most of it with the member names and shapes of OTLP so that it gets far.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::{Value as Json, json};
    let names = [
        "result",
        "resourceSpans",
        "resource",
        "scopeSpans",
        "scope",
        "spans",
        "traceId",
        "spanId",
        "parentSpanId",
        "name",
        "kind",
        "startTimeUnixNano",
        "attributes",
        "key",
        "value",
        "stringValue",
        "intValue",
        "doubleValue",
        "bytesValue",
        "arrayValue",
        "kvlistValue",
        "values",
        "events",
        "links",
        "status",
        "code",
        "flags",
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        ".{0,20}".prop_map(Json::from),
        Just(json!("0af7651916cd43dd8448eb211c80319c")),
        Just(json!("00f067aa0ba902b7")),
    ];
    leaf.prop_recursive(10, 80, 4, move |inner| {
        let member = (prop::sample::select(names.to_vec()), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Json::from),
            prop::collection::vec(member, 0..6).prop_map(|members| members
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_gives_spans_or_an_error(json in any_json()) {
        let _ = parse(&json.to_string());
        // The same at every place where it may occur.
        let _ = parse(&format!(r#"{{"resourceSpans":[{{"resource":{json},"scopeSpans":[{{"scope":{json},"spans":[{json}]}}]}}]}}"#));
        let _ = parse(&with(&format!(r#","status":{json},"events":[{json}],"attributes":[{{"key":"k","value":{json}}}]"#)));
    }

    #[test]
    fn any_text_gives_spans_or_an_error(text in ".{0,200}") {
        let _ = parse(&text);
    }
}
