//! What is read out of URLs, by which of them are traced, which carry the trace, and what a span shows of them.

use js_sys::Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{FRIEND, start};

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    fn redacted(url: &str) -> String;
    #[wasm_bindgen(js_name = target)]
    fn target_of(url: &str) -> Array;
}

/// Host, port and whether the server may see the trace.
fn judged(url: &str) -> Option<(String, f64, bool)> {
    let target = target_of(url);
    let host = target.get(2).as_string()?;
    Some((host, target.get(3).as_f64()?, target.get(4) == 1))
}

#[wasm_bindgen_test]
fn finds_the_parts() {
    start();
    for (url, host, port) in [
        (
            "http://localhost:3000/api/search?q=a#b",
            "localhost",
            3000.0,
        ),
        ("https://example.com", "example.com", 443.0),
        ("http://example.com?x", "example.com", 80.0),
        ("http://[::1]:8080/", "[::1]", 8080.0),
        ("http://user:pa:ss@host:81/", "host", 81.0),
        ("http://a@b@host/", "host", 80.0),
        ("http://elsewhere\\@evil/", "elsewhere", 80.0),
    ] {
        assert_eq!(judged(url), Some((host.to_owned(), port, false)), "{url}");
    }
    let without_fragment = target_of("https://example.com/a?b=c#d").get(0);
    assert_eq!(without_fragment, "https://example.com/a?b=c");
}

#[wasm_bindgen_test]
fn only_its_own_and_the_named_origins_see_the_trace() {
    start();
    let own = web_sys::window().unwrap().origin();
    for url in [own.clone(), format!("{own}/api?q=a"), format!("{FRIEND}?x")] {
        assert!(judged(&url).unwrap().2, "{url}");
    }
    for url in [
        format!("{own}0/"),
        format!("{own}@evil.example/"),
        format!("http://evil.example/?{own}"),
        "http://friend.test/".to_owned(),
        "https://friend.test:81/".to_owned(),
        "http://friend.test.evil.example:81/".to_owned(),
    ] {
        assert!(!judged(&url).is_some_and(|(_, _, sees)| sees), "{url}");
    }
}

#[wasm_bindgen_test]
fn what_is_not_of_http_or_ignored_is_not_traced() {
    start();
    let own = web_sys::window().unwrap().origin();
    for url in [
        String::new(),
        "/api".to_owned(),
        "data:,x".to_owned(),
        format!("blob:{own}/1"),
        "ftp://host/".to_owned(),
        "http://".to_owned(),
        "http://host:port/".to_owned(),
        "null".to_owned(),
        format!("{own}/ignored/x"),
        format!("{own}/otlp/v1/traces"),
    ] {
        assert_eq!(target_of(&url).length(), 0, "{url}");
    }
    assert!(judged(&format!("{own}/not/ignored/")).is_some());
}

#[wasm_bindgen_test]
fn secrets_are_hidden() {
    start();
    for (url, shown) in [
        (
            "http://user:secret@host:81/a",
            "http://REDACTED:REDACTED@host:81/a",
        ),
        ("http://:secret@host/", "http://REDACTED:REDACTED@host/"),
        (
            "https://host/a?sig=abc&b=c&Signature=d#frag",
            "https://host/a?sig=REDACTED&b=c&Signature=REDACTED#frag",
        ),
        (
            "https://host/?q=love&q=hate&method=tfidf",
            "https://host/?q=REDACTED&q=REDACTED&method=tfidf",
        ),
        ("https://host/a?q=a?sig=b", "https://host/a?q=REDACTED"),
        ("https://host/a?q", "https://host/a?q"),
        ("https://host", "https://host/"),
        ("https://host/a#b?q=c", "https://host/a#b?q=c"),
        ("blob:https://host/?q=c", ""),
    ] {
        assert_eq!(redacted(url), shown, "{url}");
    }
}
