//! HTTP as the semantic conventions describe it: tower layers for both sides of a request.
//!
//! Both layers keep their span open until the body of the response is complete, so that a span covers the transfer. A
//! body that is dropped half-way, or a request whose future is dropped, ends the span with
//! [`CANCELLED`](crate::CANCELLED).

mod attributes;
mod body;
mod client;
mod server;

pub use body::TracedBody;
pub use client::{ClientFuture, ClientLayer, ClientService, ErrorType};
pub use server::{ServerFuture, ServerLayer, ServerService};
