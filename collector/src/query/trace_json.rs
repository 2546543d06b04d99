//! Stored spans as OTLP JSON, decoded one by one while they are written.

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use serde::ser::{Error as _, SerializeSeq as _};
use serde::{Serialize, Serializer};
use std::sync::Arc;

use crate::store::OriginSpans;

/// `{"result":{"resourceSpans":[…]}}`, an element for each origin.
pub(super) fn write<'s>(
    origins: impl IntoIterator<Item = &'s OriginSpans>,
) -> serde_json::Result<Vec<u8>> {
    let resource_spans = origins
        .into_iter()
        .map(ResourceJson::of)
        .collect::<Result<_, _>>();
    let resource_spans = resource_spans.map_err(serde_json::Error::custom)?;
    serde_json::to_vec(&Answer {
        result: ResultJson { resource_spans },
    })
}

#[derive(Serialize)]
struct Answer<'s> {
    result: ResultJson<'s>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResultJson<'s> {
    resource_spans: Vec<ResourceJson<'s>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResourceJson<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<Resource>,
    scope_spans: [ScopeJson<'s>; 1],
    #[serde(skip_serializing_if = "String::is_empty")]
    schema_url: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ScopeJson<'s> {
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<InstrumentationScope>,
    #[serde(serialize_with = "spans")]
    spans: &'s [Arc<[u8]>],
    #[serde(skip_serializing_if = "String::is_empty")]
    schema_url: String,
}

impl<'s> ResourceJson<'s> {
    fn of(stored: &'s OriginSpans) -> Result<Self, prost::DecodeError> {
        let head = ResourceSpans::decode(stored.origin.resource.bytes())?;
        let scope_head = ScopeSpans::decode(stored.origin.scope.bytes())?;
        let scope = ScopeJson {
            scope: scope_head.scope,
            spans: &stored.spans,
            schema_url: scope_head.schema_url,
        };
        Ok(Self {
            resource: head.resource,
            scope_spans: [scope],
            schema_url: head.schema_url,
        })
    }
}

fn spans<S: Serializer>(encoded: &[Arc<[u8]>], serializer: S) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(Some(encoded.len()))?;
    for span in encoded {
        sequence.serialize_element(&Span::decode(&**span).map_err(S::Error::custom)?)?;
    }
    sequence.end()
}
