//! The page's address: which page is shown and which question it asks. Reading and writing the browser's history
//! happens here and nowhere else.

use leptos::prelude::window;
use shared::Method;
use wasm_bindgen::JsValue;
use web_sys::UrlSearchParams;

use crate::state::Question;

/// What an address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// The search page, with a question or without.
    Search(Option<Question>),
    /// The list of books.
    Books,
}

/// The address in the browser's address bar.
pub(crate) fn current() -> Address {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let parameters = UrlSearchParams::new_with_str(&location.search().unwrap_or_default()).ok();
    let parameter = |name: &str| parameters.as_ref().and_then(|all| all.get(name));
    Address::new(&path, parameter("q"), parameter("method"))
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

impl Address {
    fn new(path: &str, query: Option<String>, method: Option<String>) -> Self {
        if path.trim_end_matches('/') == "/books" {
            return Address::Books;
        }
        let question = query
            .filter(|query| !query.trim().is_empty())
            .map(|query| Question {
                query,
                method: method
                    .and_then(|name| name.parse::<Method>().ok())
                    .unwrap_or_default(),
            });
        Address::Search(question)
    }

    /// The address as a link.
    pub(crate) fn href(&self) -> String {
        match self {
            Address::Books => "/books".into(),
            Address::Search(None) => "/".into(),
            Address::Search(Some(question)) => {
                let parameters =
                    UrlSearchParams::new().expect("an empty list of parameters is valid");
                parameters.append("q", &question.query);
                parameters.append("method", question.method.as_str());
                format!("/?{}", String::from(parameters.to_string()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, query: Option<&str>, method: Option<&str>, expected: Address) {
        let address = Address::new(path, query.map(Into::into), method.map(Into::into));
        assert_eq!(address, expected);
    }

    fn question(query: &str) -> Address {
        Address::Search(Some(Question {
            query: query.into(),
            method: Method::Tfidf,
        }))
    }

    #[test]
    fn an_address_names_a_page_and_a_question() {
        check("/", None, None, Address::Search(None));
        check(
            "/",
            Some("white whale"),
            Some("tfidf"),
            question("white whale"),
        );
        check("/books", None, None, Address::Books);
        check("/books/", Some("ignored"), None, Address::Books);
    }

    #[test]
    fn blank_questions_and_unknown_methods_fall_back() {
        check("/", Some("  "), None, Address::Search(None));
        check("/", Some("love"), Some("psychic"), question("love"));
        check("/elsewhere", Some("love"), None, question("love"));
    }
}
