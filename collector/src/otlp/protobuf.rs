//! Spans out of an OTLP request in protobuf.
//!
//! The two outer levels are walked by hand and only one span at a time is decoded, to check it: a decoded request would
//! take many times the memory of its bytes (an empty span is two bytes on the wire and some 300 in memory).

use std::sync::Arc;

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost::{DecodeError, Message as _};

use super::answer::{Refusal, Rejected};
use super::validate;
use crate::store::{Batch, EncodedSpan, Head, Limits, Origin};

/// Numbers of the fields that are walked through.
mod field {
    pub(super) const REQUEST_RESOURCE_SPANS: u32 = 1;
    pub(super) const RESOURCE_SPANS_SCOPE_SPANS: u32 = 2;
    pub(super) const SCOPE_SPANS_SPANS: u32 = 2;
}

/// Spans by origin, and how many could not be taken.
///
/// # Errors
/// When anything cannot be decoded; then nothing is taken.
pub(super) fn decode(request: &[u8], limits: Limits) -> Result<(Vec<Batch>, Rejected), Refusal> {
    let mut decoder = Decoder {
        limits,
        batches: Vec::new(),
        rejected: Rejected::default(),
    };
    decoder
        .request(request)
        .map_err(|error| Refusal::Malformed(error.to_string()))?;
    Ok((decoder.batches, decoder.rejected))
}

#[derive(Debug, thiserror::Error)]
enum Malformed {
    #[error("{0}")]
    Decode(#[from] DecodeError),
    #[error("a field is longer than the message it is in")]
    Length,
    #[error("field {0} is not a message")]
    WireType(u32),
}

struct Decoder {
    limits: Limits,
    batches: Vec<Batch>,
    rejected: Rejected,
}

impl Decoder {
    fn request(&mut self, mut request: &[u8]) -> Result<(), Malformed> {
        while let Some(field) = next_field(&mut request)? {
            if field.number == field::REQUEST_RESOURCE_SPANS {
                self.resource_spans(field.message()?)?;
            }
        }
        Ok(())
    }

    fn resource_spans(&mut self, message: &[u8]) -> Result<(), Malformed> {
        let head = head_of(message, field::RESOURCE_SPANS_SCOPE_SPANS)?;
        let origin = match head.len() > self.limits.origin_max_bytes {
            true => None,
            false => {
                let resource = ResourceSpans::decode(head.as_slice())?.resource;
                Some((validate::service(resource.as_ref()), Head::new(&head)))
            }
        };
        let mut rest = message;
        while let Some(field) = next_field(&mut rest)? {
            if field.number == field::RESOURCE_SPANS_SCOPE_SPANS {
                self.scope_spans(origin.as_ref(), field.message()?)?;
            }
        }
        Ok(())
    }

    /// `origin` is service and head of the resource, unless they are too large.
    fn scope_spans(
        &mut self,
        origin: Option<&(Arc<str>, Head)>,
        message: &[u8],
    ) -> Result<(), Malformed> {
        let head = head_of(message, field::SCOPE_SPANS_SPANS)?;
        let origin = match origin.filter(|_| head.len() <= self.limits.origin_max_bytes) {
            None => None,
            Some((service, resource)) => {
                ScopeSpans::decode(head.as_slice())?;
                Some(Origin {
                    service: service.clone(),
                    resource: resource.clone(),
                    scope: Head::new(&head),
                })
            }
        };
        let mut spans = Vec::new();
        let mut rest = message;
        while let Some(field) = next_field(&mut rest)? {
            if field.number != field::SCOPE_SPANS_SPANS {
                continue;
            }
            match &origin {
                Some(origin) => spans.extend(self.span(origin, field.message()?)?),
                None => self.rejected.too_large += 1,
            }
        }
        if let Some(origin) = origin.filter(|_| !spans.is_empty()) {
            self.batches.push(Batch { origin, spans });
        }
        Ok(())
    }

    fn span(&mut self, origin: &Origin, bytes: &[u8]) -> Result<Option<EncodedSpan>, Malformed> {
        if bytes.len() > self.limits.span_max_bytes {
            self.rejected.too_large += 1;
            return Ok(None);
        }
        let span = validate::span(&origin.service, Span::decode(bytes)?, bytes);
        self.rejected.invalid_id += u64::from(span.is_none());
        Ok(span)
    }
}

/// A message without the field of this number.
fn head_of(mut message: &[u8], without: u32) -> Result<Vec<u8>, Malformed> {
    let mut head = Vec::new();
    while let Some(field) = next_field(&mut message)? {
        if field.number != without {
            head.extend_from_slice(field.encoded);
        }
    }
    Ok(head)
}

/// A field as it stands in a message.
struct Field<'m> {
    number: u32,
    /// Key and value.
    encoded: &'m [u8],
    /// The value, when it is of the wire type of messages.
    message: Option<&'m [u8]>,
}

impl<'m> Field<'m> {
    fn message(&self) -> Result<&'m [u8], Malformed> {
        self.message.ok_or(Malformed::WireType(self.number))
    }
}

/// Takes the next field off the front of a message.
fn next_field<'m>(rest: &mut &'m [u8]) -> Result<Option<Field<'m>>, Malformed> {
    if rest.is_empty() {
        return Ok(None);
    }
    let start = *rest;
    let (number, wire_type) = decode_key(rest)?;
    let message = match wire_type {
        WireType::LengthDelimited => {
            let length = usize::try_from(decode_varint(rest)?).map_err(|_| Malformed::Length)?;
            let (message, after) = rest.split_at_checked(length).ok_or(Malformed::Length)?;
            *rest = after;
            Some(message)
        }
        _ => {
            skip_field(wire_type, number, rest, DecodeContext::default())?;
            None
        }
    };
    let encoded = &start[..start.len() - rest.len()];
    Ok(Some(Field {
        number,
        encoded,
        message,
    }))
}
