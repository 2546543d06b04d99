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
mod tests {
    use super::format;

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
}
