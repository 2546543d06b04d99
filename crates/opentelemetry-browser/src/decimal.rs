//! Whole and decimal numbers as text. The standard library reads and writes every number exactly, for which a page would have
//! to download tables; these are the few that occur here.

/// From here on, doubles have gaps.
#[cfg(feature = "server_timing")]
const EXACT: u64 = 1 << 53;

/// A number of digits only.
pub(crate) fn whole(digits: &str) -> Option<u64> {
    let number = digits.bytes().try_fold(0_u64, push_digit);
    number.filter(|_| !digits.is_empty())
}

/// A number of digits with or without a fraction, of which digits too fine for a double are left out.
#[cfg(feature = "server_timing")]
pub(crate) fn fractional(text: &str) -> Option<f64> {
    let (before, after) = crate::url::split(text, b".");
    let mut digits = whole(before)?;
    let mut scale = 1.0;
    for digit in after.bytes().skip(1) {
        let longer = push_digit(digits, digit)?;
        if digits < EXACT / 10 - 1 {
            digits = longer;
            scale *= 10.0;
        }
    }
    Some(digits as f64 / scale)
}

/// Writes a number in digits.
pub(crate) fn push(text: &mut String, number: u64) {
    if number >= 10 {
        push(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

fn push_digit(number: u64, digit: u8) -> Option<u64> {
    let digit = digit.wrapping_sub(b'0');
    (digit < 10).then_some(())?;
    // `checked_mul` would multiply to 128 bits.
    (number <= u64::MAX / 10).then_some(())?;
    (number * 10).checked_add(digit.into())
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn reads_and_writes_like_the_standard_library(number: u64, text in "[0-9]{0,22}") {
            let mut written = String::new();
            push(&mut written, number);
            prop_assert_eq!(&written, &number.to_string());
            prop_assert_eq!(whole(&written), Some(number));
            prop_assert_eq!(whole(&text), text.parse().ok());
        }

        #[test]
        fn whatever_is_no_number_is_none(text in "\\PC{0,20}") {
            let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            prop_assert_eq!(whole(&text).is_some(), is_whole && text.parse::<u64>().is_ok());
        }
    }

    #[cfg(feature = "server_timing")]
    proptest! {
        #[test]
        fn milliseconds_are_exact(ms in 0_u64..4_000_000_000_000, thousandths in 0_u64..1000) {
            let text = format!("{ms}.{thousandths:03}");
            prop_assert_eq!(fractional(&text), text.parse().ok());
            prop_assert_eq!(fractional(&ms.to_string()), Some(ms as f64));
        }

        #[test]
        fn finer_digits_change_little(text in "[0-9]{1,12}[.][0-9]{0,20}") {
            let exact: f64 = text.parse().unwrap();
            prop_assert!((fractional(&text).unwrap() - exact).abs() <= 0.001, "{}", text);
        }

        #[test]
        fn nonsense_is_none_or_finite(text in "\\PC{0,40}") {
            prop_assert!(fractional(&text).is_none_or(f64::is_finite));
        }
    }
}
