//! A page without a framework: its load, a click and the requests that follow are traced. `README.md` beside this file says
//! how to run it.

#[cfg(target_arch = "wasm32")]
fn main() {
    page::start();
}

/// Outside of a browser there is nothing to show.
#[cfg(not(target_arch = "wasm32"))]
fn main() {}

#[cfg(target_arch = "wasm32")]
mod page {
    use gloo_net::http::Request;
    use opentelemetry_browser::{
        Config, SendTraced, app_mount, fail, in_span, in_span_async, init, spawn,
    };
    use wasm_bindgen::prelude::*;
    use web_sys::{Document, Element};

    pub(crate) fn start() {
        init(
            Config::new("plain")
                .service_version("1.0.0")
                .patch_fetch(true),
        );
        let document = web_sys::window().and_then(|window| window.document());
        if let Some(document) = document {
            // Without a body there is no page to show anything on.
            app_mount(|_| drop(show(&document)));
        }
    }

    fn show(document: &Document) -> Result<(), JsValue> {
        let body = document.body().ok_or("the page has no body")?;
        let button = document.create_element("button")?;
        button.set_text_content(Some("Ask the server"));
        let answer = document.create_element("p")?;
        body.append_child(&button)?;
        body.append_child(&answer)?;
        // What the handler spawns hangs below the click.
        let asked = Closure::<dyn Fn()>::new(move || spawn(ask(answer.clone())));
        button.add_event_listener_with_callback("click", asked.as_ref().unchecked_ref())?;
        asked.forget();
        Ok(())
    }

    async fn ask(answer: Element) {
        in_span_async("ask", async |cx| {
            let reply = async { Request::get("/").send_traced().await?.text().await };
            match reply.await {
                Ok(text) => in_span("show", |_| answer.set_text_content(Some(&text))),
                Err(error) => fail(&cx, "no_answer", error.to_string()),
            }
        })
        .await;
    }
}
