//! What JSON may hold, beyond what `otlp` asks: every kind of value, and how wrong ones are refused.

use collector::otlp::Limits;
use serde_json::json;
use trace_model::Value;

use crate::host::Host;
use crate::otlp::{JSON, taken_json};
use crate::sample::one_json;

/// The attribute `k` of a span that was sent with this value.
fn value(json: &str) -> Option<Value> {
    let span = taken_json(&format!(r#","attributes":[{{"key":"k","value":{json}}}]"#));
    span.attribute("k").cloned()
}

#[test]
fn bytes_in_json_are_base64_of_either_alphabet() {
    for text in ["-_8=", "+/8=", "+/8", "-_8"] {
        let json = format!(r#"{{"bytesValue":"{text}"}}"#);
        assert_eq!(value(&json), Some(Value::Bytes(vec![0xfb, 0xff])), "{text}");
    }
}

#[test]
fn doubles_in_json_are_numbers_or_strings() {
    for (json, expected) in [
        ("1.5", 1.5),
        ("2", 2.0),
        (r#""2.5""#, 2.5),
        ("-1e300", -1e300),
    ] {
        let json = format!(r#"{{"doubleValue":{json}}}"#);
        assert_eq!(value(&json), Some(Value::Double(expected)));
    }
}

#[test]
fn infinity_in_json_is_taken() {
    let host = Host::with(8 << 20, Limits::default());
    for text in ["NaN", "Infinity", "-Infinity"] {
        let body = format!(r#","attributes":[{{"key":"k","value":{{"doubleValue":"{text}"}}}}]"#);
        assert_eq!(host.post(JSON, one_json(&body).as_bytes()).text(), "{}");
    }
}

#[test]
fn values_of_every_kind_and_depth_are_taken() {
    let json = r#"{"arrayValue":{"values":[{"boolValue":true},{"kvlistValue":{"values":[{"key":"i","value":{"intValue":"-3"}}]}}]}}"#;
    let inner = Value::Map(vec![("i".to_owned(), Value::Int(-3))]);
    let expected = Value::Array(vec![Value::Bool(true), inner]);
    assert_eq!(value(json), Some(expected));
}

#[test]
fn the_largest_numbers_in_json_are_exact() {
    let span = taken_json(
        r#","endTimeUnixNano":"18446744073709551615","startTimeUnixNano":18446744073709551614,"attributes":[{"key":"k","value":{"intValue":"-9223372036854775808"}}]"#,
    );
    assert_eq!((span.start_ns, span.end_ns), (u64::MAX - 1, u64::MAX));
    assert_eq!(span.attribute("k"), Some(&Value::Int(i64::MIN)));
}

#[test]
fn a_field_of_the_wrong_kind_is_named() {
    for (members, message) in [
        (r#","name":5"#, "`name` is not a string"),
        (
            r#","startTimeUnixNano":"-1""#,
            "`startTimeUnixNano` is not a whole number of 64 bits that is not negative",
        ),
        (
            r#","startTimeUnixNano":1.5"#,
            "`startTimeUnixNano` is not a whole number of 64 bits that is not negative",
        ),
        (
            r#","parentSpanId":"xyz""#,
            "`parentSpanId` is not hexadecimal digits",
        ),
        (r#","kind":"3""#, "`kind` is not a number, as enums are"),
        (r#","attributes":{}"#, "`attributes` is not an array"),
        (r#","status":[]"#, "`status` is not an object"),
        (
            r#","flags":4294967296"#,
            "`flags` is not a whole number of 32 bits that is not negative",
        ),
        (
            r#","attributes":[{"key":"k","value":{"boolValue":1}}]"#,
            "`boolValue` is not true or false",
        ),
        (
            r#","attributes":[{"key":"k","value":{"bytesValue":"&"}}]"#,
            "`bytesValue` is not base64",
        ),
        (r#","attributes":[null]"#, "`attributes` is not an object"),
    ] {
        let answer = Host::start().post(JSON, one_json(members).as_bytes());
        assert_eq!(
            (answer.status, answer.json()["code"].clone()),
            (400, json!(3))
        );
        let said = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(said.starts_with(message), "{said}");
    }
}
