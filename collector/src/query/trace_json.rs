//! What is stored as OTLP JSON, decoded item by item while it is written.

use std::marker::PhantomData;

use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde::ser::{Error as _, SerializeMap as _, SerializeSeq as _};
use serde::{Serialize, Serializer};

use crate::store::{Items, OriginItems};

/// What a signal is made of, and its names in JSON.
pub(super) trait Item: Message + Default + Serialize {
    const RESOURCES: &'static str;
    const SCOPES: &'static str;
    const ITEMS: &'static str;
}

impl Item for Span {
    const RESOURCES: &'static str = "resourceSpans";
    const SCOPES: &'static str = "scopeSpans";
    const ITEMS: &'static str = "spans";
}

impl Item for LogRecord {
    const RESOURCES: &'static str = "resourceLogs";
    const SCOPES: &'static str = "scopeLogs";
    const ITEMS: &'static str = "logRecords";
}

impl Item for Metric {
    const RESOURCES: &'static str = "resourceMetrics";
    const SCOPES: &'static str = "scopeMetrics";
    const ITEMS: &'static str = "metrics";
}

/// `{"result":{"resourceSpans":[…]}}`, as Jaeger wraps traces; an element for each origin.
pub(super) fn write<'s>(
    origins: impl IntoIterator<Item = &'s OriginItems>,
) -> serde_json::Result<Vec<u8>> {
    #[derive(Serialize)]
    struct Answer<T> {
        result: T,
    }
    let result = Resources::<Span>::of(origins)?;
    serde_json::to_vec(&Answer { result })
}

/// `{"resourceLogs":[…]}` or `{"resourceMetrics":[…]}`, an element for each origin.
pub(super) fn write_bare<'s, T: Item>(
    origins: impl IntoIterator<Item = &'s OriginItems>,
) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Resources::<T>::of(origins)?)
}

struct Resources<'s, T>(Vec<ResourceJson<'s, T>>);

impl<'s, T: Item> Resources<'s, T> {
    fn of(origins: impl IntoIterator<Item = &'s OriginItems>) -> serde_json::Result<Self> {
        let resources = origins.into_iter().map(ResourceJson::of);
        let resources = resources.collect::<Result<_, prost::DecodeError>>();
        resources.map(Self).map_err(serde_json::Error::custom)
    }
}

impl<T: Item> Serialize for Resources<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(T::RESOURCES, &self.0)?;
        map.end()
    }
}

struct ResourceJson<'s, T> {
    resource: Option<Resource>,
    schema_url: String,
    scope: ScopeJson<'s, T>,
}

struct ScopeJson<'s, T> {
    scope: Option<InstrumentationScope>,
    schema_url: String,
    items: ItemsJson<'s, T>,
}

struct ItemsJson<'s, T>(&'s Items, PhantomData<T>);

impl<'s, T> ResourceJson<'s, T> {
    /// The heads of all signals have the same fields.
    fn of(stored: &'s OriginItems) -> Result<Self, prost::DecodeError> {
        let head = ResourceSpans::decode(stored.origin.resource.bytes())?;
        let scope_head = ScopeSpans::decode(stored.origin.scope.bytes())?;
        Ok(Self {
            resource: head.resource,
            schema_url: head.schema_url,
            scope: ScopeJson {
                scope: scope_head.scope,
                schema_url: scope_head.schema_url,
                items: ItemsJson(&stored.items, PhantomData),
            },
        })
    }
}

impl<T: Item> Serialize for ResourceJson<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(resource) = &self.resource {
            map.serialize_entry("resource", resource)?;
        }
        map.serialize_entry(T::SCOPES, &[&self.scope])?;
        if !self.schema_url.is_empty() {
            map.serialize_entry("schemaUrl", &self.schema_url)?;
        }
        map.end()
    }
}

impl<T: Item> Serialize for ScopeJson<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(scope) = &self.scope {
            map.serialize_entry("scope", scope)?;
        }
        map.serialize_entry(T::ITEMS, &self.items)?;
        if !self.schema_url.is_empty() {
            map.serialize_entry("schemaUrl", &self.schema_url)?;
        }
        map.end()
    }
}

impl<T: Item> Serialize for ItemsJson<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(self.0.len()))?;
        for item in self.0.iter() {
            sequence.serialize_element(&T::decode(item).map_err(S::Error::custom)?)?;
        }
        sequence.end()
    }
}
