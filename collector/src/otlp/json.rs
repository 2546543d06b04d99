//! OTLP requests in JSON as those in protobuf, which is what is kept and passed on.
//!
//! The outer levels are kept as the text they are, and only one item at a time is parsed, for the reason that `protobuf`
//! gives.

use std::fmt;
use std::marker::PhantomData;

use prost::encoding::{WireType, encode_key, encode_varint};
use serde::Deserializer as _;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Deserializer, Error, Map, Value};

use super::Signal;
use super::answer::Refusal;
use super::schema::{Message, RESOURCE_HEAD, SCOPE_HEAD};
use super::transcode;
use crate::store::Limits;

/// A message in JSON that is longer than this many times what it may have in protobuf is not looked at.
const JSON_PER_PROTOBUF: usize = 4;

/// Numbers of the fields that list the next level.
const RESOURCES: u32 = 1;
const SCOPES: u32 = 2;
const ITEMS: u32 = 2;

type Result<T> = std::result::Result<T, Error>;

/// A request in protobuf.
pub(super) struct Transcoded {
    pub(super) request: Vec<u8>,
    /// Items that were too large to be looked at; a metric counts as one data point.
    pub(super) too_large: u64,
}

/// The request in protobuf.
///
/// # Errors
/// When it is not JSON, or a field that is known holds something else than it should.
pub(super) fn to_protobuf(
    signal: Signal,
    request: &[u8],
    limits: Limits,
) -> std::result::Result<Transcoded, Refusal> {
    let mut transcoder = Transcoder {
        keys: signal.keys(),
        message: signal.message(),
        limits,
        too_large: 0,
    };
    // Strings of unknown fields are skipped unseen, but JSON is UTF-8 throughout.
    let request =
        std::str::from_utf8(request).map_err(|error| Refusal::Malformed(error.to_string()))?;
    let request = transcoder
        .request(request)
        .map_err(|error| Refusal::Malformed(error.to_string()))?;
    Ok(Transcoded {
        request,
        too_large: transcoder.too_large,
    })
}

struct Transcoder {
    keys: [&'static str; 3],
    /// What an item is.
    message: &'static Message,
    limits: Limits,
    too_large: u64,
}

impl Transcoder {
    fn request(&mut self, json: &str) -> Result<Vec<u8>> {
        let [resources] = members(json, [self.keys[0]])?;
        let mut out = Vec::new();
        for_each(resources, |json| {
            let resource = self.resource(json)?;
            append(RESOURCES, &resource, &mut out);
            Ok(())
        })?;
        Ok(out)
    }

    fn resource(&mut self, json: &str) -> Result<Vec<u8>> {
        const HEAD: [&str; 2] = ["resource", "schemaUrl"];
        let [resource, schema_url, scopes] = members(json, [HEAD[0], HEAD[1], self.keys[1]])?;
        let head = self.head(&RESOURCE_HEAD, HEAD, [resource, schema_url])?;
        let is_looked_at = head.is_some();
        let mut out = head.unwrap_or_default();
        for_each(scopes, |json| {
            let scope = self.scope(is_looked_at, json)?;
            append(SCOPES, &scope, &mut out);
            Ok(())
        })?;
        Ok(out)
    }

    fn scope(&mut self, is_looked_at: bool, json: &str) -> Result<Vec<u8>> {
        const HEAD: [&str; 2] = ["scope", "schemaUrl"];
        let [scope, schema_url, items] = members(json, [HEAD[0], HEAD[1], self.keys[2]])?;
        let head = self.head(&SCOPE_HEAD, HEAD, [scope, schema_url])?;
        let is_looked_at = is_looked_at && head.is_some();
        let item_max_bytes = self.limits.item_max_bytes.saturating_mul(JSON_PER_PROTOBUF);
        let mut out = head.unwrap_or_default();
        for_each(items, |json| {
            if is_looked_at && json.len() <= item_max_bytes {
                let item = encoded(self.message, &serde_json::from_str(json)?)?;
                append(ITEMS, &item, &mut out);
            } else {
                self.too_large += 1;
            }
            Ok(())
        })?;
        Ok(out)
    }

    /// The head of a resource or scope. These are small; what is large in JSON already is not parsed at all.
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

fn append(number: u32, message: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(message.len() as u64, out);
    out.extend_from_slice(message);
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
