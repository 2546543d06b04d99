//! How far a download is: a bar on a terminal, a line for every tenth elsewhere.

use std::io::{IsTerminal, Stderr, Write};

const BAR_WIDTH: u64 = 40;

/// Shows the progress of one download.
#[derive(Debug)]
pub struct Progress<W = Stderr> {
    out: W,
    is_terminal: bool,
    shown: Option<u64>,
}

impl Progress {
    /// Progress on stderr.
    pub fn on_stderr() -> Self {
        let out = std::io::stderr();
        Self {
            is_terminal: out.is_terminal(),
            out,
            shown: None,
        }
    }
}

impl<W: Write> Progress<W> {
    /// `bytes` have arrived, of `total` where that is known.
    pub(super) fn update(&mut self, bytes: u64, total: Option<u64>) {
        let Some(total) = total.filter(|&total| total > 0) else {
            return;
        };
        let step = if self.is_terminal { 1 } else { 10 };
        let percent = (bytes.min(total) * 100 / total) / step * step;
        if self.shown.replace(percent) == Some(percent) {
            return;
        }
        // Progress that cannot be shown must not stop a download.
        let _ = if self.is_terminal {
            let filled = percent * BAR_WIDTH / 100;
            let bar: String = (0..BAR_WIDTH)
                .map(|at| if at < filled { '#' } else { '.' })
                .collect();
            write!(self.out, "\rdownloading the books [{bar}] {percent:3} %")
        } else {
            writeln!(self.out, "downloading the books: {percent} %")
        };
        let _ = self.out.flush();
    }

    /// The download is complete.
    pub(super) fn finish(&mut self) {
        if self.is_terminal && self.shown.is_some() {
            let _ = writeln!(self.out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(is_terminal: bool, updates: &[(u64, Option<u64>)]) -> String {
        let mut progress = Progress {
            out: Vec::new(),
            is_terminal,
            shown: None,
        };
        updates
            .iter()
            .for_each(|&(bytes, total)| progress.update(bytes, total));
        progress.finish();
        String::from_utf8(progress.out).unwrap()
    }

    #[test]
    fn a_pipe_gets_a_line_for_every_tenth() {
        let updates: Vec<_> = (0..=1000).map(|bytes| (bytes, Some(1000))).collect();
        let lines = shown(false, &updates);
        assert_eq!(lines.lines().count(), 11);
        assert_eq!(lines.lines().last(), Some("downloading the books: 100 %"));
    }

    #[test]
    fn a_terminal_gets_a_bar() {
        let text = shown(true, &[(500, Some(1000))]);
        let half = format!(
            "\rdownloading the books [{}{}]  50 %\n",
            "#".repeat(20),
            ".".repeat(20)
        );
        assert_eq!(text, half);
    }

    #[test]
    fn an_unknown_or_wrong_length_is_no_reason_to_fail() {
        assert_eq!(shown(true, &[(500, None), (500, Some(0))]), "");
        assert_eq!(
            shown(false, &[(5000, Some(1000))]),
            "downloading the books: 100 %\n"
        );
    }
}
