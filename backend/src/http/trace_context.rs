//! `GET /trace-context`: the span that serves this very request, to see that a trace arrives.

use axum::Json;
use axum::http::HeaderMap;
use shared::{TraceContext, TraceContextHeaders};
use telemetry::{Context, propagation};

use super::ApiError;

pub(super) async fn trace_context() -> Result<Json<TraceContext>, ApiError> {
    let cx = Context::current();
    let own = propagation::current(&cx).ok_or(ApiError::NoTrace)?;
    let mut headers = HeaderMap::new();
    propagation::inject(&cx, &mut headers);
    let tracestate = headers
        .get(propagation::TRACESTATE)
        .and_then(|state| state.to_str().ok());
    Ok(Json(TraceContext {
        trace_id: own.trace_id.to_string(),
        span_id: own.span_id.to_string(),
        trace_flags: format!("{:02x}", own.flags()),
        trace_context: TraceContextHeaders {
            traceparent: own.to_string(),
            tracestate: tracestate.unwrap_or_default().to_owned(),
        },
    }))
}
