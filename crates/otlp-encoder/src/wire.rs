//! The protobuf wire format as far as OTLP needs it: varints, fixed-width numbers and nested messages whose length is
//! patched in once it is known. Everything above writes, and the little that is read is read, through these functions.

use std::ops::Range;

/// Wire types of the protobuf encoding.
const VARINT: u32 = 0;
const FIXED_64: u32 = 1;
const LENGTH_DELIMITED: u32 = 2;
const FIXED_32: u32 = 5;

/// Where the content of a nested message begins; its length goes right before.
#[must_use = "an opened message has to be closed"]
pub(crate) struct Open {
    content: usize,
}

/// Begins a nested message. One byte is reserved for its length, which is enough for most.
pub(crate) fn open(buffer: &mut Vec<u8>, field: u32) -> Open {
    key(buffer, field, LENGTH_DELIMITED);
    buffer.push(0);
    Open {
        content: buffer.len(),
    }
}

/// Ends a nested message: writes its length in the fewest bytes, and moves the content when they are more than one.
pub(crate) fn close(buffer: &mut Vec<u8>, open: Open) {
    let end = buffer.len();
    let mut length = end.saturating_sub(open.content);
    let mut at = open.content - 1;
    if length > 0x7f {
        let extra = varint_bytes(length as u64) - 1;
        buffer.resize(end + extra, 0);
        if let Some(content) = buffer.get_mut(open.content..)
            && let Some(kept) = content.len().checked_sub(extra)
        {
            content.copy_within(..kept, extra);
        }
    }
    while let Some(slot) = buffer.get_mut(at) {
        *slot = length as u8 & 0x7f;
        length >>= 7;
        if length == 0 {
            break;
        }
        *slot |= 0x80;
        at += 1;
    }
}

/// Takes a part out of a message.
pub(crate) fn cut(buffer: &mut Vec<u8>, part: Range<usize>) {
    if let Some(rest) = buffer.get_mut(part.start..)
        && let Some(kept) = rest.len().checked_sub(part.len())
    {
        rest.copy_within(part.len().., 0);
        buffer.truncate(part.start + kept);
    }
}

/// A field of UTF-8 text or of raw bytes.
pub(crate) fn bytes(buffer: &mut Vec<u8>, field: u32, value: &[u8]) {
    key(buffer, field, LENGTH_DELIMITED);
    varint(buffer, value.len() as u64);
    buffer.extend_from_slice(value);
}

/// A text field outside a `oneof`: absent when empty, as proto3 has it.
pub(crate) fn text(buffer: &mut Vec<u8>, field: u32, value: &str) {
    if !value.is_empty() {
        bytes(buffer, field, value.as_bytes());
    }
}

/// An integer field inside a `oneof`: present even when zero.
pub(crate) fn integer(buffer: &mut Vec<u8>, field: u32, value: u64) {
    key(buffer, field, VARINT);
    varint(buffer, value);
}

/// A count or an enumeration outside a `oneof`: absent when zero.
pub(crate) fn count(buffer: &mut Vec<u8>, field: u32, value: u32) {
    if value != 0 {
        integer(buffer, field, u64::from(value));
    }
}

/// Eight bytes in little-endian order inside a `oneof`: present even when zero.
pub(crate) fn fixed_64(buffer: &mut Vec<u8>, field: u32, value: u64) {
    key(buffer, field, FIXED_64);
    buffer.extend_from_slice(&value.to_le_bytes());
}

/// A time outside a `oneof`: absent when zero.
pub(crate) fn time(buffer: &mut Vec<u8>, field: u32, unix_ns: u64) {
    if unix_ns != 0 {
        fixed_64(buffer, field, unix_ns);
    }
}

/// Four bytes of flags in little-endian order: absent when zero.
pub(crate) fn flags(buffer: &mut Vec<u8>, field: u32, value: u32) {
    if value != 0 {
        key(buffer, field, FIXED_32);
        buffer.extend_from_slice(&value.to_le_bytes());
    }
}

fn key(buffer: &mut Vec<u8>, field: u32, wire_type: u32) {
    varint(buffer, u64::from(field << 3 | wire_type));
}

fn varint(buffer: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        buffer.push(value as u8 | 0x80);
        value >>= 7;
    }
    buffer.push(value as u8);
}

/// How many bytes the varint of a number has.
fn varint_bytes(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// The value of a field that was read.
#[derive(Clone, Copy)]
pub(crate) enum Field<'a> {
    /// A varint.
    Integer(u64),
    /// Text, raw bytes or a nested message.
    Bytes(&'a [u8]),
    /// A number of fixed width, which nothing here reads.
    Fixed,
}

impl<'a> Field<'a> {
    /// What a field of text, raw bytes or a nested message holds; none for a number.
    pub(crate) fn bytes(self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Integer(_) | Self::Fixed => None,
        }
    }
}

/// Reads the first field of a message, which is the rest of it then: number and value. None when there is none, or it is
/// malformed.
#[cold]
pub(crate) fn read<'a>(message: &mut &'a [u8]) -> Option<(u32, Field<'a>)> {
    let key = read_varint(message)?;
    let value = match (key & 7) as u32 {
        VARINT => Field::Integer(read_varint(message)?),
        LENGTH_DELIMITED => {
            let length = usize::try_from(read_varint(message)?).ok()?;
            Field::Bytes(message.split_off(..length)?)
        }
        FIXED_64 => message.split_off(..8).map(|_| Field::Fixed)?,
        FIXED_32 => message.split_off(..4).map(|_| Field::Fixed)?,
        _ => return None,
    };
    Some(((key >> 3).try_into().ok()?, value))
}

/// The first varint or length-delimited field of this number in a message; none when it has no such field or what comes
/// before it is malformed.
pub(crate) fn field(mut message: &[u8], number: u32) -> Option<Field<'_>> {
    loop {
        let (found, value) = read(&mut message)?;
        if found == number && !matches!(value, Field::Fixed) {
            return Some(value);
        }
    }
}

/// How many bytes a length-delimited field has in all that holds this many.
pub(crate) fn framed_bytes(number: u32, length: usize) -> usize {
    varint_bytes(u64::from(number << 3)) + varint_bytes(length as u64) + length
}

#[cold]
#[inline(never)]
fn read_varint(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *message.split_off_first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}
