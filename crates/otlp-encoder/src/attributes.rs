//! Attribute lists and their values, written where they belong in the message being built.

use std::ops::Range;

use crate::wire;

/// Fields of `KeyValue`.
const KEY: u32 = 1;
const VALUE: u32 = 2;

/// Fields of `AnyValue`.
const STRING: u32 = 1;
const BOOL: u32 = 2;
const INT: u32 = 3;
const DOUBLE: u32 = 4;
const ARRAY: u32 = 5;
const MAP: u32 = 6;
const BYTES: u32 = 7;

/// The only field of `ArrayValue` and of `KeyValueList`.
const LIST_VALUES: u32 = 1;

/// Writes the attributes of a span, event, link, log record, scope or resource. Keys are written as given: whoever calls keeps them
/// unique, if need be by [`remove`](Self::remove).
pub struct Attributes<'b> {
    buffer: &'b mut Vec<u8>,
    field: u32,
    /// Where the message begins, or the part of it that may hold attributes.
    start: usize,
}

impl<'b> Attributes<'b> {
    /// A list that is the repeated field `field` of the message under construction.
    pub(crate) fn new(buffer: &'b mut Vec<u8>, field: u32) -> Self {
        let start = buffer.len();
        Self {
            buffer,
            field,
            start,
        }
    }

    /// The same, of a message that begins at `start`.
    pub(crate) fn since(buffer: &'b mut Vec<u8>, field: u32, start: usize) -> Self {
        Self {
            buffer,
            field,
            start,
        }
    }

    /// The attributes of a resource, alone in their buffer: what [`resource_records`](crate::resource_records) wraps. Those that
    /// the buffer holds already belong to them.
    pub fn of_resource(buffer: &'b mut Vec<u8>) -> Self {
        Self::since(buffer, 1, 0)
    }

    /// Whether the message has an attribute of this key.
    pub fn contains(&self, key: &str) -> bool {
        self.find(key).is_some()
    }

    /// Takes the attribute of this key out of the message. Says whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        let found = self.find(key);
        if let Some(range) = found.clone() {
            wire::cut(self.buffer, range);
        }
        found.is_some()
    }

    fn find(&self, key: &str) -> Option<Range<usize>> {
        let mut message = self.buffer.get(self.start..)?;
        while let Some((field, value)) = wire::read(&mut message) {
            if let (true, Some(entry)) = (field == self.field, value.bytes()) {
                // An empty key is no field at all.
                let known = wire::field(entry, KEY).and_then(wire::Field::bytes);
                if known.unwrap_or_default() == key.as_bytes() {
                    let end = self.buffer.len() - message.len();
                    return Some(end - wire::framed_bytes(self.field, entry.len())..end);
                }
            }
        }
        None
    }

    /// One attribute of text.
    pub fn string(&mut self, key: &str, value: &str) {
        self.entry(key, |values| values.string(value));
    }

    /// One boolean attribute.
    pub fn bool(&mut self, key: &str, value: bool) {
        self.entry(key, |values| values.bool(value));
    }

    /// One integer attribute.
    pub fn int(&mut self, key: &str, value: i64) {
        self.entry(key, |values| values.int(value));
    }

    /// One attribute of double precision; infinities and NaN keep their bits.
    pub fn double(&mut self, key: &str, value: f64) {
        self.entry(key, |values| values.double(value));
    }

    /// One attribute of raw bytes.
    pub fn bytes(&mut self, key: &str, value: &[u8]) {
        self.entry(key, |values| values.bytes(value));
    }

    /// One attribute that is an array; `fill` writes its elements in order.
    pub fn array(&mut self, key: &str, fill: impl FnOnce(&mut Values<'_>)) {
        self.entry(key, |values| values.array(fill));
    }

    /// One attribute that is a map; `fill` writes its entries in order.
    pub fn map(&mut self, key: &str, fill: impl FnOnce(&mut Attributes<'_>)) {
        self.entry(key, |values| values.map(fill));
    }

    fn entry(&mut self, key: &str, value: impl FnOnce(&mut Values<'_>)) {
        let entry = wire::open(self.buffer, self.field);
        wire::text(self.buffer, KEY, key);
        value(&mut Values::new(self.buffer, VALUE));
        wire::close(self.buffer, entry);
    }
}

/// Writes the elements of an array, of one or of several types, or the body of a log record, which is one element.
pub struct Values<'b> {
    buffer: &'b mut Vec<u8>,
    field: u32,
}

impl<'b> Values<'b> {
    /// Values that are the field `field` of the message under construction.
    pub(crate) fn new(buffer: &'b mut Vec<u8>, field: u32) -> Self {
        Self { buffer, field }
    }

    /// One element of text.
    pub fn string(&mut self, value: &str) {
        self.value(|buffer| wire::bytes(buffer, STRING, value.as_bytes()));
    }

    /// One boolean element.
    pub fn bool(&mut self, value: bool) {
        self.value(|buffer| wire::integer(buffer, BOOL, u64::from(value)));
    }

    /// One integer element.
    pub fn int(&mut self, value: i64) {
        self.value(|buffer| wire::integer(buffer, INT, value as u64));
    }

    /// One element of double precision.
    pub fn double(&mut self, value: f64) {
        self.value(|buffer| wire::fixed_64(buffer, DOUBLE, value.to_bits()));
    }

    /// One element of raw bytes.
    pub fn bytes(&mut self, value: &[u8]) {
        self.value(|buffer| wire::bytes(buffer, BYTES, value));
    }

    /// One element that is itself an array.
    pub fn array(&mut self, fill: impl FnOnce(&mut Values<'_>)) {
        self.value(|buffer| {
            let array = wire::open(buffer, ARRAY);
            fill(&mut Values::new(buffer, LIST_VALUES));
            wire::close(buffer, array);
        });
    }

    /// One element that is a map.
    pub fn map(&mut self, fill: impl FnOnce(&mut Attributes<'_>)) {
        self.value(|buffer| {
            let map = wire::open(buffer, MAP);
            fill(&mut Attributes::new(buffer, LIST_VALUES));
            wire::close(buffer, map);
        });
    }

    fn value(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let value = wire::open(self.buffer, self.field);
        write(self.buffer);
        wire::close(self.buffer, value);
    }
}
