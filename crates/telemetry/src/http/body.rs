//! The body of a traced response: passes everything through and ends the span when nothing more will come.

use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use bytes::Buf;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::span::{OpenSpan, fail};

pin_project! {
    /// A response body that keeps the span of its response open until it is complete.
    #[derive(Debug)]
    pub struct TracedBody<B> {
        #[pin]
        inner: B,
        // Absent for untraced responses and once the span has ended.
        span: Option<OpenSpan>,
        // Bytes still to come by `Content-Length`: the HTTP library does not ask for a frame after the last byte.
        remaining: Option<u64>,
    }
}

impl<B: Body> TracedBody<B> {
    /// A body that is not traced.
    pub(super) fn untraced(inner: B) -> Self {
        Self {
            inner,
            span: None,
            remaining: None,
        }
    }

    /// A body of `length` bytes, where that is known, at whose end `span` ends.
    pub(super) fn traced(inner: B, span: OpenSpan, length: Option<u64>) -> Self {
        let complete = inner.is_end_stream() || length == Some(0);
        let mut body = Self {
            inner,
            span: Some(span),
            remaining: length,
        };
        if complete {
            end(&mut body.span);
        }
        body
    }
}

impl<B> Body for TracedBody<B>
where
    B: Body,
    B::Error: std::fmt::Display,
{
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        // Whatever the body does to make its next frame belongs to the request.
        let _current = this
            .span
            .as_ref()
            .map(|span| span.context().clone().attach());
        let polled = this.inner.as_mut().poll_frame(task);
        match &polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let (Some(remaining), Some(data)) = (this.remaining.as_mut(), frame.data_ref()) {
                    *remaining = remaining.saturating_sub(data.remaining() as u64);
                }
                if this.inner.is_end_stream() || *this.remaining == Some(0) {
                    end(this.span);
                }
            }
            Poll::Ready(Some(Err(error))) => {
                if let Some(span) = this.span.take() {
                    fail(span.context(), "body", error.to_string());
                    span.end();
                }
            }
            Poll::Ready(None) => {
                end(this.span);
            }
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

fn end(span: &mut Option<OpenSpan>) {
    if let Some(span) = span.take() {
        span.end();
    }
}

/// The body's length by its header; `Some(0)` where the response has no body at all, whatever its headers say.
pub(super) fn expected_length(method_is_head: bool, head: &http::response::Parts) -> Option<u64> {
    if method_is_head
        || head.status.is_informational()
        || matches!(
            head.status,
            http::StatusCode::NO_CONTENT | http::StatusCode::NOT_MODIFIED
        )
    {
        return Some(0);
    }
    head.headers
        .get(http::header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}
