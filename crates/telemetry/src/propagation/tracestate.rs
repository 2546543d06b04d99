//! The `tracestate` header of W3C trace context level 2: `key=value` members of several tracing systems.

use super::traceparent::trim_blanks;

/// Most members a list may have; a longer one is invalid as a whole.
const MAX_MEMBERS: usize = 32;
/// Longest key and longest value in bytes.
const MAX_LENGTH: usize = 256;

/// A valid, non-empty list, kept as it came apart from blanks around its members.
///
/// Members are not interpreted; a key that appears twice is kept twice, which the specification allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracestate(String);

impl Tracestate {
    /// Reads all lines of the header as one list; `None` when any member is malformed, there are more than 32, or none.
    pub fn parse<'l>(lines: impl IntoIterator<Item = &'l [u8]>) -> Option<Self> {
        let mut list = String::new();
        let mut count = 0;
        for line in lines {
            for member in line.split(|&byte| byte == b',').map(trim_blanks) {
                if member.is_empty() {
                    continue;
                }
                count += 1;
                if count > MAX_MEMBERS || !is_member(member) {
                    return None;
                }
                if !list.is_empty() {
                    list.push(',');
                }
                list.push_str(std::str::from_utf8(member).ok()?);
            }
        }
        (!list.is_empty()).then_some(Self(list))
    }

    /// The list as one header value.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_member(member: &[u8]) -> bool {
    let Some(equals) = member.iter().position(|&byte| byte == b'=') else {
        return false;
    };
    let (key, value) = (&member[..equals], &member[equals + 1..]);
    is_key(key) && is_value(value)
}

fn is_key(key: &[u8]) -> bool {
    let starts_well = matches!(key, [b'a'..=b'z' | b'0'..=b'9', ..]);
    let allowed =
        |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' | b'*' | b'/' | b'@');
    starts_well && key.len() <= MAX_LENGTH && key.iter().all(allowed)
}

/// Printable ASCII without comma and equals sign; blanks inside only, since those around it were trimmed.
fn is_value(value: &[u8]) -> bool {
    let allowed = |byte: &u8| matches!(byte, b' '..=b'~') && !matches!(byte, b',' | b'=');
    !value.is_empty() && value.len() <= MAX_LENGTH && value.iter().all(allowed)
}
