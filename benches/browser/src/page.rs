//! A page that asks its server for a greeting and shows it, for `cargo xtask bench wasm-size`: how much of it is the
//! tracing, by feature.

#[cfg(target_arch = "wasm32")]
mod greeting {
    use wasm_bindgen::{JsCast, JsValue};
    use wasm_bindgen_futures::JsFuture;

    pub(crate) async fn show() -> Result<(), JsValue> {
        let window = web_sys::window().ok_or("no window")?;
        let answer = JsFuture::from(window.fetch_with_str("/greeting")).await?;
        let text = JsFuture::from(answer.dyn_into::<web_sys::Response>()?.text()?).await?;
        let body = window.document().and_then(|document| document.body());
        body.ok_or("no body")?
            .set_text_content(text.as_string().as_deref());
        Ok(())
    }
}

#[cfg(all(target_arch = "wasm32", feature = "core"))]
mod tracing {
    use opentelemetry::KeyValue;
    use opentelemetry::trace::TraceContextExt;
    use opentelemetry_browser::{Config, fail, in_new_trace, in_span_async, init, spawn};

    pub(crate) fn start() {
        let config = Config::new("page").service_version("1.0.0");
        #[cfg(feature = "load")]
        let config = config.patch_fetch(true);
        #[cfg(feature = "everything")]
        let config = config
            .gzip(true)
            .offline_spill(1_000_000)
            .sample_sessions(true)
            .console_errors(true);
        init(config);
        spawn(in_new_trace("greet", async |cx| {
            cx.span()
                .set_attribute(KeyValue::new("greeting.language", "en"));
            let shown = in_span_async("show", async |_| crate::greeting::show().await);
            if shown.await.is_err() {
                fail(&cx, "no_greeting", "the greeting cannot be shown");
            }
        }));
    }
}

#[cfg(all(target_arch = "wasm32", feature = "core"))]
fn main() {
    #[cfg(feature = "everything")]
    opentelemetry_browser::app_mount(|_| tracing::start());
    #[cfg(not(feature = "everything"))]
    tracing::start();
}

#[cfg(all(target_arch = "wasm32", not(feature = "core")))]
fn main() {
    wasm_bindgen_futures::spawn_local(async {
        let _ = greeting::show().await;
    });
}

/// Outside of a browser there is nothing to show.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}
