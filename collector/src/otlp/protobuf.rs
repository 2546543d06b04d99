//! Items out of an OTLP request in protobuf.
//!
//! Nothing is built from the request, it is only checked: decoded, it would take many times the memory of its bytes (an
//! empty span is two bytes on the wire and some 300 in memory). The three signals have the same outer levels.

use std::sync::Arc;

use super::answer::{Refusal, Rejected};
use super::schema::{RESOURCE_HEAD, SCOPE_HEAD};
use super::signal::{Item, service};
use super::wire::{DEPTH_MAX, Malformed, check, next_field};
use crate::store::{Batch, Head, Limits, Origin};

/// Numbers of the fields that are walked through.
mod field {
    pub(super) const REQUEST_RESOURCES: u32 = 1;
    pub(super) const RESOURCE_SCOPES: u32 = 2;
    pub(super) const SCOPE_ITEMS: u32 = 2;
}

/// Items by origin, and how many could not be taken.
///
/// # Errors
/// When anything cannot be decoded; then nothing is taken.
pub(super) fn decode<'r, T: Item<'r>>(
    request: &'r [u8],
    limits: Limits,
) -> Result<(Vec<Batch<T>>, Rejected), Refusal> {
    let mut decoder = Decoder {
        limits,
        batches: Vec::new(),
        rejected: Rejected::new(T::SIGNAL),
    };
    decoder
        .request(request)
        .map_err(|error| Refusal::Malformed(error.to_string()))?;
    Ok((decoder.batches, decoder.rejected))
}

struct Decoder<T> {
    limits: Limits,
    batches: Vec<Batch<T>>,
    rejected: Rejected,
}

impl<'r, T: Item<'r>> Decoder<T> {
    fn request(&mut self, mut request: &'r [u8]) -> Result<(), Malformed> {
        while let Some(field) = next_field(&mut request)? {
            if field.number == field::REQUEST_RESOURCES {
                self.resource(field.delimited()?)?;
            }
        }
        Ok(())
    }

    fn resource(&mut self, message: &'r [u8]) -> Result<(), Malformed> {
        let head = head_of(message, field::RESOURCE_SCOPES)?;
        let origin = match head.len() > self.limits.origin_max_bytes {
            true => None,
            false => {
                check(&RESOURCE_HEAD, &head, DEPTH_MAX - 1)?;
                Some((service(&head), Head::new(&head)))
            }
        };
        let mut rest = message;
        while let Some(field) = next_field(&mut rest)? {
            if field.number == field::RESOURCE_SCOPES {
                self.scope(origin.as_ref(), field.delimited()?)?;
            }
        }
        Ok(())
    }

    /// `origin` is service and head of the resource, unless they are too large.
    fn scope(
        &mut self,
        origin: Option<&(Arc<str>, Head)>,
        message: &'r [u8],
    ) -> Result<(), Malformed> {
        let head = head_of(message, field::SCOPE_ITEMS)?;
        let origin = match origin.filter(|_| head.len() <= self.limits.origin_max_bytes) {
            None => None,
            Some((service, resource)) => {
                check(&SCOPE_HEAD, &head, DEPTH_MAX - 2)?;
                Some(Origin {
                    service: service.clone(),
                    resource: resource.clone(),
                    scope: Head::new(&head),
                })
            }
        };
        let mut items = Vec::new();
        let mut rest = message;
        while let Some(field) = next_field(&mut rest)? {
            if field.number != field::SCOPE_ITEMS {
                continue;
            }
            let bytes = field.delimited()?;
            check(T::SIGNAL.message(), bytes, DEPTH_MAX - 3)?;
            match &origin {
                Some(_) if bytes.len() <= self.limits.item_max_bytes => {
                    let item = T::read(bytes);
                    self.rejected.invalid_id += u64::from(item.is_none());
                    items.extend(item);
                }
                _ => self.rejected.too_large += T::count(bytes),
            }
        }
        if let Some(origin) = origin.filter(|_| !items.is_empty()) {
            self.batches.push(Batch { origin, items });
        }
        Ok(())
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
