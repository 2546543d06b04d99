//! Traced requests with `gloo-net`.

use std::future::Future;

use gloo_net::http::{Request, RequestBuilder, Response};
use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::AbortSignal;

use crate::callback::Arguments;
use crate::http::ClientCall;
use crate::page::untraced;
use crate::pipeline;
use crate::propagation::{TRACEPARENT, TRACESTATE};

#[wasm_bindgen]
extern "C" {
    /// The page's `fetch`, which throws nothing and rejects instead.
    #[wasm_bindgen(js_name = fetch)]
    fn fetch(request: &web_sys::Request) -> Promise;
}

#[wasm_bindgen(module = "/src/shim.js")]
extern "C" {
    /// Whether a request ended because the page wanted so; a timeout is no wish.
    #[wasm_bindgen(js_name = isAbort)]
    fn is_abort(error: &JsValue, signal: &AbortSignal) -> bool;
    /// [URL without fragment, URL to be shown, host, port, whether its server may see the trace as a number] of an absolute URL;
    /// nothing for one that is not traced. To be asked only after [`init`](crate::init).
    fn target(url: &str) -> Array;
    /// [name, message] of whatever was thrown.
    fn describe(error: &JsValue) -> Array;
}

/// Sends a request in a CLIENT span.
pub trait SendTraced {
    /// Sends the request as a child of the current context, with `traceparent` when its server may see it. The span ends
    /// when the body is complete, whoever reads it: 4xx and 5xx are errors, as is no answer at all. A request that is
    /// aborted before it is answered, and one whose future is dropped, is [`CANCELLED`](crate::CANCELLED) and no error.
    ///
    /// # Errors
    /// Those of `gloo-net`'s own `send`.
    fn send_traced(self) -> impl Future<Output = Result<Response, gloo_net::Error>>;
}

impl SendTraced for RequestBuilder {
    async fn send_traced(self) -> Result<Response, gloo_net::Error> {
        self.build()?.send_traced().await
    }
}

impl SendTraced for Request {
    async fn send_traced(self) -> Result<Response, gloo_net::Error> {
        let request = web_sys::Request::from(self);
        let call = pipeline::current().and_then(|pipeline| {
            let target = Arguments::of(target(&request.url())).target(0)?;
            ClientCall::start(pipeline, &request.method(), target)
        });
        if let Some(headers) = call.as_ref().and_then(ClientCall::headers) {
            set_header(&request, TRACEPARENT, &headers.traceparent);
            if let Some(tracestate) = &headers.tracestate {
                set_header(&request, TRACESTATE, tracestate);
            }
        }
        // The patched fetch, if any, must not open a second span.
        let answer = untraced(|| fetch(&request));
        let answer = JsFuture::from(answer)
            .await
            .and_then(|answer| answer.dyn_into::<web_sys::Response>());
        match answer {
            Ok(response) => {
                if let Some(call) = call {
                    #[cfg(feature = "server_timing")]
                    call.server_said(&crate::server_timing::said(response.headers().as_ref()));
                    call.answered(response.status(), &response.url());
                }
                Ok(Response::from(response))
            }
            Err(error) => {
                if let Some(call) = call {
                    report(call, &error, &request.signal());
                }
                Err(to_gloo(&error))
            }
        }
    }
}

/// A header that the browser refuses, as it may for a `no-cors` request, is left out.
fn set_header(request: &web_sys::Request, name: &str, value: &str) {
    let _ = request.headers().set(name, value);
}

fn report(call: ClientCall, error: &JsValue, signal: &AbortSignal) {
    if is_abort(error, signal) {
        call.cancelled();
    } else {
        let (name, message) = described(error);
        call.failed(&name, message);
    }
}

/// The error as `gloo-net` gives it. Unlike there, a page may abort with a reason that is no `Error`.
fn to_gloo(error: &JsValue) -> gloo_net::Error {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => gloo_net::Error::JsError(error.clone().into()),
        None => gloo_net::Error::GlooError(described(error).1),
    }
}

fn described(error: &JsValue) -> (String, String) {
    let description = describe(error);
    (
        description.get(0).as_string().unwrap_or_default(),
        description.get(1).as_string().unwrap_or_default(),
    )
}
