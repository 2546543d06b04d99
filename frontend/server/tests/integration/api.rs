//! `/api`: one SERVER and one CLIENT span, the request and the answer as they are, and every way it can fail.

use insta::{allow_duplicates, assert_snapshot};
use opentelemetry::TraceId;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::support::Site;

const PARENT_SPAN: &str = "00f067aa0ba902b7";

fn parent(trace: &str) -> String {
    format!("00-{trace}-{PARENT_SPAN}-01")
}

#[tokio::test]
async fn a_request_reaches_the_backend_in_one_trace() {
    let site = Site::start().await;
    let trace = "1af7651916cd43dd8448eb211c80319c";
    let headers = [
        ("traceparent", &*parent(trace)),
        ("tracestate", "a@b@c=1"),
        ("x-own", "kept"),
    ];
    let answer = site
        .send("GET", "/api/search?q=love%20c%2B%2B&limit=3", &headers, b"")
        .await;
    assert_eq!((answer.status, answer.text()), (200, r#"{"answer":1}"#));
    assert_eq!(answer.header("content-type"), "application/json");

    let received = site.behind.receive().await;
    assert_eq!(received.target, "/search?q=love%20c%2B%2B&limit=3");
    assert_eq!(received.headers["x-own"], "kept");
    assert_eq!(
        received.headers["host"],
        site.behind.address.to_string().as_str()
    );
    let id = TraceId::from_hex(trace).unwrap();
    assert_snapshot!(site.recorder.render_when(id, 2).await, @r"
    GET /api/{*path} SERVER {http.request.method=GET, http.response.status_code=200, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/search, url.query=q=REDACTED&limit=3, url.scheme=http} (parent missing)
      GET CLIENT {http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.full=…}
    ");
    let tree = site.recorder.tree(id);
    let client = tree.span(1);
    assert_eq!(tree.span(0).parent_id.unwrap().to_string(), PARENT_SPAN);
    assert_eq!(
        received.headers["traceparent"],
        format!("00-{trace}-{}-01", client.span_id).as_str()
    );
    assert_eq!(received.headers["tracestate"], "a@b@c=1");
    let url = client.attribute("url.full").unwrap().to_string();
    assert_eq!(
        url,
        format!("http://{}/search?q=REDACTED&limit=3", site.behind.address)
    );
    assert!(tree.span(0).start_ns <= client.start_ns && client.end_ns <= tree.span(0).end_ns);
}

#[tokio::test]
async fn every_path_of_the_api_goes_the_same_way() {
    let site = Site::start().await;
    for path in [
        "/search/compare?q=love&methods=hybrid,tfidf",
        "/search/explain?q=love&id=austen-emma.txt",
        "/books/austen-emma.txt",
        "/books/austen-emma.txt/text?from=0&to=10&q=love",
        "/books/%3Cscript%3E%2F..%00",
    ] {
        let answer = site.get(&format!("/api{path}")).await;
        assert_eq!(site.behind.receive().await.target, path);
        let trace = site.trace(&answer, 2).await;
        let spans: Vec<&str> = trace
            .lines()
            .map(|line| line.split(" {").next().unwrap())
            .collect();
        assert_eq!(spans, ["GET /api/{*path} SERVER", "  GET CLIENT"], "{path}");
    }
}

#[tokio::test]
async fn headers_of_one_connection_stay_there() {
    let site = Site::start().await;
    let request = format!(
        "GET /api/hop HTTP/1.1\r\nhost: {}\r\nconnection: close, X-Private\r\nx-private: 1\r\nx-public: 2\r\n\
         te: trailers\r\nkeep-alive: 5\r\nproxy-authorization: secret\r\nupgrade: h2c\r\n\r\n",
        site.address
    );
    let answer = site.raw(request.as_bytes()).await;
    let received = site.behind.receive().await.headers;
    assert_eq!(received["x-public"], "2");
    for name in [
        "connection",
        "x-private",
        "te",
        "keep-alive",
        "proxy-authorization",
        "upgrade",
    ] {
        assert!(!received.contains_key(name), "{name}: {received:?}");
    }
    assert_eq!((answer.header("x-public"), answer.text()), ("2", "hopped"));
    for name in ["x-private", "keep-alive"] {
        assert!(!answer.headers.contains_key(name), "{name}");
    }
    assert_eq!(answer.headers.get_all("server-timing").iter().count(), 1);
    assert!(
        !answer.header("server-timing").contains("behind"),
        "the answer names this server's span"
    );
    assert!(!answer.header("traceresponse").contains("behind"));
}

#[tokio::test]
async fn every_unusable_parent_gives_exactly_one_fresh_trace() {
    let site = Site::start().await;
    let trace = "2af7651916cd43dd8448eb211c80319c";
    let valid = parent(trace);
    let zero_trace = parent(&"0".repeat(32));
    let zero_span = format!("00-{trace}-{}-01", "0".repeat(16));
    let version_ff = valid.replacen("00", "ff", 1);
    let upper = valid.to_uppercase();
    for headers in [
        &[][..],
        &[("traceparent", "garbage")],
        &[("traceparent", &*valid), ("traceparent", &*valid)],
        &[("traceparent", &*zero_trace)],
        &[("traceparent", &*zero_span)],
        &[("traceparent", &*version_ff)],
        &[("traceparent", &*upper)],
        &[("tracestate", "a=1")],
    ] {
        let answer = site.send("GET", "/api/books", headers, b"").await;
        let rendered = site.trace(&answer, 2).await;
        allow_duplicates! {
        assert_snapshot!(rendered, @r"
        GET /api/{*path} SERVER {http.request.method=GET, http.response.status_code=200, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/books, url.scheme=http}
          GET CLIENT {http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.full=…}
        ");
        }
        let received = site.behind.receive().await.headers;
        let parents: Vec<_> = received.get_all("traceparent").iter().collect();
        assert_eq!(parents.len(), 1, "{headers:?}");
        assert_eq!(
            parents[0].to_str().unwrap()[3..35],
            answer.trace_id().to_string()
        );
        assert!(!received.contains_key("tracestate"), "{headers:?}");
    }
    assert!(
        site.recorder
            .tree(TraceId::from_hex(trace).unwrap())
            .is_empty()
    );
}

#[tokio::test]
async fn a_future_version_is_continued_and_an_unsampled_trace_is_only_passed_on() {
    let site = Site::start().await;
    let future = "cc-3af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01-more";
    let answer = site
        .send("GET", "/api/books", &[("traceparent", future)], b"")
        .await;
    assert_eq!(
        answer.trace_id().to_string(),
        "3af7651916cd43dd8448eb211c80319c"
    );
    site.behind.receive().await;

    let unsampled = "00-4af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-00";
    let answer = site
        .send("GET", "/api/books", &[("traceparent", unsampled)], b"")
        .await;
    assert_eq!(answer.status, 200);
    let received = site.behind.receive().await.headers;
    let passed_on = received["traceparent"].to_str().unwrap();
    assert!(
        passed_on.starts_with("00-4af7651916cd43dd8448eb211c80319c-") && passed_on.ends_with("-00"),
        "{passed_on}"
    );
    assert_eq!(site.recorder.render(answer.trace_id()), "");
}

#[tokio::test]
async fn the_backends_errors_are_passed_on_and_seen_in_the_trace() {
    let site = Site::start().await;
    let missing = site.get("/api/missing").await;
    assert_eq!(missing.status, 404);
    assert_snapshot!(site.trace(&missing, 2).await, @r"
    GET /api/{*path} SERVER {http.request.method=GET, http.response.status_code=404, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/missing, url.scheme=http}
      GET CLIENT {error.type=404, http.request.method=GET, http.response.status_code=404, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.full=…} [error: Not Found]
    ");
    let broken = site.get("/api/broken").await;
    assert_eq!((broken.status, broken.text()), (500, "broken"));
    assert_snapshot!(site.trace(&broken, 2).await, @r"
    GET /api/{*path} SERVER {error.type=500, http.request.method=GET, http.response.status_code=500, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/broken, url.scheme=http} [error: Internal Server Error]
      GET CLIENT {error.type=500, http.request.method=GET, http.response.status_code=500, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.full=…} [error: Internal Server Error]
    ");
}

#[tokio::test]
async fn a_backend_that_is_away_is_a_502_with_the_trace() {
    let site = Site::alone().await;
    let answer = site.get("/api/search?q=love").await;
    assert_eq!(answer.problem(502), "The backend cannot be reached.");
    assert_snapshot!(site.trace(&answer, 2).await, @r"
    GET /api/{*path} SERVER {error.type=502, http.request.method=GET, http.response.status_code=502, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/search, url.query=q=REDACTED, url.scheme=http} [error: Bad Gateway]
      GET CLIENT {error.type=connect, http.request.method=GET, server.address=127.0.0.1, server.port=…, url.full=…} [error: cannot connect]
    ");
}

#[tokio::test]
async fn a_backend_that_is_too_slow_is_a_504_and_its_request_is_given_up() {
    let site = Site::start().await;
    let answer = site.get("/api/hang").await;
    assert_eq!(answer.problem(504), "The backend did not answer in time.");
    assert_snapshot!(site.trace(&answer, 2).await, @r"
    GET /api/{*path} SERVER {error.type=504, http.request.method=GET, http.response.status_code=504, http.route=/api/{*path}, network.protocol.version=1.1, server.address=127.0.0.1, server.port=…, url.path=/api/hang, url.scheme=http} [error: Gateway Timeout]
      GET CLIENT {error.type=timeout, http.request.method=GET, server.address=127.0.0.1, server.port=…, url.full=…} [error: no answer in time]
    ");
    site.behind.given_up().await;
}

#[tokio::test]
async fn a_body_that_stalls_is_cut_off_and_seen_in_the_trace() {
    let site = Site::start().await;
    let answer = site.get("/api/stalled").await;
    assert_eq!(answer.status, 200, "the head was already sent");
    let rendered = site.trace(&answer, 2).await;
    assert_eq!(rendered.matches("error.type=body").count(), 2, "{rendered}");
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_backends_request_and_both_spans() {
    let site = Site::start().await;
    let trace = "5af7651916cd43dd8448eb211c80319c";
    let mut stream = TcpStream::connect(site.address).await.unwrap();
    let request = format!(
        "GET /api/hang HTTP/1.1\r\nhost: x\r\ntraceparent: {}\r\n\r\n",
        parent(trace)
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    site.behind.receive().await;
    drop(stream);
    site.behind.given_up().await;
    assert_snapshot!(site.recorder.render_when(TraceId::from_hex(trace).unwrap(), 2).await, @r"
    GET /api/{*path} SERVER {cancelled=true, http.request.method=GET, http.route=/api/{*path}, network.protocol.version=1.1, server.address=x, server.port=…, url.path=/api/hang, url.scheme=http} (parent missing)
      GET CLIENT {cancelled=true, http.request.method=GET, server.address=127.0.0.1, server.port=…, url.full=…}
    ");
}

#[tokio::test]
async fn bodies_are_passed_on_within_a_limit() {
    let site = Site::start().await;
    let body = vec![b'x'; 64 * 1024];
    assert_eq!(site.send("POST", "/api/echo", &[], &body).await.status, 200);
    let received = site.behind.receive().await;
    assert_eq!(
        (received.method.as_str(), received.body.len()),
        ("POST", body.len())
    );

    let too_large = site
        .send("POST", "/api/echo", &[], &[b'x'; 64 * 1024 + 1])
        .await;
    assert_eq!(
        too_large.problem(413),
        "At most 65536 bytes are taken here."
    );
    let mut chunked = format!(
        "POST /api/echo HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
        site.address
    )
    .into_bytes();
    for _ in 0..17 {
        chunked.extend_from_slice(b"1000\r\n");
        chunked.extend_from_slice(&[b'x'; 0x1000]);
        chunked.extend_from_slice(b"\r\n");
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(
        site.raw(&chunked).await.status,
        413,
        "an unannounced length is limited as well"
    );
    assert!(site.behind.received().is_none(), "neither went further");
}

#[tokio::test]
async fn hostile_queries_pass_through_unchanged_and_break_nothing() {
    let site = Site::start().await;
    for query in [
        "q=%28",
        "q=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
        "q=%E6%84%9B",
        "q=%00%0D%0A",
        "q=%zz&&&=",
        "?/../",
    ] {
        let answer = site.get(&format!("/api/search?{query}")).await;
        assert_eq!(answer.status, 200, "{query}");
        assert_eq!(
            site.behind.receive().await.target,
            format!("/search?{query}")
        );
    }
    let long = format!("/api/search?q={}", "a".repeat(10_000));
    assert_eq!(site.get(&long).await.status, 200);
    assert_eq!(
        site.behind.receive().await.target.len(),
        long.len() - "/api".len()
    );
    assert_eq!(site.get("/api/").await.status, 200);
    assert_eq!(site.behind.receive().await.target, "/");
}
