//! The SERVER span of a request: its name, attributes, parent, links, status and end.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use http::{Method, Request, Response};
use http_body_util::BodyExt;
use insta::assert_snapshot;
use opentelemetry::trace::{SpanContext, TraceFlags, TraceState};
use telemetry::http::ServerLayer;
use telemetry::testing::record;
use telemetry::{KeyValue, in_span};
use tower::{Layer, ServiceExt, service_fn};

use crate::support::{Body, ok, request, trace_of};

const PARENT: &str = "-00f067aa0ba902b7-01";

/// The route as the tests' "router" finds it.
#[derive(Clone)]
struct Route(&'static str);

fn layer() -> ServerLayer {
    ServerLayer::new()
        .route(|extensions| extensions.get::<Route>().map(|route| route.0.to_owned()))
        .skip(|path| path == "/livez")
        .redact_query(&["q"])
}

async fn answer(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    in_span("handler", |_| ());
    match request.uri().path() {
        "/panic" => panic!("secret detail"),
        "/missing" => ok(404, "not here"),
        "/broken" => ok(503, "broken"),
        _ => ok(200, "fine"),
    }
}

/// What is recorded of one request, whose whole response is read.
async fn recorded(request: Request<Body>) -> String {
    let recorder = record();
    let response = layer()
        .layer(service_fn(answer))
        .oneshot(request)
        .await
        .unwrap();
    recorder.render(trace_of(response).await)
}

#[tokio::test]
async fn a_request_is_named_by_its_route_and_described() {
    let agent = ("user-agent", "test/1");
    let mut routed = request(
        "/books/emma?q=love&limit=3&token=t",
        &[("host", "shop.example:8080"), agent],
    );
    routed.extensions_mut().insert(Route("/books/{id}"));
    assert_snapshot!(recorded(routed).await, @r"
    GET /books/{id} SERVER {http.request.method=GET, http.response.status_code=200, http.route=/books/{id}, network.protocol.version=1.1, server.address=shop.example, server.port=…, url.path=/books/emma, url.query=q=REDACTED&limit=3&token=REDACTED, url.scheme=http, user_agent.original=test/1}
      handler INTERNAL
    ");
}

#[tokio::test]
async fn an_unknown_method_and_route_stay_of_low_cardinality() {
    let mut odd = request("/x", &[]);
    *odd.method_mut() = Method::from_bytes(b"BREW").unwrap();
    assert_snapshot!(recorded(odd).await, @r"
    HTTP SERVER {http.request.method=_OTHER, http.request.method_original=BREW, http.response.status_code=200, network.protocol.version=1.1, url.path=/x, url.scheme=http}
      handler INTERNAL
    ");
}

#[tokio::test]
async fn only_a_status_from_500_is_the_servers_error() {
    assert_snapshot!(recorded(request("/missing", &[])).await, @r"
    GET SERVER {http.request.method=GET, http.response.status_code=404, network.protocol.version=1.1, url.path=/missing, url.scheme=http}
      handler INTERNAL
    ");
    assert_snapshot!(recorded(request("/broken", &[])).await, @r"
    GET SERVER {error.type=503, http.request.method=GET, http.response.status_code=503, network.protocol.version=1.1, url.path=/broken, url.scheme=http} [error: Service Unavailable]
      handler INTERNAL
    ");
}

#[tokio::test]
async fn a_panic_is_answered_without_its_details() {
    let recorder = record();
    let response = layer()
        .layer(service_fn(answer))
        .oneshot(request("/panic", &[]))
        .await
        .unwrap();
    assert_eq!(response.status(), 500);
    assert_eq!(
        response.headers()["content-type"],
        "application/problem+json"
    );
    let trace = response.headers()["traceresponse"].to_str().unwrap()[3..35].to_owned();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let expected = format!(
        r#"{{"title":"Internal error","status":500,"detail":"The request could not be handled.","trace_id":"{trace}"}}"#
    );
    assert_eq!(body, expected);
    let trace = opentelemetry::TraceId::from_hex(&trace).unwrap();
    assert_snapshot!(recorder.render(trace), @r"
    GET SERVER {error.type=panic, http.request.method=GET, http.response.status_code=500, network.protocol.version=1.1, url.path=/panic, url.scheme=http} [error: the request handler panicked]
      handler INTERNAL
    ");
}

#[tokio::test]
async fn a_callers_trace_is_continued_with_its_state_and_flags() {
    let trace = "5af7651916cd43dd8448eb211c80319c";
    let parent = format!("00-{trace}{PARENT}");
    let seen = Arc::new(OnceLock::new());
    let recorder = record();
    let inner = {
        let seen = Arc::clone(&seen);
        service_fn(move |_: Request<Body>| {
            let mut headers = http::HeaderMap::new();
            telemetry::propagation::inject(&telemetry::Context::current(), &mut headers);
            seen.set(headers).expect("called once");
            std::future::ready(ok(200, ""))
        })
    };
    let traced = request(
        "/",
        &[
            ("traceparent", &parent),
            ("tracestate", "a@b@c=1"),
            ("tracestate", "d=2"),
        ],
    );
    let response = layer().layer(inner).oneshot(traced).await.unwrap();
    let own = response.headers()["traceresponse"]
        .to_str()
        .unwrap()
        .to_owned();
    let timing = response.headers()["server-timing"].to_str().unwrap();
    let (trace_metric, clock) = timing.split_once(", ").unwrap();
    assert_eq!(trace_metric, format!("trace;desc=\"{own}\""));
    let clock = clock
        .strip_prefix("clock;desc=\"")
        .and_then(|clock| clock.strip_suffix('"'));
    let clock_ms: f64 = clock.unwrap().parse().unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let age_ms = now.unwrap().as_secs_f64() * 1000.0 - clock_ms;
    assert!((-1.0..60_000.0).contains(&age_ms), "{clock_ms}");
    assert!(
        own.starts_with(&format!("00-{trace}-")) && own.ends_with("-01"),
        "{own}"
    );
    assert_ne!(own, parent, "the response names the server's span");
    assert_eq!(seen.get().unwrap()["traceparent"], own);
    assert_eq!(seen.get().unwrap()["tracestate"], "a@b@c=1,d=2");
    let id = trace_of(response).await;
    let tree = recorder.tree(id);
    assert_eq!(tree.len(), 1);
    assert_eq!(
        tree.span(0).parent_id.unwrap().to_string(),
        "00f067aa0ba902b7"
    );
}

#[tokio::test]
async fn every_unusable_parent_gives_exactly_one_fresh_trace() {
    let valid = format!("00-6af7651916cd43dd8448eb211c80319c{PARENT}");
    let zero = format!("00-00000000000000000000000000000000{PARENT}");
    let forbidden = format!("ff-6af7651916cd43dd8448eb211c80319c{PARENT}");
    let cases: [&[(&str, &str)]; 6] = [
        &[],
        &[("traceparent", "garbage")],
        &[("traceparent", &valid), ("traceparent", &valid)],
        &[("traceparent", &zero)],
        &[("traceparent", &forbidden)],
        &[("tracestate", "a=1")],
    ];
    for headers in cases {
        let rendered = recorded(request("/fresh", headers)).await;
        let expected = "GET SERVER {http.request.method=GET, http.response.status_code=200, \
                        network.protocol.version=1.1, url.path=/fresh, url.scheme=http}\n  handler INTERNAL\n";
        assert_eq!(rendered, expected, "{headers:?}");
    }
    let servers = record().spans(|span| {
        span.attributes
            .iter()
            .any(|attribute| attribute.value.as_str() == "/fresh")
    });
    assert_eq!(servers.len(), cases.len(), "one span for each request");
    let strangers = record()
        .tree(opentelemetry::TraceId::from_hex("6af7651916cd43dd8448eb211c80319c").unwrap());
    assert!(
        strangers.is_empty(),
        "an unusable parent's trace is not touched"
    );
}

#[tokio::test]
async fn a_future_version_is_continued() {
    let parent = format!("cc-7af7651916cd43dd8448eb211c80319c{PARENT}-more");
    let rendered = recorded(request("/", &[("traceparent", &parent)])).await;
    assert!(rendered.contains("(parent missing)"), "{rendered}");
}

#[tokio::test]
async fn an_unsampled_trace_is_passed_on_and_not_recorded() {
    let recorder = record();
    let parent = "00-8af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-02";
    let service = layer().layer(service_fn(answer));
    let response = service
        .oneshot(request("/", &[("traceparent", parent)]))
        .await
        .unwrap();
    let own = response.headers()["traceresponse"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        own.starts_with("00-8af7651916cd43dd8448eb211c80319c-"),
        "{own}"
    );
    assert!(
        own.ends_with("-02"),
        "neither sampled nor less random: {own}"
    );
    assert_eq!(recorder.render(trace_of(response).await), "");
}

#[tokio::test]
async fn a_skipped_path_is_neither_traced_nor_named() {
    let response = layer()
        .layer(service_fn(answer))
        .oneshot(request("/livez", &[]))
        .await
        .unwrap();
    assert!(!response.headers().contains_key("traceresponse"));
    assert!(!response.headers().contains_key("server-timing"));
}

#[tokio::test]
async fn links_and_attributes_are_added_once_they_are_known() {
    let recorder = record();
    let start_up = Arc::new(OnceLock::new());
    let version = Arc::new(OnceLock::new());
    let service = layer()
        .link(Arc::clone(&start_up))
        .attribute({
            let version = Arc::clone(&version);
            move || Some(KeyValue::new("app.index.version", *version.get()?))
        })
        .layer(service_fn(answer));
    let before = service.clone().oneshot(request("/", &[])).await.unwrap();
    assert_snapshot!(recorder.render(trace_of(before).await), @r"
    GET SERVER {http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, url.path=/, url.scheme=http}
      handler INTERNAL
    ");
    let target = SpanContext::new(
        1.into(),
        2.into(),
        TraceFlags::SAMPLED,
        false,
        TraceState::NONE,
    );
    start_up.set(target).unwrap();
    version.set("v1").unwrap();
    let after = service.oneshot(request("/", &[])).await.unwrap();
    assert_snapshot!(recorder.render(trace_of(after).await), @r"
    GET SERVER {app.index.version=v1, http.request.method=GET, http.response.status_code=200, network.protocol.version=1.1, url.path=/, url.scheme=http} links=1
      handler INTERNAL
    ");
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_span_at_once() {
    let recorder = record();
    let waiting =
        service_fn(|_: Request<Body>| std::future::pending::<Result<Response<Body>, Infallible>>());
    let left = request("/left", &[]);
    let future = layer().layer(waiting).oneshot(left);
    tokio::select! {
        biased;
        _ = future => unreachable!("the service never answers"),
        () = std::future::ready(()) => (),
    }
    let spans = recorder.spans(|span| {
        span.attributes
            .iter()
            .any(|attribute| attribute.value.as_str() == "/left")
    });
    let [span] = &spans[..] else {
        panic!("{spans:?}")
    };
    assert!(span.attributes.contains(&KeyValue::new("cancelled", true)));
    assert_eq!(span.status, opentelemetry::trace::Status::Unset);
}

#[tokio::test]
async fn hostile_text_is_cut_and_a_hostile_host_is_left_out() {
    let long = "x".repeat(5_000);
    let hostile = request(
        &format!("/{long}?{long}"),
        &[("host", "a b"), ("user-agent", &long)],
    );
    let rendered = recorded(hostile).await;
    assert!(!rendered.contains("server.address"), "{rendered}");
    assert_eq!(
        rendered.matches('x').count(),
        3 * 1024 - 1,
        "path, query and agent, each cut"
    );
}
