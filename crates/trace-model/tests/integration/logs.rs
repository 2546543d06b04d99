//! Log records out of OTLP JSON.

use proptest::prelude::*;
use trace_model::otlp_json::{Log, parse_logs};
use trace_model::{SpanId, Value};

fn records(records: &str) -> String {
    format!(r#"{{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{records}]}}]}}]}}"#)
}

#[track_caller]
fn check(record: &str, expected: Log) {
    assert_eq!(parse_logs(&records(record)).unwrap(), [expected]);
}

#[test]
fn a_record_says_when_where_and_what() {
    check(
        r#"{"timeUnixNano":"7","observedTimeUnixNano":9,"severityNumber":17,"spanId":"0101010101010101",
            "body":{"stringValue":"torn page"},"attributes":[{"key":"page","value":{"intValue":"3"}}]}"#,
        Log {
            span_id: Some(SpanId([1; 8])),
            time_ns: 7,
            severity: "ERROR".into(),
            text: "torn page".into(),
            attributes: vec![("page".into(), Value::Int(3))],
        },
    );
}

#[test]
fn what_is_not_said_is_taken_from_where_it_is() {
    check(
        r#"{"observedTimeUnixNano":"9","severityText":"notice","severityNumber":9,"eventName":"browser.web_vital",
            "spanId":"","body":{"kvlistValue":{"values":[{"key":"a","value":{"intValue":1}}]}}}"#,
        Log {
            time_ns: 9,
            severity: "notice".into(),
            text: "browser.web_vital".into(),
            ..Log::default()
        },
    );
    check("{}", Log::default());
    assert_eq!(parse_logs("{}").unwrap(), []);
}

#[test]
fn what_is_no_record_is_refused() {
    for wrong in [
        r#"{"spanId":"xyz"}"#,
        r#"{"timeUnixNano":"soon"}"#,
        r#"{"body":3}"#,
        "3",
    ] {
        parse_logs(&records(wrong)).unwrap_err();
    }
    parse_logs("[]").unwrap_err();
    parse_logs("").unwrap_err();
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in r#"[\[\]{}:,"a-zA-Z0-9]{0,80}"#, record in r#"[\[\]{}:,"a-zA-Z0-9]{0,80}"#) {
        let _ = parse_logs(&text);
        let _ = parse_logs(&records(&record));
    }
}
