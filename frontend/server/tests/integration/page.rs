//! The page, its assets, its configuration, and the headers on everything.

use std::io::Read;

use flate2::read::GzDecoder;
use insta::assert_snapshot;

use crate::support::{Behind, INDEX, SCRIPT, Site};

#[tokio::test]
async fn the_page_names_the_span_that_served_it() {
    let site = Site::start().await;
    for path in [
        "/",
        "/books",
        "/books/austen-emma.txt?from=10&to=20",
        "/books/%3Cscript%3E",
        "/compare?q=love",
        "/?q=love",
        "/index.html",
    ] {
        let answer = site.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, "text/html; charset=utf-8"),
            "{path}"
        );
        assert_eq!(answer.header("cache-control"), "no-cache");
        let parent = answer.header("traceresponse");
        let head = format!("<meta charset=utf-8><meta name=\"traceparent\" content=\"{parent}\">");
        if path == "/index.html" {
            assert_eq!(answer.text(), INDEX, "an untraced page is served as built");
        } else {
            assert_eq!(
                answer.text(),
                INDEX.replace("<meta charset=utf-8>", &head),
                "{path}"
            );
        }
    }
    assert_snapshot!(site.trace(&site.get("/?q=love").await, 1).await, @"GET / SERVER {http.request.method=GET, http.response.status_code=200, http.route=/, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/, url.query=q=REDACTED, url.scheme=http}");
    assert_snapshot!(site.trace(&site.get("/books").await, 1).await, @"GET /{*path} SERVER {http.request.method=GET, http.response.status_code=200, http.route=/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/books, url.scheme=http}");
    let emma = site.get("/books/austen-emma.txt?q=love").await;
    assert_snapshot!(site.trace(&emma, 1).await, @"GET /{*path} SERVER {http.request.method=GET, http.response.status_code=200, http.route=/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/books/austen-emma.txt, url.query=q=REDACTED, url.scheme=http}");
}

#[tokio::test]
async fn a_hashed_asset_is_kept_forever_and_sent_as_small_as_the_client_takes_it() {
    let site = Site::start().await;
    let get = async |accept: &str| {
        let headers: &[_] = &[("accept-encoding", accept)];
        site.send("GET", "/page-0123456789abcdef.js", headers, b"")
            .await
    };
    let plain = get("identity").await;
    assert_eq!((plain.status, plain.text()), (200, SCRIPT));
    assert_eq!(
        plain.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    assert_eq!(
        plain.header("content-type"),
        "text/javascript; charset=utf-8"
    );
    assert_eq!(plain.header("vary"), "accept-encoding");
    assert!(
        !plain.headers.contains_key("traceresponse"),
        "assets are not traced"
    );

    for accept in ["br", "gzip, deflate, br, zstd", "gzip;q=1.0, br;q=0.5", "*"] {
        let answer = get(accept).await;
        assert_eq!(answer.header("content-encoding"), "br", "{accept}");
        let mut text = Vec::new();
        brotli::BrotliDecompress(&mut &answer.body[..], &mut text).unwrap();
        assert_eq!(text, SCRIPT.as_bytes());
        assert_ne!(answer.header("etag"), plain.header("etag"));
    }
    for accept in ["gzip", "br;q=0, gzip", "GZIP", "br;q=garbage, gzip"] {
        let answer = get(accept).await;
        assert_eq!(answer.header("content-encoding"), "gzip", "{accept}");
        let mut text = String::new();
        GzDecoder::new(&answer.body[..])
            .read_to_string(&mut text)
            .unwrap();
        assert_eq!(text, SCRIPT);
    }
    for accept in ["", "zstd", "br;q=0", "*;q=0"] {
        assert_eq!(get(accept).await.header("content-encoding"), "", "{accept}");
    }
}

#[tokio::test]
async fn assets_have_their_types_and_unhashed_ones_are_asked_for_again() {
    let site = Site::start().await;
    let wasm = site.get("/program-0123456789abcdef/page_bg.wasm").await;
    assert_eq!(
        (wasm.header("content-type"), &wasm.body[..]),
        ("application/wasm", &b"\0asm"[..])
    );
    let forever = "public, max-age=31536000, immutable";
    assert_eq!(wasm.header("cache-control"), forever);
    let nested = site.get("/snippets/inline0.js").await;
    assert_eq!(
        (nested.status, nested.header("cache-control")),
        (200, "no-cache")
    );

    let robots = site.get("/robots.txt").await;
    assert_eq!(
        (
            robots.header("cache-control"),
            robots.header("content-type")
        ),
        ("no-cache", "text/plain; charset=utf-8")
    );
    let etag = robots.header("etag");
    let weak = format!("\"other\", W/{etag}");
    for known in [etag, &weak, "*"] {
        let again = site
            .send("GET", "/robots.txt", &[("if-none-match", known)], b"")
            .await;
        assert_eq!(
            (again.status, again.header("etag"), again.body.len()),
            (304, etag, 0)
        );
    }
    let changed = site
        .send("GET", "/robots.txt", &[("if-none-match", "\"other\"")], b"")
        .await;
    assert_eq!(changed.status, 200);
    let head = site.send("HEAD", "/robots.txt", &[], b"").await;
    assert_eq!(
        (head.status, head.header("content-length"), head.body.len()),
        (200, "14", 0)
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_the_page() {
    let site = Site::start().await;
    for path in [
        "/missing.js",
        "/page-0123456789abcdef.js.br",
        "/index.html.gz",
        "/../Cargo.toml",
        "/..%2f..%2fetc%2fpasswd.txt",
        "/snippets/../../Cargo.toml",
        "/api",
        "/otlp",
        "/otlp/v1/profiles",
        "/telemetry",
    ] {
        assert_eq!(
            site.get(path).await.problem(404),
            "Nothing is served at this address.",
            "{path}"
        );
    }
    assert_eq!(site.send("POST", "/", &[], b"").await.status, 405);
    assert!(site.behind.received().is_none(), "nothing went further");
}

#[tokio::test]
async fn every_response_carries_the_security_headers() {
    let site = Site::start().await;
    let policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
                  connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; \
                  frame-ancestors 'none'";
    let targets = [
        "/",
        "/missing.js",
        "/robots.txt",
        "/config.json",
        "/livez",
        "/api/hop",
        "/api/broken",
        "/telemetry/x",
        "/otlp/v1/traces",
    ];
    for target in targets {
        let answer = site.get(target).await;
        let values = |name: &str| answer.headers.get_all(name).iter().collect::<Vec<_>>();
        for (name, value) in [
            ("content-security-policy", policy),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-embedder-policy", "require-corp"),
            ("cross-origin-resource-policy", "same-origin"),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(values(name), [value], "{target} {name}");
        }
        assert!(answer.header("permissions-policy").contains("camera=()"));
    }
}

#[tokio::test]
async fn the_page_learns_what_it_may_do() {
    let full = [
        "--telemetry-url",
        "http://127.0.0.1:4319",
        "--trace-link",
        "http://localhost:16686/trace/{trace_id}",
        "--capture-query",
        "raw",
    ];
    let site = Site::before(Behind::start().await, &full).await;
    let answer = site.get("/config.json").await;
    assert_eq!(
        (
            answer.header("content-type"),
            answer.header("cache-control")
        ),
        ("application/json", "no-cache")
    );
    assert_snapshot!(answer.text(), @r#"{"capture_query":"raw","sampling_ratio":1.0,"trace_link":"http://localhost:16686/trace/{trace_id}","trace_panel":true,"events":true}"#);
    let page = site.get("/?q=love").await;
    assert!(
        site.trace(&page, 1).await.contains("url.query=q=love"),
        "a raw query may be recorded"
    );

    let bare = Site::before(Behind::start().await, &["--telemetry-url", ""]).await;
    assert_snapshot!(bare.get("/config.json").await.text(), @r#"{"capture_query":"hash","sampling_ratio":1.0,"trace_link":"","trace_panel":false,"events":true}"#);
    assert_eq!(bare.get("/livez").await.text(), "alive\n");
}
