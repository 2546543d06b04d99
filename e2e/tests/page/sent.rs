//! Traces of other programs, sent to the collector of the stack as OTLP JSON.

use std::time::{SystemTime, UNIX_EPOCH};

use e2e::http_post_json;
use fantoccini::Locator;
use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use serde_json::{Value, json};

use crate::page::Page;

/// A span of a trace that is about to be sent.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) id: u64,
    /// 0 for a root.
    pub(crate) parent: u64,
    pub(crate) service: &'static str,
    pub(crate) name: String,
    /// As OTLP numbers kinds.
    pub(crate) kind: u8,
    /// Start and end in microseconds after the start of the trace.
    pub(crate) times_us: (u64, u64),
    pub(crate) error: Option<&'static str>,
    pub(crate) attributes: Vec<(String, String)>,
}

/// A span of the service `shop`.
pub(crate) fn span(id: u64, parent: u64, name: &str, from_us: u64, to_us: u64) -> Sent {
    Sent {
        id,
        parent,
        service: "shop",
        name: name.to_owned(),
        kind: 1,
        times_us: (from_us, to_us),
        error: None,
        attributes: Vec::new(),
    }
}

/// An order with a payment that is refused: two services, a call and its answer.
pub(crate) fn order() -> Vec<Sent> {
    let mut spans = vec![
        Sent {
            kind: 2,
            attributes: vec![
                ("http.request.method".into(), "POST".into()),
                ("http.route".into(), "/orders".into()),
                ("url.full".into(), "http://shop.invalid/orders".into()),
            ],
            ..span(1, 0, "POST /orders", 0, 40_000)
        },
        span(2, 1, "read_basket", 1_000, 6_000),
        Sent {
            kind: 3,
            ..span(3, 1, "POST", 8_000, 30_000)
        },
        Sent {
            kind: 2,
            service: "payments",
            error: Some("card declined"),
            ..span(4, 3, "POST /payments", 10_000, 28_000)
        },
    ];
    spans
        .extend((0..12).map(|n| span(10 + n, 1, "write_line", 31_000 + n * 500, 31_400 + n * 500)));
    spans
}

/// Now, in nanoseconds since the Unix epoch.
pub(crate) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_nanos()).unwrap()
}

/// A trace as OTLP JSON, beginning now; `number` makes its id.
pub(crate) fn otlp_json(number: u128, spans: &[Sent]) -> Value {
    since(number, spans, now_ns())
}

fn since(number: u128, spans: &[Sent], start_ns: u64) -> Value {
    let mut services: Vec<&str> = spans.iter().map(|span| span.service).collect();
    services.sort_unstable();
    services.dedup();
    let batches: Vec<Value> = services
        .into_iter()
        .map(|service| {
            let of_service = spans.iter().filter(|span| span.service == service);
            let spans: Vec<Value> = of_service
                .map(|span| span_json(number, span, start_ns))
                .collect();
            json!({
                "resource": { "attributes": [text_attribute("service.name", service)] },
                "scopeSpans": [{ "spans": spans }],
            })
        })
        .collect();
    json!({ "resourceSpans": batches })
}

/// Id of the trace of this number.
pub(crate) fn trace_id(number: u128) -> String {
    format!("{number:032x}")
}

fn span_json(number: u128, span: &Sent, start_ns: u64) -> Value {
    let time = |us: u64| (start_ns + us * 1_000).to_string();
    let attributes: Vec<Value> = span
        .attributes
        .iter()
        .map(|(key, value)| text_attribute(key, value))
        .collect();
    let mut json = json!({
        "traceId": trace_id(number),
        "spanId": format!("{:016x}", span.id),
        "name": span.name,
        "kind": span.kind,
        "startTimeUnixNano": time(span.times_us.0),
        "endTimeUnixNano": time(span.times_us.1),
        "attributes": attributes,
    });
    if span.parent > 0 {
        json["parentSpanId"] = json!(format!("{:016x}", span.parent));
    }
    if let Some(message) = span.error {
        json["status"] = json!({ "code": 2, "message": message });
    }
    json
}

fn text_attribute(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

impl Page {
    /// Sends a trace to the collector; returns its id.
    pub(crate) async fn send(&self, number: u128, spans: &[Sent]) -> String {
        for part in spans.chunks(2_000) {
            self.post("traces", &otlp_json(number, part)).await;
        }
        trace_id(number)
    }

    /// Sends so many traces of one span each, all in one request, numbered from 1.
    pub(crate) async fn send_at_once(&self, count: u128) {
        let traces = (1..=count).map(|number| otlp_json(number, &[span(1, 0, "tick", 0, 500)]));
        let batches: Vec<Value> = traces
            .map(|trace| trace["resourceSpans"][0].clone())
            .collect();
        self.post("traces", &json!({ "resourceSpans": batches }))
            .await;
    }

    /// Sends a trace of an hour ago; returns its id.
    pub(crate) async fn send_late(&self, number: u128, spans: &[Sent]) -> String {
        self.post(
            "traces",
            &since(number, spans, now_ns() - 3_600_000_000_000),
        )
        .await;
        trace_id(number)
    }

    /// Sends a log record of this text beside a span.
    pub(crate) async fn send_log(&self, number: u128, span: u64, text: &str) {
        let record = json!({
            "timeUnixNano": now_ns().to_string(),
            "severityNumber": 13,
            "body": { "stringValue": text },
            "traceId": trace_id(number),
            "spanId": format!("{span:016x}"),
        });
        let logs = json!({ "resourceLogs": [{ "scopeLogs": [{ "logRecords": [record] }] }] });
        self.post("logs", &logs).await;
    }

    async fn post(&self, signal: &str, body: &Value) {
        let collector = self.stack.collector.as_ref().unwrap().address("otlp-http");
        let url = format!("http://{collector}/v1/{signal}");
        let status = http_post_json(&url, body.to_string()).await;
        assert_eq!(status.unwrap(), 200);
    }

    /// Drops a file of this text onto the page.
    pub(crate) async fn drop_file(&self, name: &str, text: &str) {
        let script = format!(
            "const dropped = new DataTransfer();
             dropped.items.add(new File([{}], {name:?}));
             const target = document.querySelector('.traces');
             target.dispatchEvent(new DragEvent('drop', {{ dataTransfer: dropped, bubbles: true, cancelable: true }}));",
            json!(text)
        );
        self.browser.run(&script).await.unwrap();
    }

    /// Presses keys one after the other, wherever the focus is.
    pub(crate) async fn press(&self, keys: &[char]) {
        for &value in keys {
            let strokes = KeyActions::new("keyboard".to_owned())
                .then(KeyAction::Down { value })
                .then(KeyAction::Up { value });
            self.browser.client.perform_actions(strokes).await.unwrap();
        }
    }

    /// Drags the pointer over an element, from and to these shares of its width.
    pub(crate) async fn drag(&self, selector: &str, from: f64, to: f64) {
        let element = self.browser.client.find(Locator::Css(selector)).await;
        let (left, top, width, height) = element.unwrap().rectangle().await.unwrap();
        let move_to = |share: f64| PointerAction::MoveTo {
            duration: None,
            x: left + share * width,
            y: top + height / 2.0,
        };
        let button = MOUSE_BUTTON_LEFT;
        let drag = MouseActions::new("mouse".to_owned())
            .then(move_to(from))
            .then(PointerAction::Down { button })
            .then(move_to(to))
            .then(PointerAction::Up { button });
        self.browser.client.perform_actions(drag).await.unwrap();
    }
}
