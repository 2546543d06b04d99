//! A text in lines, and where it can be cut without cutting a paragraph.

use std::ops;

/// A text as letters in lines, and which letters are marked.
pub(super) struct Lines {
    /// The letters.
    pub letters: Vec<char>,
    /// Whether each of them is marked.
    pub marked: Vec<bool>,
    /// The lines without their ends.
    pub lines: Vec<ops::Range<usize>>,
}

impl Lines {
    /// The lines of `text`; `highlights` are half-open ranges of letters.
    pub(super) fn new(text: &str, highlights: &[(usize, usize)]) -> Lines {
        let letters: Vec<char> = text.chars().collect();
        let mut marked = vec![false; letters.len()];
        for &(from, to) in highlights {
            let to = to.min(letters.len());
            marked[from.min(to)..to].fill(true);
        }
        let mut lines = Vec::new();
        let mut start = 0;
        for (place, letter) in letters.iter().enumerate() {
            if *letter == '\n' {
                lines.push(start..place);
                start = place + 1;
            }
        }
        lines.push(start..letters.len());
        Lines {
            letters,
            marked,
            lines,
        }
    }

    /// Letters in all.
    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }

    /// The first paragraph that begins within the text and not behind `place`, else the first such line, else the front.
    pub(super) fn first_start_up_to(&self, place: usize) -> usize {
        let line_starts = || self.lines.iter().skip(1).map(|line| line.start);
        self.paragraph_starts()
            .find(|&start| start <= place)
            .or_else(|| line_starts().find(|&start| start <= place))
            .unwrap_or(0)
    }

    /// The last paragraph that begins within the text and not before `place`, else the last such line, else the end.
    pub(super) fn last_start_from(&self, place: usize) -> usize {
        let mut line_starts = self.lines.iter().skip(1).map(|line| line.start);
        self.paragraph_starts()
            .filter(|&start| start >= place)
            .last()
            .or_else(|| line_starts.rfind(|&start| start >= place))
            .unwrap_or(self.len())
    }

    /// Whether a line holds nothing but white space.
    pub(super) fn is_blank(&self, line: &ops::Range<usize>) -> bool {
        self.letters[line.clone()]
            .iter()
            .all(|letter| letter.is_whitespace())
    }

    /// Lines that stand after a blank one and are none themselves. The last line may go on beyond the text and is still the
    /// start of a paragraph.
    fn paragraph_starts(&self) -> impl Iterator<Item = usize> {
        self.lines.windows(2).filter_map(|pair| {
            let is_start = self.is_blank(&pair[0]) && !self.is_blank(&pair[1]);
            is_start.then_some(pair[1].start)
        })
    }
}
