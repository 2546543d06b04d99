//! Spans from their first to their last moment, through the OpenTelemetry API and this crate's own, on a host without a
//! browser. What was exported is decoded with the generated OTLP types.
#![allow(
    clippy::unwrap_used,
    reason = "functions that tests share count as tests"
)]

mod bounds;
mod calls;
mod contents;
mod endings;
#[cfg(feature = "logs")]
mod events;
mod reentrance;
#[cfg(feature = "sdk")]
mod sdk;
#[cfg(feature = "server_timing")]
mod servers;
#[cfg(feature = "session")]
mod sessions;
mod timings;

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll, Waker};

use opentelemetry::trace::{
    Span as _, Status, TraceContextExt, TraceState, Tracer, TracerProvider,
};
use opentelemetry::{KeyValue, SpanId, TraceId};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;

use super::timing::Timing;
use super::*;
use crate::export::Export;
use crate::http::{ClientCall, Target};
use crate::{
    BrowserTracerProvider, CANCELLED, PAGE_UNLOADED, event, fail, in_new_trace, in_span,
    in_span_async,
};

const TIME_ORIGIN_MS: f64 = 1_700_000_000_000.0;

/// A host whose time stands still unless moved, and which keeps what it shall send.
#[derive(Default)]
struct Bench {
    performance_ms: Cell<f64>,
    sent: RefCell<Vec<Export>>,
    observes_fetches: Cell<bool>,
    /// What [`Host::take_timings`] tells.
    timings: RefCell<Vec<(&'static str, Timing)>>,
    /// What the page does when it is called, if it comes back.
    comes_back: Cell<Option<fn()>>,
    /// What was kept beyond the page, and whether it was under way.
    kept: RefCell<Vec<(u64, bool)>>,
    /// What the tab keeps.
    session: RefCell<Option<(String, f64)>>,
}

impl Host for Rc<Bench> {
    fn performance_ms(&self) -> f64 {
        self.come_back();
        self.performance_ms.get()
    }

    fn date_ms(&self) -> f64 {
        self.come_back();
        (TIME_ORIGIN_MS + self.performance_ms.get()).floor()
    }

    fn start_timer(&self, _delay_ms: u32) {
        self.come_back();
    }

    #[cfg(feature = "spill")]
    fn keep(&self, export: &Export, is_under_way: bool) -> bool {
        self.come_back();
        self.kept.borrow_mut().push((export.id, is_under_way));
        true
    }

    #[cfg(feature = "spill")]
    fn answered(&self, _id: u64, _outcome: &Outcome) {
        self.come_back();
    }

    fn send(&self, export: &Export) {
        self.come_back();
        self.sent.borrow_mut().push(export.clone());
    }

    fn observes_fetches(&self) -> bool {
        self.come_back();
        self.observes_fetches.get()
    }

    #[cfg(feature = "session")]
    fn load_session(&self) -> Option<(String, f64)> {
        self.session.borrow().clone()
    }

    #[cfg(feature = "session")]
    fn store_session(&self, id: &str, active_ms: f64) {
        self.come_back();
        self.session.replace(Some((id.to_owned(), active_ms)));
    }

    fn take_timings(&self) {
        self.come_back();
        for (url, timing) in self.timings.take() {
            pipeline().on_timing(url, timing);
        }
    }
}

impl Bench {
    fn pass_ms(&self, ms: f64) {
        self.performance_ms.set(self.performance_ms.get() + ms);
    }

    /// Calls the page, which calls the pipeline, which does not call the page again for it.
    fn come_back(&self) {
        if let Some(page) = self.comes_back.take() {
            page();
            self.comes_back.set(Some(page));
        }
    }

    /// Everything that has ended, in the order in which it ended, without the session.
    fn exported(&self) -> Vec<Span> {
        let mut spans = self.exported_with_session();
        for span in &mut spans {
            span.attributes
                .retain(|attribute| attribute.key != "session.id");
        }
        spans
    }

    fn exported_with_session(&self) -> Vec<Span> {
        pipeline().flush();
        let requests = self.sent.borrow();
        let requests = requests
            .iter()
            .filter(|export| export.signal == Signal::Spans)
            .map(|export| ExportTraceServiceRequest::decode(export.body.as_slice()).unwrap());
        let resources = requests.flat_map(|request| request.resource_spans);
        resources
            .flat_map(|resource| resource.scope_spans)
            .flat_map(|scope| scope.spans)
            .collect()
    }

    /// The only span that has ended.
    fn exported_one(&self) -> Span {
        let mut spans = self.exported();
        assert_eq!(spans.len(), 1, "{spans:?}");
        spans.remove(0)
    }
}

/// Runs a test in a thread, and so in a page, of its own.
fn in_page(sampling_ratio: f64, test: impl FnOnce(&Bench) + Send + 'static) {
    in_page_within(sampling_ratio, Limits::DEFAULT, test);
}

fn in_page_within(sampling_ratio: f64, limits: Limits, test: impl FnOnce(&Bench) + Send + 'static) {
    let set = move |parts: &mut Parts| {
        parts.sampling_ratio = sampling_ratio;
        parts.limits = limits;
    };
    in_page_of(set, test);
}

fn in_page_of(
    set: impl FnOnce(&mut Parts) + Send + 'static,
    test: impl FnOnce(&Bench) + Send + 'static,
) {
    let run = move || {
        let bench = Rc::new(Bench::default());
        let mut parts = Parts {
            host: Box::new(Rc::clone(&bench)),
            time_origin_ms: TIME_ORIGIN_MS,
            seed: [5; SEED_WORDS],
            sampling_ratio: 1.0,
            #[cfg(feature = "session")]
            samples_sessions: false,
            #[cfg(feature = "logs")]
            records_events: true,
            limits: Limits::DEFAULT,
            resource: Vec::new(),
        };
        set(&mut parts);
        install(parts);
        test(&bench);
    };
    if let Err(panic) = std::thread::spawn(run).join() {
        std::panic::resume_unwind(panic);
    }
}

fn pipeline() -> &'static Pipeline {
    current().unwrap()
}

/// What the browser says of a URL of the page's own server.
fn own(url: &str) -> Target {
    Target {
        url: url.to_owned(),
        shown: format!("{url} as shown"),
        host: "own".to_owned(),
        port: 8080,
        sees_trace: true,
    }
}

/// Runs a future that never has to wait.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future waits"),
    }
}

fn attribute(span: &Span, key: &str) -> Option<any_value::Value> {
    let attribute = span
        .attributes
        .iter()
        .find(|attribute| attribute.key == key)?;
    attribute.value.clone()?.value
}

fn is_marked(span: &Span, key: &str) -> bool {
    attribute(span, key) == Some(any_value::Value::BoolValue(true))
}

#[test]
fn spans_make_a_tree_with_times() {
    in_page(1.0, |bench| {
        now(in_new_trace("root", async |_| {
            bench.pass_ms(1.5);
            in_span_async("child", async |cx| {
                in_span("grandchild", |_| bench.pass_ms(0.25));
                event(&cx, "happened", vec![KeyValue::new("k", 1)]);
            })
            .await;
        }));
        let [grandchild, child, root] = bench.exported().try_into().unwrap();
        assert_eq!(
            [root.name.as_str(), &child.name, &grandchild.name],
            ["root", "child", "grandchild"]
        );
        assert!(root.parent_span_id.is_empty());
        assert_eq!(child.parent_span_id, root.span_id);
        assert_eq!(grandchild.parent_span_id, child.span_id);
        assert!(grandchild.trace_id == root.trace_id && child.trace_id == root.trace_id);
        let origin_ns = 1_700_000_000_000_000_000;
        assert_eq!(
            (root.start_time_unix_nano, root.end_time_unix_nano),
            (origin_ns, origin_ns + 1_750_000)
        );
        assert_eq!(
            (child.start_time_unix_nano, child.end_time_unix_nano),
            (origin_ns + 1_500_000, origin_ns + 1_750_000)
        );
        assert_eq!(
            (
                child.events[0].name.as_str(),
                child.events[0].time_unix_nano
            ),
            ("happened", origin_ns + 1_750_000)
        );
        assert_eq!((root.kind, root.flags), (1, 0x103));
    });
}

#[test]
fn a_new_trace_leaves_the_old_one() {
    in_page(1.0, |bench| {
        in_span("outer", |_| now(in_new_trace("inner", async |_| {})));
        let [inner, outer] = bench.exported().try_into().unwrap();
        assert_ne!(inner.trace_id, outer.trace_id);
        assert!(inner.parent_span_id.is_empty());
    });
}

fn text(value: Option<any_value::Value>) -> String {
    match value {
        Some(any_value::Value::StringValue(text)) => text,
        Some(any_value::Value::BoolValue(value)) => value.to_string(),
        Some(any_value::Value::IntValue(value)) => value.to_string(),
        Some(any_value::Value::DoubleValue(value)) => value.to_string(),
        Some(any_value::Value::ArrayValue(array)) => {
            let items: Vec<String> = array
                .values
                .into_iter()
                .map(|item| text(item.value))
                .collect();
            format!("[{}]", items.join(", "))
        }
        other => panic!("unexpected {other:?}"),
    }
}

#[test]
fn a_remote_parent_is_continued() {
    in_page(0.0, |bench| {
        let state = TraceState::from_key_value([("vendor", "1")]).unwrap();
        let (trace_id, span_id) = (TraceId::from_bytes([1; 16]), SpanId::from_bytes([2; 8]));
        let remote = SpanContext::new(trace_id, span_id, TraceFlags::new(0x03), true, state);
        let cx = Context::new().with_remote_span_context(remote);
        let tracer = BrowserTracerProvider::default().tracer("tests");
        drop(tracer.start_with_context("child", &cx));
        let span = bench.exported_one();
        assert_eq!(
            (span.trace_id.as_slice(), span.parent_span_id.as_slice()),
            ([1; 16].as_slice(), [2; 8].as_slice())
        );
        assert_eq!(span.trace_state, "vendor=1");
        assert_eq!(
            span.flags, 0x303,
            "sampled, random, and the parent is remote"
        );
    });
}

#[test]
fn a_trace_that_is_not_sampled_is_not_recorded_but_propagated() {
    in_page(0.0, |bench| {
        now(in_new_trace("root", async |cx| {
            assert!(!cx.span().is_recording());
            let call = ClientCall::start(pipeline(), "GET", own("http://own/")).unwrap();
            let traceparent = call.headers().unwrap().traceparent.clone();
            assert!(
                traceparent.starts_with(&format!("00-{}-", cx.span().span_context().trace_id())),
                "{traceparent}"
            );
            assert!(traceparent.ends_with("-02"), "{traceparent}");
            call.answered(200, "http://own/");
        }));
        assert!(bench.exported().is_empty());
        assert_eq!(pipeline().stats(), Stats::default());
    });
}

#[test]
fn a_ratio_that_comes_later_counts_from_then_on() {
    in_page(0.0, |bench| {
        in_span("before", |_| pipeline().set_sampling_ratio(1.0));
        in_span("after", |cx| {
            assert!(cx.span().is_recording());
            pipeline().set_sampling_ratio(0.0);
            in_span("its child", |cx| assert!(cx.span().is_recording()));
        });
        assert_eq!(bench.exported().len(), 2);
    });
}

#[test]
fn suppressed_work_makes_no_span() {
    in_page(1.0, |bench| {
        let _suppressed = Context::enter_telemetry_suppressed_scope();
        in_span("suppressed", |cx| {
            assert!(!cx.span().span_context().is_valid())
        });
        now(in_new_trace("suppressed root", async |_| {}));
        assert!(ClientCall::start(pipeline(), "GET", own("http://own/")).is_none());
        assert!(bench.exported().is_empty());
    });
}

#[test]
fn without_a_pipeline_everything_is_quiet() {
    let answer = in_span("nowhere", |cx| {
        fail(cx, "type", "message");
        event(cx, "event", Vec::new());
        now(in_new_trace("nowhere either", async |_| 42))
    });
    assert_eq!(answer, 42);
}
