//! What the trace of a search may tell of its question.

use opentelemetry::KeyValue;
use sha2::{Digest, Sha256};
use shared::QueryCapture;
use shared::semconv::attribute;

use crate::state::Question;

/// Attributes of the question: method and length always, its words only as far as the configuration allows.
pub(crate) fn question_attributes(question: &Question, capture: QueryCapture) -> Vec<KeyValue> {
    let query = question.query.as_str();
    let mut attributes = vec![
        KeyValue::new(attribute::SEARCH_QUERY_LENGTH, query.chars().count() as i64),
        KeyValue::new(attribute::SEARCH_METHOD, question.method.as_str()),
    ];
    match capture {
        QueryCapture::Raw => {
            attributes.push(KeyValue::new(attribute::SEARCH_QUERY, query.to_owned()));
        }
        QueryCapture::Hash => {
            attributes.push(KeyValue::new(attribute::SEARCH_QUERY_HASH, hash(query)));
        }
        QueryCapture::Off => {}
    }
    attributes
}

/// The first 16 hexadecimal digits of the SHA-256.
fn hash(query: &str) -> String {
    let digest = Sha256::digest(query.as_bytes());
    digest[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, capture: QueryCapture, expected: &[&str]) {
        let question = Question {
            query: query.into(),
            ..Question::default()
        };
        let attributes: Vec<String> = question_attributes(&question, capture)
            .iter()
            .map(|attribute| format!("{}={}", attribute.key, attribute.value))
            .collect();
        assert_eq!(attributes, expected);
    }

    #[test]
    fn a_question_tells_what_the_configuration_allows() {
        const ALWAYS: [&str; 2] = ["app.search.query.length=4", "app.search.method=hybrid"];
        let with = |more: &'static str| [ALWAYS[0], ALWAYS[1], more];
        check("love", QueryCapture::Raw, &with("app.search.query=love"));
        // The front of what `printf love | sha256sum` prints.
        check(
            "love",
            QueryCapture::Hash,
            &with("app.search.query.hash=686f746a95b6f836"),
        );
        check("love", QueryCapture::Off, &ALWAYS);
    }

    #[test]
    fn length_counts_letters_not_bytes() {
        check(
            "愛",
            QueryCapture::Off,
            &["app.search.query.length=1", "app.search.method=hybrid"],
        );
    }
}
