//! JSON to protobuf, message by message, by the rules of OTLP: ids are hexadecimal digits of either case, bytes are
//! base64, whole numbers are numbers or decimal strings, enums are numbers, `null` is absent, unknown fields are ignored.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost::encoding::{WireType, encode_key, encode_varint};
use serde_json::{Map, Value};

use super::schema::{Field, Kind, Message};

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A field holds something else than its kind.
#[derive(Debug, thiserror::Error)]
#[error("`{field}` is not {expected}")]
pub(super) struct NotOtlp {
    field: &'static str,
    expected: &'static str,
}

/// Appends the fields of a message.
pub(super) fn encode(
    message: &'static Message,
    json: &Map<String, Value>,
    out: &mut Vec<u8>,
) -> Result<(), NotOtlp> {
    for (name, value) in json {
        let Some(field) = message.fields.iter().find(|field| field.name == name) else {
            continue;
        };
        match value {
            Value::Null => {}
            Value::Array(values) if field.is_repeated => {
                values
                    .iter()
                    .try_for_each(|value| append(field, value, out))?;
            }
            _ if field.is_repeated => return Err(field.not("an array")),
            value => append(field, value, out)?,
        }
    }
    Ok(())
}

fn append(field: &'static Field, json: &Value, out: &mut Vec<u8>) -> Result<(), NotOtlp> {
    let number = field.number;
    let mut varint = |value: u64| {
        encode_key(number, WireType::Varint, out);
        encode_varint(value, out);
    };
    match field.kind {
        Kind::Bool => varint(u64::from(json.as_bool().ok_or(field.not("true or false"))?)),
        Kind::Enum => {
            // The specification takes no names and therefore no strings here.
            let value = json.as_i64().and_then(|value| i32::try_from(value).ok());
            varint(sign_extended(
                value.ok_or(field.not("a number, as enums are"))?,
            ));
        }
        Kind::Int32 => varint(sign_extended(
            signed(json).and_then(narrow).ok_or(field.not(INT32))?,
        )),
        Kind::Sint32 => {
            let value: i32 = signed(json).and_then(narrow).ok_or(field.not(INT32))?;
            varint(u64::from(((value << 1) ^ (value >> 31)).cast_unsigned()));
        }
        Kind::Uint32 => varint(u64::from(uint32(field, json)?)),
        Kind::Int64 => varint(signed(json).ok_or(field.not(INT64))?.cast_unsigned()),
        Kind::Uint64 => varint(unsigned(json).ok_or(field.not(UINT64))?),
        Kind::Fixed32 => {
            let value = uint32(field, json)?;
            encode_key(number, WireType::ThirtyTwoBit, out);
            out.extend(value.to_le_bytes());
        }
        Kind::Fixed64 => {
            let value = unsigned(json).ok_or(field.not(UINT64))?;
            fixed64(number, value.to_le_bytes(), out);
        }
        Kind::Sfixed64 => {
            let value = signed(json).ok_or(field.not(INT64))?;
            fixed64(number, value.to_le_bytes(), out);
        }
        Kind::Double => {
            let value = double(json).ok_or(field.not("a number"))?;
            fixed64(number, value.to_le_bytes(), out);
        }
        Kind::Text => {
            let text = json.as_str().ok_or(field.not("a string"))?;
            delimited(number, text.as_bytes(), out);
        }
        Kind::HexId => {
            let id = json.as_str().and_then(hex);
            delimited(number, &id.ok_or(field.not("hexadecimal digits"))?, out);
        }
        Kind::Bytes => {
            let bytes = json.as_str().and_then(base64);
            delimited(number, &bytes.ok_or(field.not("base64"))?, out);
        }
        Kind::Message(message) => {
            let members = json.as_object().ok_or(field.not("an object"))?;
            let mut inner = Vec::new();
            encode(message, members, &mut inner)?;
            delimited(number, &inner, out);
        }
    }
    Ok(())
}

const INT32: &str = "a whole number of 32 bits";
const INT64: &str = "a whole number of 64 bits";
const UINT64: &str = "a whole number of 64 bits that is not negative";

impl Field {
    fn not(&self, expected: &'static str) -> NotOtlp {
        NotOtlp {
            field: self.name,
            expected,
        }
    }
}

fn fixed64(number: u32, value: [u8; 8], out: &mut Vec<u8>) {
    encode_key(number, WireType::SixtyFourBit, out);
    out.extend(value);
}

fn delimited(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Protobuf writes negative numbers of 32 bits as those of 64.
fn sign_extended(value: i32) -> u64 {
    i64::from(value).cast_unsigned()
}

fn narrow<T: TryFrom<i64>>(value: i64) -> Option<T> {
    value.try_into().ok()
}

fn uint32(field: &Field, json: &Value) -> Result<u32, NotOtlp> {
    let value = unsigned(json).and_then(|value| u32::try_from(value).ok());
    value.ok_or(field.not("a whole number of 32 bits that is not negative"))
}

fn unsigned(json: &Value) -> Option<u64> {
    match json {
        Value::Number(number) => number.as_u64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

fn signed(json: &Value) -> Option<i64> {
    match json {
        Value::Number(number) => number.as_i64(),
        Value::String(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// JSON has no numbers for what is not finite; protobuf writes those as strings.
fn double(json: &Value) -> Option<f64> {
    match json {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            digits => digits.parse().ok().filter(|value: &f64| value.is_finite()),
        },
        _ => None,
    }
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let pairs = digits.as_bytes().chunks(2).map(|pair| match *pair {
        [high, low] => u8::try_from(nibble(high)? << 4 | nibble(low)?).ok(),
        _ => None,
    });
    pairs.collect()
}

/// Both alphabets, with and without padding.
fn base64(text: &str) -> Option<Vec<u8>> {
    let standard: String = text
        .chars()
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    BASE64.decode(standard).ok()
}
