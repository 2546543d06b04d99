//! Which rows are on the screen: the waterfall of a long trace has elements for these only.

use std::ops::Range;

use boxed_view::RwSignal;

/// Up to so many rows all of them have elements: nothing would be won, and the browser's own search finds them.
const ALL_UP_TO: usize = 120;
/// The first and last row of a slice are multiples of this, so that scrolling a little changes nothing.
const STEP: usize = 16;
/// Rows beyond the edges, so that none is missing while the page scrolls.
const SPARE: usize = 12;

/// Where the rows lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Layout {
    /// Height of a row in pixels.
    pub row_px: f64,
    /// The row whose details are shown below it, and the height of these in pixels.
    pub opened: Option<(usize, f64)>,
}

impl Layout {
    /// Distance of a row from the first one, in pixels.
    pub(crate) fn top_px(self, row: usize) -> f64 {
        let details_px = match self.opened {
            Some((opened, height_px)) if row > opened => height_px,
            _ => 0.0,
        };
        row as f64 * self.row_px + details_px
    }

    /// The row at a distance from the first one.
    fn row_at(self, y_px: f64) -> usize {
        let below = match self.opened {
            Some((opened, height_px)) => {
                let end_px = (opened + 1) as f64 * self.row_px;
                (y_px - end_px).clamp(0.0, height_px)
            }
            None => 0.0,
        };
        ((y_px - below).max(0.0) / self.row_px) as usize
    }

    /// The rows of `count` that need elements. `top_px` is where the first one is, against the window's upper edge;
    /// `window_px` is the window's height.
    pub(crate) fn slice(self, count: usize, top_px: f64, window_px: f64) -> Range<usize> {
        if count <= ALL_UP_TO {
            return 0..count;
        }
        let first = self.row_at(-top_px).saturating_sub(SPARE) / STEP * STEP;
        let last = (self.row_at(window_px - top_px) + SPARE).div_ceil(STEP) * STEP;
        first.min(count)..last.min(count)
    }
}

/// Writes a measure down, unless it is the one of before: who reads it is not told in vain.
pub(crate) fn set_if_new<T: PartialEq + Send + Sync + 'static>(
    signal: RwSignal<T>,
    value: Option<T>,
) {
    if let Some(value) = value
        && signal.try_with_untracked(|old| *old != value) == Some(true)
    {
        signal.set(value);
    }
}

/// A length for a style sheet.
pub(crate) fn px(length: f64) -> String {
    format!("{length:.1}px")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Layout = Layout {
        row_px: 25.0,
        opened: None,
    };
    const OPENED: Layout = Layout {
        row_px: 25.0,
        opened: Some((100, 400.0)),
    };

    #[test]
    fn a_short_trace_has_all_its_rows() {
        assert_eq!(PLAIN.slice(120, -9_999.0, 800.0), 0..120);
        assert_eq!(PLAIN.slice(0, 0.0, 800.0), 0..0);
    }

    #[test]
    fn a_long_trace_has_those_on_the_screen() {
        assert_eq!(PLAIN.slice(10_000, 300.0, 800.0), 0..32);
        assert_eq!(PLAIN.slice(10_000, -25_000.0, 800.0), 976..1056);
        assert_eq!(PLAIN.slice(10_000, -249_500.0, 800.0), 9968..10_000);
        assert_eq!(PLAIN.slice(10_000, -9e9, 800.0), 10_000..10_000);
    }

    #[test]
    fn details_push_what_is_below_them_down() {
        assert_eq!(OPENED.top_px(100), 2_500.0);
        assert_eq!(OPENED.top_px(101), 2_925.0);
        assert_eq!(OPENED.row_at(2_510.0), 100);
        assert_eq!(OPENED.row_at(2_700.0), 101);
        assert_eq!(OPENED.row_at(2_930.0), 101);
        assert_eq!(OPENED.row_at(2_960.0), 102);
    }
}
