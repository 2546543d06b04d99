//! Spans out of an OTLP request in JSON.
//!
//! The outer levels are kept as the text they are, and only one span at a time is decoded, for the reason `protobuf`
//! gives; a span is then encoded as protobuf, which is what the store keeps.

use std::fmt;
use std::sync::Arc;

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use serde::de::{DeserializeOwned, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer as _};
use serde_json::value::RawValue;
use serde_json::{Map, Result, Value};

use super::answer::{Refusal, Rejected};
use super::validate;
use crate::store::{Batch, EncodedSpan, Head, Limits, Origin};

/// A message in JSON that is longer than this many times what it may have in protobuf is not looked at.
const JSON_PER_PROTOBUF: usize = 4;

/// Spans by origin, and how many could not be taken.
///
/// # Errors
/// When anything cannot be decoded; then nothing is taken.
pub(super) fn decode(
    request: &[u8],
    limits: Limits,
) -> std::result::Result<(Vec<Batch>, Rejected), Refusal> {
    let mut decoder = Decoder {
        limits,
        batches: Vec::new(),
        rejected: Rejected::default(),
    };
    // Strings of unknown fields are skipped unseen, but JSON is UTF-8 throughout.
    let request =
        std::str::from_utf8(request).map_err(|error| Refusal::Malformed(error.to_string()))?;
    decoder
        .request(request)
        .map_err(|error| Refusal::Malformed(error.to_string()))?;
    Ok((decoder.batches, decoder.rejected))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRequest<'j> {
    #[serde(borrow)]
    resource_spans: Option<&'j RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawResourceSpans<'j> {
    #[serde(borrow)]
    resource: Option<&'j RawValue>,
    #[serde(borrow)]
    scope_spans: Option<&'j RawValue>,
    schema_url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawScopeSpans<'j> {
    #[serde(borrow)]
    scope: Option<&'j RawValue>,
    #[serde(borrow)]
    spans: Option<&'j RawValue>,
    schema_url: Option<String>,
}

struct Decoder {
    limits: Limits,
    batches: Vec<Batch>,
    rejected: Rejected,
}

impl Decoder {
    fn request(&mut self, request: &str) -> Result<()> {
        let request: RawRequest<'_> = serde_json::from_str(request)?;
        for_each(request.resource_spans, |json| {
            self.resource_spans(&serde_json::from_str(json.get())?)
        })
    }

    fn resource_spans(&mut self, json: &RawResourceSpans<'_>) -> Result<()> {
        let origin = match self.is_too_large(json.resource, json.schema_url.as_ref()) {
            true => None,
            false => {
                let head = ResourceSpans {
                    resource: json.resource.map(message).transpose()?,
                    scope_spans: Vec::new(),
                    schema_url: json.schema_url.clone().unwrap_or_default(),
                };
                let service = validate::service(head.resource.as_ref());
                Some((service, Head::new(&head.encode_to_vec())))
            }
        };
        for_each(json.scope_spans, |json| {
            self.scope_spans(origin.as_ref(), &serde_json::from_str(json.get())?)
        })
    }

    /// `origin` is service and head of the resource, unless they are too large.
    fn scope_spans(
        &mut self,
        origin: Option<&(Arc<str>, Head)>,
        json: &RawScopeSpans<'_>,
    ) -> Result<()> {
        let Some((service, resource)) =
            origin.filter(|_| !self.is_too_large(json.scope, json.schema_url.as_ref()))
        else {
            return for_each(json.spans, |_| {
                self.rejected.too_large += 1;
                Ok(())
            });
        };
        let head = ScopeSpans {
            scope: json.scope.map(message).transpose()?,
            spans: Vec::new(),
            schema_url: json.schema_url.clone().unwrap_or_default(),
        };
        let scope = Head::new(&head.encode_to_vec());
        let mut spans = Vec::new();
        for_each(json.spans, |json| {
            spans.extend(self.span(service, json)?);
            Ok(())
        })?;
        if !spans.is_empty() {
            let origin = Origin {
                service: service.clone(),
                resource: resource.clone(),
                scope,
            };
            self.batches.push(Batch { origin, spans });
        }
        Ok(())
    }

    fn span(&mut self, service: &Arc<str>, json: &RawValue) -> Result<Option<EncodedSpan>> {
        if json.get().len() > self.limits.span_max_bytes.saturating_mul(JSON_PER_PROTOBUF) {
            self.rejected.too_large += 1;
            return Ok(None);
        }
        let span: Span = message(json)?;
        let bytes = span.encode_to_vec();
        if bytes.len() > self.limits.span_max_bytes {
            self.rejected.too_large += 1;
            return Ok(None);
        }
        let span = validate::span(service, span, &bytes);
        self.rejected.invalid_id += u64::from(span.is_none());
        Ok(span)
    }

    /// Resource and scope are small; what is large in JSON already is not decoded at all.
    fn is_too_large(&self, json: Option<&RawValue>, schema_url: Option<&String>) -> bool {
        let bytes = json.map_or(0, |json| json.get().len()) + schema_url.map_or(0, String::len);
        bytes > self.limits.origin_max_bytes
    }
}

/// Decodes one message.
fn message<T: DeserializeOwned>(json: &RawValue) -> Result<T> {
    let mut json: Value = serde_json::from_str(json.get())?;
    to_strict(&mut json);
    serde_json::from_value(json)
}

/// Makes plain what the JSON mapping of protobuf allows and the decoder does not know: `null` for what is absent, and
/// lists without `values`. The depth is bounded by the JSON reader's.
fn to_strict(json: &mut Value) {
    match json {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            for (key, member) in members.iter_mut() {
                if let ("arrayValue" | "kvlistValue", Value::Object(list)) =
                    (key.as_str(), &mut *member)
                {
                    with_values(list);
                }
                to_strict(member);
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(to_strict),
        _ => {}
    }
}

fn with_values(list: &mut Map<String, Value>) {
    let values = list.entry("values").or_insert(Value::Null);
    if values.is_null() {
        *values = Value::Array(Vec::new());
    }
}

/// Hands over the elements of an array one by one, as the text they are; an absent array has none.
fn for_each<'j>(
    array: Option<&'j RawValue>,
    visit: impl FnMut(&'j RawValue) -> Result<()>,
) -> Result<()> {
    match array {
        Some(array) => {
            serde_json::Deserializer::from_str(array.get()).deserialize_seq(ForEach(visit))
        }
        None => Ok(()),
    }
}

struct ForEach<F>(F);

impl<'j, F: FnMut(&'j RawValue) -> Result<()>> Visitor<'j> for ForEach<F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'j>>(mut self, mut elements: A) -> std::result::Result<(), A::Error> {
        while let Some(element) = elements.next_element()? {
            (self.0)(element).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
