//! The page's address: which page is shown and what it is asked. Reading and writing the browser's history happens here
//! and nowhere else.

use leptos::prelude::window;
use trace_model::{SpanId, TraceId};
use wasm_bindgen::JsValue;
use web_sys::UrlSearchParams;

use crate::percent;
use crate::state::{DEFAULT_METHOD, Place, Question, Spot};
use crate::trace_list::Filter;

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// The search page with its question, which may still be blank.
    Search(Question),
    /// The list of books.
    Books,
    /// A book, open at some place.
    Reader(Place),
    /// The answers of several methods to one question, side by side; its method is the usual one.
    Compare(Question),
    /// The traces that the collector holds, as far as they pass the filter.
    Traces(Filter),
    /// One trace.
    Trace(TracePlace),
    /// Two traces side by side.
    Diff {
        /// Id of the one, as it was written.
        first: String,
        /// Id of the other.
        second: String,
    },
    /// The page that tries the tracer.
    TracingTest,
}

/// A trace, and where to open it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TracePlace {
    /// Its id, as it was written.
    pub id: String,
    /// The span whose details are shown.
    pub span: Option<SpanId>,
    /// What is looked for in it.
    pub wanted: String,
}

/// The address in the browser's address bar.
pub(crate) fn current() -> Address {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let parameters = UrlSearchParams::new_with_str(&location.search().unwrap_or_default()).ok();
    Address::new(&path, |name| {
        parameters.as_ref().and_then(|all| all.get(name))
    })
}

/// Makes `address` the browser's address in place of the one it has.
pub(crate) fn replace(address: &Address) {
    if let Ok(history) = window().history() {
        // As in `push`.
        let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address.href()));
    }
}

/// Makes `address` the browser's address, as a new entry of its history unless it is there already.
pub(crate) fn push(address: &Address) {
    if current() == *address {
        return;
    }
    if let Ok(history) = window().history() {
        // A sandboxed document may not write its history; the page works without.
        let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&address.href()));
    }
}

/// Where a span of any trace is shown.
pub(crate) fn of_span(trace_id: TraceId, span_id: SpanId) -> String {
    format!("/traces/{trace_id}?span={span_id}")
}

impl Address {
    /// The comparison of all methods for a question.
    pub(crate) fn compare(question: Question) -> Address {
        Address::Compare(Question {
            method: DEFAULT_METHOD,
            ..question
        })
    }

    fn new(path: &str, parameter: impl Fn(&str) -> Option<String>) -> Self {
        let path = path.trim_end_matches('/');
        let query = parameter("q").unwrap_or_default();
        if let Some(id) = path.strip_prefix("/books/") {
            return Address::Reader(Place {
                id: percent::decode(id),
                spot: spot(parameter("from"), parameter("to")),
                query,
            });
        }
        if path == "/traces/compare" {
            return Address::Diff {
                first: parameter("a").unwrap_or_default(),
                second: parameter("b").unwrap_or_default(),
            };
        }
        if let Some(id) = path.strip_prefix("/traces/") {
            return Address::Trace(TracePlace {
                id: percent::decode(id),
                span: parameter("span").and_then(|id| id.parse().ok()),
                wanted: query,
            });
        }
        let question = Question {
            query,
            method: parameter("method")
                .and_then(|name| name.parse().ok())
                .unwrap_or(DEFAULT_METHOD),
            book: parameter("book").filter(|id| !id.is_empty()),
        };
        match path {
            "/books" => Address::Books,
            "/compare" => Address::compare(question),
            "/traces" => Address::Traces(Filter::read(parameter)),
            "/tracing-test" => Address::TracingTest,
            _ => Address::Search(question),
        }
    }

    /// The address as a link.
    pub(crate) fn href(&self) -> String {
        match self {
            Address::Books => "/books".into(),
            Address::TracingTest => "/tracing-test".into(),
            Address::Diff { first, second } => {
                let parameters = vec![("a", first.clone()), ("b", second.clone())];
                with_parameters("/traces/compare", &parameters)
            }
            Address::Traces(filter) => with_parameters("/traces", &filter.parameters()),
            Address::Trace(place) => {
                let path = format!("/traces/{}", percent::encode(&place.id));
                let mut parameters = Parameters::new();
                parameters.extend(place.span.map(|span| ("span", span.to_string())));
                if !place.wanted.trim().is_empty() {
                    parameters.push(("q", place.wanted.clone()));
                }
                with_parameters(&path, &parameters)
            }
            Address::Search(question) => with_parameters("/", &question_parameters(question)),
            Address::Compare(question) => {
                with_parameters("/compare", &question_parameters(question))
            }
            Address::Reader(place) => {
                let path = format!("/books/{}", percent::encode(&place.id));
                with_parameters(&path, &place_parameters(place))
            }
        }
    }
}

/// Names and values of an address, not yet encoded.
pub(crate) type Parameters = Vec<(&'static str, String)>;

fn question_parameters(question: &Question) -> Parameters {
    let mut parameters = Vec::new();
    if !question.is_blank() {
        parameters.push(("q", question.query.clone()));
    }
    if question.method != DEFAULT_METHOD {
        parameters.push(("method", question.method.to_string()));
    }
    if let Some(book) = &question.book {
        parameters.push(("book", book.clone()));
    }
    parameters
}

fn place_parameters(place: &Place) -> Parameters {
    let mut parameters = Vec::new();
    if let Spot::Passage { from, to } = place.spot {
        parameters.push(("from", from.to_string()));
        parameters.push(("to", to.to_string()));
    }
    if !place.query.trim().is_empty() {
        parameters.push(("q", place.query.clone()));
    }
    parameters
}

/// The path with its parameters encoded.
pub(crate) fn with_parameters(path: &str, parameters: &Parameters) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={}", percent::encode(value)))
        .collect();
    match pairs.as_slice() {
        [] => path.to_owned(),
        pairs => format!("{path}?{}", pairs.join("&")),
    }
}

/// What `from` and `to` of an address name together; without `to`, the place right before `from`.
fn spot(from: Option<String>, to: Option<String>) -> Spot {
    let Some(from) = from else {
        return if to.is_none() {
            Spot::Beginning
        } else {
            Spot::Unreadable
        };
    };
    let to = to.unwrap_or_else(|| from.clone());
    match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) if from <= to => Spot::Passage { from, to },
        _ => Spot::Unreadable,
    }
}

#[cfg(test)]
mod tests {
    use shared::Method;

    use super::*;

    /// Reads an address as the browser would: `path` and decoded parameters.
    fn read(path: &str, parameters: &[(&str, &str)]) -> Address {
        Address::new(path, |name| {
            parameters
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn question(query: &str, method: Method, book: Option<&str>) -> Question {
        Question {
            query: query.into(),
            method,
            book: book.map(Into::into),
        }
    }

    #[track_caller]
    fn check(path: &str, parameters: &[(&str, &str)], expected: Address, href: &str) {
        let address = read(path, parameters);
        assert_eq!(address, expected);
        assert_eq!(address.href(), href);
    }

    #[test]
    fn an_address_names_a_page_and_a_question() {
        check("/", &[], Address::Search(Question::default()), "/");
        check(
            "/",
            &[("q", "white whale"), ("method", "hybrid")],
            Address::Search(question("white whale", Method::Hybrid, None)),
            "/?q=white%20whale",
        );
        check(
            "/",
            &[("q", "love"), ("method", "tfidf"), ("book", "emma.txt")],
            Address::Search(question("love", Method::Tfidf, Some("emma.txt"))),
            "/?q=love&method=tfidf&book=emma.txt",
        );
        check("/books/", &[("q", "ignored")], Address::Books, "/books");
        check(
            "/compare",
            &[("q", "love"), ("method", "tfidf"), ("book", "emma.txt")],
            Address::Compare(question("love", Method::Hybrid, Some("emma.txt"))),
            "/compare?q=love&book=emma.txt",
        );
    }

    #[test]
    fn a_trace_is_opened_at_a_span() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        let span = SpanId([0xab; 8]);
        let place = |span, wanted: &str| {
            Address::Trace(TracePlace {
                id: id.into(),
                span,
                wanted: wanted.into(),
            })
        };
        let path = format!("/traces/{id}");
        check(&path, &[("span", "nonsense")], place(None, ""), &path);
        check(
            &path,
            &[("span", "abababababababab"), ("q", "status=200")],
            place(Some(span), "status=200"),
            &format!("{path}?span=abababababababab&q=status%3D200"),
        );
        check(
            "/traces/",
            &[],
            Address::Traces(Filter::default()),
            "/traces",
        );
    }

    #[test]
    fn a_filter_and_a_method_are_kept_without_a_question() {
        check(
            "/",
            &[("method", "phrase"), ("book", "emma.txt")],
            Address::Search(question("", Method::Phrase, Some("emma.txt"))),
            "/?method=phrase&book=emma.txt",
        );
    }

    #[test]
    fn blank_questions_and_unknown_methods_fall_back() {
        let love = Address::Search(question("love", Method::Hybrid, None));
        check("/", &[("q", "  ")], read("/", &[("q", "  ")]), "/");
        check(
            "/",
            &[("q", "love"), ("method", "psychic")],
            love.clone(),
            "/?q=love",
        );
        check("/elsewhere", &[("q", "love")], love, "/?q=love");
    }

    #[test]
    fn a_book_is_opened_at_a_passage() {
        let place = |id: &str, spot, query: &str| {
            Address::Reader(Place {
                id: id.into(),
                spot,
                query: query.into(),
            })
        };
        check(
            "/books/austen-emma.txt",
            &[("from", "10"), ("to", "25"), ("q", "love & hate")],
            place(
                "austen-emma.txt",
                Spot::Passage { from: 10, to: 25 },
                "love & hate",
            ),
            "/books/austen-emma.txt?from=10&to=25&q=love%20%26%20hate",
        );
        check(
            "/books/austen-emma.txt",
            &[("from", "10")],
            place("austen-emma.txt", Spot::Passage { from: 10, to: 10 }, ""),
            "/books/austen-emma.txt?from=10&to=10",
        );
        check(
            "/books/%3Cscript%3E",
            &[],
            place("<script>", Spot::Beginning, ""),
            "/books/%3Cscript%3E",
        );
    }

    #[test]
    fn a_passage_that_is_none_is_not_taken_for_the_beginning() {
        for parameters in [
            [("from", "x"), ("to", "9")],
            [("from", "9"), ("to", "3")],
            [("from", "-1"), ("to", "3")],
            [("from", "0"), ("to", "99999999999999999999999")],
        ] {
            let Address::Reader(place) = read("/books/emma.txt", &parameters) else {
                panic!("not the reader");
            };
            assert_eq!(place.spot, Spot::Unreadable, "{parameters:?}");
        }
    }
}
