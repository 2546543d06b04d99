//! Hears of traces as they arrive: server-sent events of the collector.

use boxed_view::{RwSignal, spawn};
use trace_model::Summary;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use crate::address::with_parameters;
use crate::trace_list::{Filter, LIST_MAX};

/// What is heard.
pub(crate) enum News {
    /// The collector answers; what it holds has been told.
    Ready,
    /// A trace is new or has changed.
    Trace(Summary),
    /// So many changes could not be told in time.
    Missed(u64),
    /// The collector does not answer. The browser tries again by itself unless the connection was refused.
    Silent {
        /// Whether it was.
        refused: bool,
    },
}

/// A connection, until it is dropped.
pub(crate) struct Live {
    source: EventSource,
    _heard: Vec<Closure<dyn Fn(MessageEvent)>>,
}

impl Live {
    /// Listens for the traces that pass the filter; nothing in a browser that cannot.
    pub(crate) fn open(filter: &Filter, hear: impl Fn(News) + Copy + 'static) -> Option<Live> {
        let mut parameters = filter.parameters();
        parameters.push(("limit", (LIST_MAX / 2).to_string()));
        let source =
            EventSource::new(&with_parameters("/telemetry/api/x/live", &parameters)).ok()?;
        let of_error = source.clone();
        let is_refused = move || of_error.ready_state() == EventSource::CLOSED;
        let heard = vec![
            on(&source, "ready", move |_| hear(News::Ready)),
            on(&source, "error", move |_| {
                hear(News::Silent {
                    refused: is_refused(),
                });
            }),
            on(&source, "missed", move |data| {
                let count = data.get("count").and_then(serde_json::Value::as_u64);
                hear(News::Missed(count.unwrap_or(0)));
            }),
            on(&source, "trace", move |data| {
                // A collector of another version may say what this page cannot read; other traces it can.
                if let Ok(summary) = Summary::from_json(&data) {
                    hear(News::Trace(summary));
                }
            }),
        ];
        Some(Live {
            source,
            _heard: heard,
        })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.source.close();
    }
}

fn on(
    source: &EventSource,
    event: &str,
    hear: impl Fn(serde_json::Value) + 'static,
) -> Closure<dyn Fn(MessageEvent)> {
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data().as_string().unwrap_or_default();
        hear(serde_json::from_str(&data).unwrap_or_default());
    });
    // A source always takes listeners.
    let _ = source.add_event_listener_with_callback(event, heard.as_ref().unchecked_ref());
    heard
}

/// The time of day, as the reader writes it.
pub(crate) fn time_of_day() -> String {
    js_sys::Date::new_0()
        .to_locale_time_string("default")
        .into()
}

/// Now, in nanoseconds since the Unix epoch.
pub(crate) fn now_ns() -> u64 {
    (js_sys::Date::now() * 1e6) as u64
}

/// A signal of the time that moves on every second, as long as its owner lives.
pub(crate) fn clock() -> RwSignal<u64> {
    let now = RwSignal::new(now_ns());
    spawn(async move {
        while now.try_set(now_ns()) {
            crate::frame::pause(1_000).await;
        }
    });
    now
}
