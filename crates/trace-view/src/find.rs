//! Looking for spans: by what stands in them, and which one comes next.

use trace_model::{Span, Status, Value};

use crate::drawing::Drawing;

/// Rows of the tree whose span holds `wanted` in its name, service, id, error message or attributes, whatever the case of
/// the letters. `key=value` also finds the attributes of that key that hold the value. Nothing is in no span.
pub(crate) fn matches(drawing: &Drawing, wanted: &str) -> Vec<usize> {
    let wanted = Wanted::new(wanted.trim());
    let spans = drawing.tree.spans().iter().enumerate();
    spans
        .filter(|(_, span)| wanted.is_in(span))
        .map(|(row, _)| row)
        .collect()
}

/// Rows of the spans that failed.
pub(crate) fn failures(drawing: &Drawing) -> Vec<usize> {
    let spans = drawing.tree.spans().iter().enumerate();
    spans
        .filter(|(_, span)| span.is_error())
        .map(|(row, _)| row)
        .collect()
}

/// Which way to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Towards the end, then from the beginning.
    Forwards,
    /// Towards the beginning, then from the end.
    Backwards,
}

/// The next of `rows`, which are in order, after row `at`.
pub(crate) fn next(rows: &[usize], at: Option<usize>, way: Way) -> Option<usize> {
    let Some(at) = at else {
        return rows.first().copied();
    };
    match way {
        Way::Forwards => rows.iter().find(|&&row| row > at).or(rows.first()),
        Way::Backwards => rows.iter().rfind(|&&row| row < at).or(rows.last()),
    }
    .copied()
}

struct Wanted {
    text: String,
    pair: Option<(String, String)>,
}

impl Wanted {
    fn new(text: &str) -> Self {
        let text = lower_case(text);
        let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
        Wanted {
            pair: pair.map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned())),
            text,
        }
    }

    fn is_in(&self, span: &Span) -> bool {
        if self.text.is_empty() {
            return false;
        }
        let mut attributes = span.attributes.iter();
        let is_pair = |(name, held): &(String, Value)| {
            let pair = self.pair.as_ref();
            pair.is_some_and(|(key, value)| {
                name.eq_ignore_ascii_case(key) && is_in_value(held, value)
            })
        };
        if span.attributes.iter().any(is_pair) {
            return true;
        }
        let message = match &span.status {
            Status::Error(message) => message.as_str(),
            Status::Unset | Status::Ok => "",
        };
        [&span.name, &span.service, message]
            .into_iter()
            .any(|text| contains(text, &self.text))
            || attributes
                .any(|(key, value)| contains(key, &self.text) || is_in_value(value, &self.text))
            || span.span_id.to_string().starts_with(&self.text)
    }
}

fn is_in_value(value: &Value, wanted: &str) -> bool {
    match value {
        Value::String(text) => contains(text, wanted),
        other => contains(&other.to_string(), wanted),
    }
}

/// Whether `text` holds `wanted`, which is in lower case. Most text is ASCII and needs no copy.
fn contains(text: &str, wanted: &str) -> bool {
    if wanted.is_empty() {
        return true;
    }
    if !text.is_ascii() {
        return lower_case(text).contains(wanted);
    }
    let mut places = text.as_bytes().windows(wanted.len());
    places.any(|place| place.eq_ignore_ascii_case(wanted.as_bytes()))
}

/// The browser has the tables of all scripts; the program would have to bring them.
#[cfg(target_arch = "wasm32")]
fn lower_case(text: &str) -> String {
    js_sys::JsString::from(text).to_lower_case().into()
}

#[cfg(not(target_arch = "wasm32"))]
fn lower_case(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawing::sample::{ORIGINS, search};

    #[track_caller]
    fn check(wanted: &str, expected: &[usize]) {
        let mut spans = search();
        spans[1].attributes = vec![
            ("http.response.status_code".into(), Value::Int(200)),
            (
                "url.full".into(),
                Value::String("http://shop/Bücher?q=LOVE".into()),
            ),
        ];
        spans[5].status = Status::Error("torn page".into());
        assert_eq!(matches(&Drawing::new(spans, ORIGINS), wanted), expected);
    }

    #[test]
    fn text_is_found_wherever_it_stands() {
        check("get", &[1, 2]);
        check(" SHOP ", &[1, 2, 3, 4, 5, 6, 7]);
        check("status_code", &[1]);
        check("bücher", &[1]);
        check("torn", &[5]);
        check("0000000000000002", &[1]);
        check("nowhere", &[]);
        check("", &[]);
    }

    #[test]
    fn a_pair_looks_into_the_attributes_of_its_key() {
        check("http.response.status_code=200", &[1]);
        check("http.response.status_code=404", &[]);
        check("url.full=love", &[1]);
        check("url.full=", &[1]);
        check("status_code=200", &[]);
    }

    #[test]
    fn the_next_one_comes_after_the_last_from_the_beginning() {
        let rows = [2, 5, 9];
        assert_eq!(next(&rows, None, Way::Forwards), Some(2));
        assert_eq!(next(&rows, Some(2), Way::Forwards), Some(5));
        assert_eq!(next(&rows, Some(9), Way::Forwards), Some(2));
        assert_eq!(next(&rows, Some(2), Way::Backwards), Some(9));
        assert_eq!(next(&rows, Some(7), Way::Backwards), Some(5));
        assert_eq!(next(&[], Some(7), Way::Forwards), None);
        let drawing = Drawing::new(search(), ORIGINS);
        assert!(failures(&drawing).is_empty());
    }
}
