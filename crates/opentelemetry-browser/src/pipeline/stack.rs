//! The end of spans whose work will never be done, because the program trapped in the midst of it.

use opentelemetry::Context;
use opentelemetry::trace::{Status, TraceContextExt};

use super::{Pipeline, with};
use crate::attribute;
use crate::span::{Item, Parent};

impl Pipeline {
    /// Ends the span of `cx` and those above it, as far as they are open in this page, with an error: nobody will come back
    /// to do so.
    pub(crate) fn fail_stack(&self, cx: &Context, error_type: &'static str, message: &str) {
        let now_ns = self.now_ns();
        let mut next = Some(cx.span().span_context().span_id());
        while let Some(span_id) = next.take() {
            let serial = with(&self.open, |open| {
                let (serial, span) = open
                    .spans
                    .iter_mut()
                    .find(|(_, span)| span.context.span_id() == span_id)?;
                span.set(attribute::ERROR_TYPE, Item::Text(error_type), &self.limits);
                span.set_status(Status::error(message.to_owned()));
                if let Parent::Local(above) = span.parent {
                    next = Some(above);
                }
                Some(*serial)
            });
            if let Some(Some(serial)) = serial {
                self.end(serial, now_ns);
            }
        }
    }
}
