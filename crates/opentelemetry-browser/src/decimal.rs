//! Whole numbers as text. The standard library reads and writes every number exactly, for which a page would have
//! to download tables; these are the few that occur here.

/// Writes a number in digits.
pub(crate) fn push(text: &mut String, number: u64) {
    if number >= 10 {
        push(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn writes_like_the_standard_library(number: u64) {
            let mut written = String::new();
            push(&mut written, number);
            prop_assert_eq!(written, number.to_string());
        }
    }
}
