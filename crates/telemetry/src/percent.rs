//! `%2C` and its like, as settings and addresses have them.

/// Reads the two digits after a `%`: the byte they stand for and what follows them.
pub(crate) fn escaped_byte(after_percent: &[u8]) -> Option<(u8, &[u8])> {
    let [high, low, rest @ ..] = after_percent else {
        return None;
    };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let byte = digit(high)? * 16 + digit(low)?;
    Some((u8::try_from(byte).ok()?, rest))
}
