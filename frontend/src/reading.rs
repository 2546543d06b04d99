//! What the reader shows, as plain data: which bytes of a book to ask for, and the parts of its text that are there. Bytes
//! and letters are the same here, because texts are decoded one byte to a letter.

pub(crate) mod blocks;
mod lines;
mod verse;

use std::sync::Arc;

use shared::{BookDetail, BookText, Chapter};

use crate::state::Spot;
use blocks::Block;
use lines::Lines;

/// Most bytes that one request may ask for.
const MOST_BYTES: u64 = 65_536;
/// Read before a passage and after it, so that it stands in its surroundings.
const BEFORE: u64 = 4_096;
const AFTER: u64 = 12_288;
/// Read when the reader goes on beyond what is there.
const STEP: u64 = 32_768;

/// A half-open range of bytes of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    /// First byte.
    pub from: u64,
    /// Byte after the last.
    pub to: u64,
}

/// A part of a book as it was loaded, cut to whole paragraphs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// What of the book is shown.
    pub range: Range,
    /// Its paragraphs, stanzas and headings.
    pub blocks: Vec<Block>,
}

/// An open book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The book and its chapters.
    pub book: BookDetail,
    /// What it was opened at.
    pub passage: Range,
    /// Neighbouring parts in the order of the book; never empty.
    pub parts: Vec<Arc<Part>>,
}

/// What to ask for when a book of `bytes` bytes is opened, and the passage to show in it.
///
/// # Errors
/// A sentence when the book has no such place.
pub(crate) fn opening(bytes: u64, spot: Spot) -> Result<(Range, Range), String> {
    let passage = match spot {
        Spot::Beginning => Range { from: 0, to: 0 },
        Spot::Passage { from, to } if from < bytes && to <= bytes => Range { from, to },
        Spot::Passage { from, to } => {
            return Err(format!(
                "The book has {bytes} bytes; the address asks for those from {from} to {to}."
            ));
        }
        Spot::Unreadable => {
            return Err(
                "The address names no passage: from and to are numbers of bytes, the smaller one first."
                    .to_owned(),
            );
        }
    };
    let is_place = passage.from == passage.to;
    let from = match is_place {
        true => passage.from,
        false => passage.from.saturating_sub(BEFORE),
    };
    let to = (passage.to + AFTER).min(from + MOST_BYTES).min(bytes);
    Ok((Range { from, to }, passage))
}

impl Reading {
    /// A book opened at `passage`, with the first text that arrived.
    pub(crate) fn new(book: BookDetail, passage: Range, text: &BookText) -> Reading {
        let bytes = book.bytes as u64;
        let part = Part::new(text, passage, bytes, &book.chapters, passage);
        Reading {
            parts: vec![Arc::new(part)],
            passage,
            book,
        }
    }

    /// What stands before that which is there; nothing at the front of the book.
    pub(crate) fn earlier(&self) -> Option<Range> {
        let to = self.parts.first()?.range.from;
        (to > 0).then(|| Range {
            from: to.saturating_sub(STEP),
            to,
        })
    }

    /// What stands after that which is there; nothing at the end of the book.
    pub(crate) fn later(&self) -> Option<Range> {
        let from = self.parts.last()?.range.to;
        let bytes = self.book.bytes as u64;
        (from < bytes).then(|| Range {
            from,
            to: (from + STEP).min(bytes),
        })
    }

    /// Takes in text that stands right before or right after that which is there; any other text came too late.
    pub(crate) fn take(&mut self, text: &BookText) {
        let (from, to) = (text.from as u64, text.to as u64);
        let bytes = self.book.bytes as u64;
        let part = |joint: u64| {
            let kept = Range {
                from: joint,
                to: joint,
            };
            Arc::new(Part::new(
                text,
                kept,
                bytes,
                &self.book.chapters,
                self.passage,
            ))
        };
        if self.parts.last().is_some_and(|last| last.range.to == from) {
            let part = part(from);
            self.parts.push(part);
        } else if self
            .parts
            .first()
            .is_some_and(|first| first.range.from == to)
        {
            let part = part(to);
            self.parts.insert(0, part);
        }
    }

    /// The chapter that the passage stands in.
    pub(crate) fn chapter(&self) -> Option<&Chapter> {
        chapter_at(&self.book.chapters, self.passage.from)
    }
}

/// The chapter that holds a byte.
fn chapter_at(chapters: &[Chapter], byte: u64) -> Option<&Chapter> {
    let after = chapters.partition_point(|chapter| chapter.from as u64 <= byte);
    chapters[..after].last()
}

impl Part {
    /// Cuts `text` to whole paragraphs, as far as all of `kept` stays. At the ends of the book nothing is cut.
    fn new(text: &BookText, kept: Range, bytes: u64, chapters: &[Chapter], passage: Range) -> Part {
        let start = text.from as u64;
        let lines = Lines::new(&text.text, &text.highlights);
        let place = |byte: u64| byte.saturating_sub(start).min(lines.len() as u64) as usize;
        let front = match start {
            0 => 0,
            _ => lines.first_start_up_to(place(kept.from)),
        };
        let end = match text.to as u64 == bytes {
            true => lines.len(),
            false => lines.last_start_from(place(kept.to).max(front + 1)),
        };
        Part {
            range: Range {
                from: start + front as u64,
                to: start + end as u64,
            },
            blocks: blocks::blocks(&lines, front..end, start, chapters, passage),
        }
    }
}

impl Range {
    /// Whether the two have a byte in common.
    pub(crate) fn overlaps(self, other: Range) -> bool {
        self.from.max(other.from) < self.to.min(other.to)
    }
}

#[cfg(test)]
mod tests {
    use shared::Book;

    use super::*;

    /// A book of paragraphs of 10 bytes each: eight letters and a blank line.
    fn book(paragraphs: usize) -> (BookDetail, String) {
        let text = "aaaaaaaa\n\n".repeat(paragraphs);
        let detail = BookDetail {
            book: Book {
                id: "x.txt".into(),
                title: "X".into(),
                author: None,
                year: 1851,
                word_count: paragraphs,
            },
            bytes: text.len(),
            chapters: vec![],
        };
        (detail, text)
    }

    fn range(from: u64, to: u64) -> Range {
        Range { from, to }
    }

    fn part(text: &str, Range { from, to }: Range) -> BookText {
        let (from, to) = (from as usize, to as usize);
        BookText {
            id: "x.txt".into(),
            from,
            to,
            text: text[from..to].into(),
            highlights: vec![],
        }
    }

    #[test]
    fn a_passage_is_opened_in_its_surroundings() {
        let passage = Spot::Passage {
            from: 10_000,
            to: 10_300,
        };
        let opened = opening(1_000_000, passage);
        assert_eq!(opened, Ok((range(5_904, 22_588), range(10_000, 10_300))));
        assert_eq!(
            opening(500, Spot::Beginning),
            Ok((range(0, 500), range(0, 0)))
        );
        let chapter = Spot::Passage { from: 90, to: 90 };
        assert_eq!(opening(500, chapter), Ok((range(90, 500), range(90, 90))));
    }

    #[test]
    fn no_request_asks_for_more_than_is_allowed() {
        let all = Spot::Passage {
            from: 50_000,
            to: 4_000_000,
        };
        let (window, _) = opening(4_000_000, all).expect("the book has these bytes");
        assert_eq!(window.to - window.from, MOST_BYTES);
        const { assert!(STEP <= MOST_BYTES) };
    }

    #[test]
    fn a_place_beyond_the_end_is_said_in_a_sentence() {
        let beyond = Spot::Passage {
            from: 99_999_999_999,
            to: 99_999_999_999,
        };
        assert_eq!(
            opening(7_000, beyond),
            Err(
                "The book has 7000 bytes; the address asks for those from 99999999999 to 99999999999."
                    .to_owned()
            )
        );
        assert!(
            opening(
                7_000,
                Spot::Passage {
                    from: 7_000,
                    to: 7_000
                }
            )
            .is_err()
        );
        assert!(opening(7_000, Spot::Unreadable).is_err());
    }

    #[test]
    fn parts_are_whole_paragraphs_and_join_without_a_gap() {
        let (detail, text) = book(10_000);
        let passage = range(50_003, 50_006);
        let (window, passage) = opening(
            detail.bytes as u64,
            Spot::Passage {
                from: passage.from,
                to: passage.to,
            },
        )
        .expect("the book has these bytes");
        let mut reading = Reading::new(detail, passage, &part(&text, window));
        assert_eq!(reading.parts[0].range, range(45_910, 62_290));
        while let Some(wanted) = reading.earlier() {
            assert!(wanted.to - wanted.from <= MOST_BYTES);
            reading.take(&part(&text, wanted));
        }
        while let Some(wanted) = reading.later() {
            reading.take(&part(&text, wanted));
        }
        let mut next = 0;
        for part in &reading.parts {
            assert_eq!(part.range.from, next);
            next = part.range.to;
        }
        assert_eq!(next, 100_000);
        let paragraphs: usize = reading.parts.iter().map(|part| part.blocks.len()).sum();
        assert_eq!(paragraphs, 10_000);
    }

    #[test]
    fn text_that_came_too_late_changes_nothing() {
        let (detail, text) = book(10_000);
        let mut reading = Reading::new(detail, range(0, 0), &part(&text, range(0, 20_000)));
        let before = reading.clone();
        reading.take(&part(&text, range(40_000, 50_000)));
        assert_eq!(reading, before);
    }

    #[test]
    fn text_without_a_blank_line_is_shown_as_it_comes() {
        let (detail, _) = book(10_000);
        let text = "x".repeat(detail.bytes);
        let passage = range(50_000, 50_010);
        let mut reading = Reading::new(detail, passage, &part(&text, range(40_000, 60_000)));
        assert_eq!(reading.parts[0].range, range(40_000, 60_000));
        let wanted = reading.earlier().expect("there is more");
        reading.take(&part(&text, wanted));
        assert_eq!(reading.parts[0].range, range(7_232, 40_000));
    }

    #[test]
    fn a_passage_stands_in_the_last_chapter_that_begins_before_it() {
        let chapter = |from| Chapter {
            title: format!("Chapter at {from}"),
            from,
            to: from + 100,
        };
        let chapters = [chapter(10), chapter(110)];
        let title = |byte| chapter_at(&chapters, byte).map(|found| found.from);
        assert_eq!(title(9), None);
        assert_eq!(title(10), Some(10));
        assert_eq!(title(500), Some(110));
    }
}
