//! Durations as people read them.

/// A duration in three digits and the unit that reads best: `0.412 µs`, `61.0 µs`, `12.4 ms`, `1.25 s`; whole seconds
/// from 1000 s on. Rounded to nearest.
#[must_use]
pub fn format(duration_ns: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s")];
    if duration_ns == 0 {
        return "0 µs".to_owned();
    }
    for (unit_ns, unit) in UNITS {
        for decimals in [3, 2, 1, 0] {
            let steps = rounded(duration_ns, unit_ns / 10_u64.pow(decimals));
            // Three digits hold no more.
            if steps < 1_000 {
                return with_point(steps, decimals, unit);
            }
        }
    }
    with_point(rounded(duration_ns, 1_000_000_000), 0, "s")
}

/// Units that [`parse`] takes, with their nanoseconds.
const PARSED_UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("µs", 1_000),
    ("μs", 1_000),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads a duration: a decimal number and its unit, `ns`, `µs` (or `us`), `ms`, `s`, `m` or `h`, such as `12.4 ms`. Digits
/// below a nanosecond are cut off. Nothing when it is anything else, or more than 584 years.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let unit_at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(unit_at);
    let (_, unit_ns) = PARSED_UNITS
        .into_iter()
        .find(|(name, _)| *name == unit.trim())?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    if fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let mut duration_ns = whole.parse::<u64>().ok()?.checked_mul(unit_ns)?;
    let mut step_ns = unit_ns;
    for digit in fraction.bytes() {
        step_ns /= 10;
        duration_ns = duration_ns.checked_add(u64::from(digit - b'0') * step_ns)?;
    }
    Some(duration_ns)
}

/// The smallest of these durations that at least `percent` of 100 do not exceed (the nearest rank); 0 of none. They are in
/// rising order.
#[must_use]
pub fn percentile(sorted_ns: &[u64], percent: u8) -> u64 {
    let rank = (sorted_ns.len() * usize::from(percent.min(100))).div_ceil(100);
    sorted_ns.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

fn rounded(duration_ns: u64, step_ns: u64) -> u64 {
    duration_ns / step_ns + u64::from(duration_ns % step_ns * 2 >= step_ns)
}

fn with_point(steps: u64, decimals: u32, unit: &str) -> String {
    let one = 10_u64.pow(decimals);
    match decimals {
        0 => format!("{steps} {unit}"),
        _ => format!(
            "{}.{:0width$} {unit}",
            steps / one,
            steps % one,
            width = decimals as usize
        ),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]
mod tests {
    use super::{format, parse, percentile};

    #[test]
    fn three_digits_and_the_unit_that_reads_best() {
        let cases = [
            (0, "0 µs"),
            (1, "0.001 µs"),
            (412, "0.412 µs"),
            (999, "0.999 µs"),
            (1_000, "1.00 µs"),
            (1_234, "1.23 µs"),
            (61_000, "61.0 µs"),
            (999_499, "999 µs"),
            (999_500, "1.00 ms"),
            (12_350_000, "12.4 ms"),
            (99_950_000, "100 ms"),
            (1_250_000_000, "1.25 s"),
            (999_499_999_999, "999 s"),
            (3_600_500_000_000, "3601 s"),
            (u64::MAX, "18446744074 s"),
        ];
        for (duration_ns, text) in cases {
            assert_eq!(format(duration_ns), text, "{duration_ns} ns");
        }
    }

    #[test]
    fn numbers_with_a_unit_are_read() {
        let cases = [
            ("0s", Some(0)),
            ("12.4 ms", Some(12_400_000)),
            (" 500us ", Some(500_000)),
            ("500 µs", Some(500_000)),
            ("1.5m", Some(90_000_000_000)),
            ("0.0000000019s", Some(1)),
            ("1h", Some(3_600_000_000_000)),
            ("18446744073709551615ns", Some(u64::MAX)),
            ("18446744073709551616ns", None),
            ("584543 h", Some(2_104_354_800_000_000_000)),
            ("99999999h", None),
            ("", None),
            ("5", None),
            ("ms", None),
            ("-1ms", None),
            ("1.ms", None),
            (".5ms", None),
            ("1.2.3ms", None),
            ("1 fortnight", None),
            ("1,5ms", None),
        ];
        for (text, duration_ns) in cases {
            assert_eq!(parse(text), duration_ns, "{text:?}");
        }
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let hundred: Vec<u64> = (1..=100).collect();
        assert_eq!(
            [0, 1, 50, 95, 99, 100].map(|percent| percentile(&hundred, percent)),
            [1, 1, 50, 95, 99, 100]
        );
        assert_eq!(
            [0, 50, 51, 100].map(|percent| percentile(&[7, 9], percent)),
            [7, 7, 9, 9]
        );
        assert_eq!(percentile(&[], 95), 0);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[0-9.µnmsh é-]{0,24}|.{0,24}") {
            let _ = parse(&text);
        }

        #[test]
        fn what_was_written_is_read_to_three_digits(duration_ns in 0..1_000_000_000_000_000_000_u64) {
            let read_ns = parse(&format(duration_ns)).unwrap();
            proptest::prop_assert!(read_ns.abs_diff(duration_ns) <= duration_ns / 199 + 1);
        }
    }
}
