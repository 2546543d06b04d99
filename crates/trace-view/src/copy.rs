//! A span in the forms in which it is used elsewhere, and the button that copies a text.

use boxed_view::{RwSignal, Signal, View, spawn, view};
use leptos::prelude::*;
use trace_model::Span;

/// The `traceparent` header that continues the trace below this span: W3C Trace Context, version 00.
pub(crate) fn traceparent(span: &Span) -> String {
    format!(
        "00-{}-{}-{:02x}",
        span.trace_id,
        span.span_id,
        span.flags & 0xff
    )
}

/// A command that sends the request of this span again, as part of its trace; nothing where the span tells no address.
pub(crate) fn curl(span: &Span) -> Option<String> {
    let url = span.attribute("url.full")?.to_string();
    let method = span
        .attribute("http.request.method")
        .map_or_else(|| "GET".to_owned(), ToString::to_string);
    Some(format!(
        "curl -X {} {} -H {}",
        quoted(&method),
        quoted(&url),
        quoted(&format!("traceparent: {}", traceparent(span)))
    ))
}

/// One word for a shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A button that copies what `text` gives, and says that it has.
#[component]
pub fn CopyButton(
    /// What it says otherwise.
    label: &'static str,
    /// What it copies.
    #[prop(into)]
    text: Signal<String>,
) -> View {
    let copied = RwSignal::new(false);
    let copy = move |_| {
        let writing = window()
            .navigator()
            .clipboard()
            .write_text(&text.get_untracked());
        spawn(async move {
            let written = wasm_bindgen_futures::JsFuture::from(writing).await;
            copied.try_set(written.is_ok());
        });
    };
    view! {
        <button type="button" on:click=copy>
            {move || if copied.get() { "Copied" } else { label }}
        </button>
    }
}

#[cfg(test)]
mod tests {
    use trace_model::{SpanId, TraceId, Value};

    use super::*;

    fn request(attributes: &[(&str, &str)]) -> Span {
        Span {
            trace_id: TraceId([0x0a; 16]),
            span_id: SpanId([0x0b; 8]),
            flags: 0x301,
            attributes: attributes
                .iter()
                .map(|&(key, value)| (key.to_owned(), Value::String(value.to_owned())))
                .collect(),
            ..Span::default()
        }
    }

    #[test]
    fn a_request_can_be_sent_again() {
        let header = "00-0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a-0b0b0b0b0b0b0b0b-01";
        let span = request(&[
            ("url.full", "http://shop/?q=love"),
            ("http.request.method", "PUT"),
        ]);
        assert_eq!(traceparent(&span), header);
        assert_eq!(
            curl(&span),
            Some(format!(
                "curl -X 'PUT' 'http://shop/?q=love' -H 'traceparent: {header}'"
            ))
        );
        assert_eq!(curl(&request(&[])), None);
    }

    #[test]
    fn a_shell_takes_hostile_text_as_text() {
        let span = request(&[("url.full", "http://x/'; rm -rf / #")]);
        let command = curl(&span).expect("it has an address");
        assert!(
            command.starts_with(r"curl -X 'GET' 'http://x/'\''; rm -rf / #' -H"),
            "{command}"
        );
    }
}
