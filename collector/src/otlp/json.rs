//! Items out of an OTLP request in JSON.
//!
//! The outer levels are kept as the text they are, and only one item at a time is parsed, for the reason `protobuf`
//! gives; it is then written as protobuf, which is what is kept.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::Deserializer as _;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Deserializer, Error, Map, Value};

use super::answer::{Refusal, Rejected};
use super::schema::{Message, RESOURCE_HEAD, SCOPE_HEAD};
use super::signal::{Item, service};
use super::transcode;
use crate::store::{Batch, Head, Limits, Origin};

/// A message in JSON that is longer than this many times what it may have in protobuf is not looked at.
const JSON_PER_PROTOBUF: usize = 4;

type Result<T> = std::result::Result<T, Error>;

/// Items by origin, and how many could not be taken. A metric that is not looked at counts as one data point.
///
/// # Errors
/// When anything cannot be decoded; then nothing is taken.
pub(super) fn decode<T: Item>(
    request: &[u8],
    limits: Limits,
) -> std::result::Result<(Vec<Batch<T>>, Rejected), Refusal> {
    let mut decoder = Decoder {
        limits,
        batches: Vec::new(),
        rejected: Rejected::new(T::SIGNAL),
    };
    // Strings of unknown fields are skipped unseen, but JSON is UTF-8 throughout.
    let request =
        std::str::from_utf8(request).map_err(|error| Refusal::Malformed(error.to_string()))?;
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

impl<T: Item> Decoder<T> {
    fn request(&mut self, request: &str) -> Result<()> {
        let [resources, _, _] = T::SIGNAL.keys();
        let [resources] = members(request, [resources])?;
        for_each(resources, |json| self.resource(json))
    }

    fn resource(&mut self, json: &str) -> Result<()> {
        let [_, scopes, _] = T::SIGNAL.keys();
        let [resource, schema_url, scopes] = members(json, ["resource", "schemaUrl", scopes])?;
        let origin = self.head(
            &RESOURCE_HEAD,
            ["resource", "schemaUrl"],
            [resource, schema_url],
        )?;
        let origin = origin.map(|head| (service(&head), Head::new(&head)));
        for_each(scopes, |json| self.scope(origin.as_ref(), json))
    }

    /// `origin` is service and head of the resource, unless they are too large.
    fn scope(&mut self, origin: Option<&(Arc<str>, Head)>, json: &str) -> Result<()> {
        let [_, _, items] = T::SIGNAL.keys();
        let [scope, schema_url, list] = members(json, ["scope", "schemaUrl", items])?;
        let head = self.head(&SCOPE_HEAD, ["scope", "schemaUrl"], [scope, schema_url])?;
        let (Some((service, resource)), Some(head)) = (origin, head) else {
            return for_each(list, |_| {
                self.rejected.too_large += 1;
                Ok(())
            });
        };
        let mut items = Vec::new();
        for_each(list, |json| {
            items.extend(self.item(service, json)?);
            Ok(())
        })?;
        if !items.is_empty() {
            let origin = Origin {
                service: service.clone(),
                resource: resource.clone(),
                scope: Head::new(&head),
            };
            self.batches.push(Batch { origin, items });
        }
        Ok(())
    }

    fn item(&mut self, service: &Arc<str>, json: &str) -> Result<Option<T>> {
        if json.len() > self.limits.item_max_bytes.saturating_mul(JSON_PER_PROTOBUF) {
            self.rejected.too_large += 1;
            return Ok(None);
        }
        let bytes = encoded(T::MESSAGE, &serde_json::from_str(json)?)?;
        if bytes.len() > self.limits.item_max_bytes {
            self.rejected.too_large += T::count(&bytes);
            return Ok(None);
        }
        let item = T::read(service, &bytes);
        self.rejected.invalid_id += u64::from(item.is_none());
        Ok(item)
    }

    /// The head of a resource or scope in protobuf. These are small; what is large in JSON already is not parsed at all.
    fn head(
        &self,
        message: &'static Message,
        keys: [&str; 2],
        values: [Option<&RawValue>; 2],
    ) -> Result<Option<Vec<u8>>> {
        let length: usize = values.iter().flatten().map(|json| json.get().len()).sum();
        if length > self.limits.origin_max_bytes {
            return Ok(None);
        }
        let mut json = Map::new();
        for (key, value) in keys.into_iter().zip(values) {
            if let Some(value) = value {
                json.insert(key.to_owned(), serde_json::from_str(value.get())?);
            }
        }
        encoded(message, &json).map(Some)
    }
}

fn encoded(message: &'static Message, json: &Map<String, Value>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    transcode::encode(message, json, &mut bytes).map_err(Error::custom)?;
    Ok(bytes)
}

/// The members of these names of an object, as the text they are; the last one of a name counts, `null` is absent.
fn members<'j, const N: usize>(
    object: &'j str,
    names: [&str; N],
) -> Result<[Option<&'j RawValue>; N]> {
    let mut deserializer = Deserializer::from_str(object);
    let found = deserializer.deserialize_map(Members { names })?;
    deserializer.end()?;
    Ok(found.map(|value: Option<&RawValue>| value.filter(|json| json.get() != "null")))
}

struct Members<'n, const N: usize> {
    names: [&'n str; N],
}

impl<'j, const N: usize> Visitor<'j> for Members<'_, N> {
    type Value = [Option<&'j RawValue>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'j>>(
        self,
        mut members: A,
    ) -> std::result::Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(name) = members.next_key::<String>()? {
            match self.names.iter().position(|wanted| *wanted == name) {
                Some(place) => found[place] = Some(members.next_value()?),
                None => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}

/// Hands over the elements of an array one by one, as the text they are; an absent array has none.
fn for_each<'j>(
    array: Option<&'j RawValue>,
    visit: impl FnMut(&'j str) -> Result<()>,
) -> Result<()> {
    match array {
        Some(array) => {
            Deserializer::from_str(array.get()).deserialize_seq(ForEach(visit, PhantomData))
        }
        None => Ok(()),
    }
}

struct ForEach<'j, F>(F, PhantomData<&'j ()>);

impl<'j, F: FnMut(&'j str) -> Result<()>> Visitor<'j> for ForEach<'j, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'j>>(mut self, mut elements: A) -> std::result::Result<(), A::Error> {
        while let Some(element) = elements.next_element::<&RawValue>()? {
            (self.0)(element.get()).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
