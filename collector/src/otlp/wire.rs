//! The wire format of protobuf: fields one by one, and whether bytes are a message of a schema. Nothing is copied.

use prost::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::schema::{Field as Known, Kind, Message};

/// How deep messages may be nested in a request, as protobuf libraries have it.
pub(super) const DEPTH_MAX: u32 = 100;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("{0}")]
    Decode(#[from] DecodeError),
    #[error("a field is longer than the message it is in")]
    Length,
    #[error("field {0} has another wire type")]
    WireType(u32),
    #[error("field {0} is not UTF-8")]
    Utf8(u32),
    #[error("messages are nested more than {DEPTH_MAX} deep")]
    Depth,
}

/// A field as it stands in a message.
pub(crate) struct Field<'m> {
    pub(crate) number: u32,
    /// Key and value.
    pub(super) encoded: &'m [u8],
    pub(crate) value: Value<'m>,
}

/// What a field holds.
#[derive(Clone, Copy)]
pub(crate) enum Value<'m> {
    Varint(u64),
    Fixed32,
    Fixed64,
    /// Text, bytes, a message or numbers in a row.
    Delimited(&'m [u8]),
    Group,
}

impl<'m> Field<'m> {
    /// The value, where a message, a text or bytes are expected.
    pub(crate) fn delimited(&self) -> Result<&'m [u8], Malformed> {
        match self.value {
            Value::Delimited(bytes) => Ok(bytes),
            _ => Err(Malformed::WireType(self.number)),
        }
    }
}

/// Takes the next field off the front of a message.
pub(super) fn next_field<'m>(rest: &mut &'m [u8]) -> Result<Option<Field<'m>>, Malformed> {
    if rest.is_empty() {
        return Ok(None);
    }
    let start = *rest;
    let (number, wire_type) = decode_key(rest)?;
    let value = match wire_type {
        WireType::Varint => Value::Varint(decode_varint(rest)?),
        WireType::ThirtyTwoBit => {
            *rest = rest.get(4..).ok_or(Malformed::Length)?;
            Value::Fixed32
        }
        WireType::SixtyFourBit => {
            *rest = rest.get(8..).ok_or(Malformed::Length)?;
            Value::Fixed64
        }
        WireType::LengthDelimited => {
            let length = usize::try_from(decode_varint(rest)?).map_err(|_| Malformed::Length)?;
            let (value, after) = rest.split_at_checked(length).ok_or(Malformed::Length)?;
            *rest = after;
            Value::Delimited(value)
        }
        WireType::StartGroup | WireType::EndGroup => {
            skip_field(wire_type, number, rest, DecodeContext::default())?;
            Value::Group
        }
    };
    Ok(Some(Field {
        number,
        encoded: &start[..start.len() - rest.len()],
        value,
    }))
}

/// Fields of a message that was [checked](check) already; it ends where one could not be read.
pub(crate) fn fields(mut rest: &[u8]) -> impl Iterator<Item = Field<'_>> {
    std::iter::from_fn(move || next_field(&mut rest).ok().flatten())
}

/// Checks that bytes can be decoded as a message, which may hold `depth` levels of further ones. Fields that are not known
/// are skipped.
pub(super) fn check(message: &Message, mut bytes: &[u8], depth: u32) -> Result<(), Malformed> {
    while let Some(field) = next_field(&mut bytes)? {
        if let Some(known) = message.field(field.number) {
            check_value(known, field.value, depth)?;
        }
    }
    Ok(())
}

fn check_value(known: &Known, value: Value<'_>, depth: u32) -> Result<(), Malformed> {
    match (known.kind, value) {
        (Kind::Text, Value::Delimited(bytes)) => std::str::from_utf8(bytes)
            .map(drop)
            .map_err(|_| Malformed::Utf8(known.number)),
        (Kind::Message(message), Value::Delimited(bytes)) => {
            let depth = depth.checked_sub(1).ok_or(Malformed::Depth)?;
            check(message, bytes, depth)
        }
        (Kind::Bytes | Kind::HexId, Value::Delimited(_))
        | (Kind::Fixed32, Value::Fixed32)
        | (Kind::Fixed64 | Kind::Sfixed64 | Kind::Double, Value::Fixed64) => Ok(()),
        (kind, Value::Varint(_)) if kind.is_varint() => Ok(()),
        (kind, Value::Delimited(packed)) if known.is_repeated => check_packed(kind, packed),
        _ => Err(Malformed::WireType(known.number)),
    }
}

fn check_packed(kind: Kind, mut packed: &[u8]) -> Result<(), Malformed> {
    if kind.is_varint() {
        while !packed.is_empty() {
            decode_varint(&mut packed)?;
        }
        return Ok(());
    }
    let width = if matches!(kind, Kind::Fixed32) { 4 } else { 8 };
    match packed.len() % width {
        0 => Ok(()),
        _ => Err(Malformed::Length),
    }
}

impl Kind {
    fn is_varint(self) -> bool {
        matches!(
            self,
            Self::Bool
                | Self::Enum
                | Self::Int32
                | Self::Uint32
                | Self::Sint32
                | Self::Int64
                | Self::Uint64
        )
    }
}
