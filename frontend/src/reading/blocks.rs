//! The text of a book as paragraphs, stanzas and headings: prose is re-flowed, verse keeps its lines.

use std::ops;

use shared::Chapter;

use super::Range;
use super::lines::Lines;
use super::verse::is_verse;
use crate::passage::Piece;

/// What stands between two blank lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// Where it stands in the book.
    pub range: Range,
    /// How it is set.
    pub kind: Kind,
    /// The next block belongs to the same stanza.
    pub goes_on: bool,
    /// Its text with the marked words.
    pub pieces: Vec<Piece>,
}

/// How a block is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lines are as long as there is room.
    Prose,
    /// Lines end where they end in the book.
    Verse,
    /// The heading of a chapter.
    Heading,
}

/// The blocks of the letters in `shown`; the first letter of all is byte `start` of the book. The lines of `passage` are
/// blocks of their own where they are verse, because a stanza can be as long as a canto.
pub(super) fn blocks(
    text: &Lines,
    shown: ops::Range<usize>,
    start: u64,
    chapters: &[Chapter],
    passage: Range,
) -> Vec<Block> {
    let inside = text.lines.iter().filter_map(|line| {
        let line = line.start.max(shown.start)..line.end.min(shown.end);
        (line.start <= line.end && line.start < shown.end).then_some(line)
    });
    let mut blocks = Vec::new();
    let mut lines = Vec::new();
    for line in inside {
        if text.is_blank(&line) {
            blocks.extend(paragraph(text, &lines, start, chapters, passage));
            lines.clear();
        } else {
            lines.push(line);
        }
    }
    blocks.extend(paragraph(text, &lines, start, chapters, passage));
    blocks
}

/// The blocks of lines without a blank one among them; none of no lines.
fn paragraph(
    text: &Lines,
    lines: &[ops::Range<usize>],
    start: u64,
    chapters: &[Chapter],
    passage: Range,
) -> Vec<Block> {
    let Some(range) = range_of(lines, start) else {
        return Vec::new();
    };
    let letters: Vec<&[char]> = lines
        .iter()
        .map(|line| &text.letters[line.clone()])
        .collect();
    let is_heading = is_heading(range, &letters, chapters);
    if is_heading || !is_verse(&letters) {
        let kind = match is_heading {
            true => Kind::Heading,
            false => Kind::Prose,
        };
        let pieces = reflowed(text, lines);
        return vec![Block {
            range,
            kind,
            goes_on: false,
            pieces,
        }];
    }
    let common = common_indentation(text, lines);
    let front = lines.partition_point(|line| start + line.end as u64 <= passage.from);
    let end = lines.partition_point(|line| start + (line.start as u64) < passage.to);
    let end = end.max(front);
    [&lines[..front], &lines[front..end], &lines[end..]]
        .into_iter()
        .filter_map(|lines| {
            let part = range_of(lines, start)?;
            Some(Block {
                range: part,
                kind: Kind::Verse,
                goes_on: part.to < range.to,
                pieces: kept_lines(text, lines, common),
            })
        })
        .collect()
}

fn range_of(lines: &[ops::Range<usize>], start: u64) -> Option<Range> {
    let (first, last) = (lines.first()?, lines.last()?);
    Some(Range {
        from: start + first.start as u64,
        to: start + last.end as u64,
    })
}

/// Whether a block is a heading, or one of several that together are the title of a chapter.
fn is_heading(block: Range, text: &[&[char]], chapters: &[Chapter]) -> bool {
    /// Bytes between two headings that are read as one.
    const GAP: u64 = 80;
    let [line] = text else {
        return false;
    };
    let below = chapters.partition_point(|chapter| (chapter.from as u64) < block.to);
    chapters[..below].last().is_some_and(|chapter| {
        let words: String = line.iter().collect();
        let words: Vec<&str> = words.split_whitespace().collect();
        block.from <= chapter.from as u64 + chapter.title.len() as u64 + GAP
            && chapter.title.contains(&words.join(" "))
    })
}

/// The text with all white space between two words as one space.
fn reflowed(text: &Lines, lines: &[ops::Range<usize>]) -> Vec<Piece> {
    let mut cut = Cut::default();
    let mut is_gap = false;
    for line in lines {
        for place in line.clone() {
            if text.letters[place].is_whitespace() {
                is_gap = true;
                continue;
            }
            cut.gap(&mut is_gap, ' ');
            cut.push(text.letters[place], text.marked[place]);
        }
        is_gap = true;
    }
    joined(cut.pieces)
}

/// The white space that all of the lines begin with.
fn common_indentation(text: &Lines, lines: &[ops::Range<usize>]) -> usize {
    let indentation = |line: &ops::Range<usize>| {
        let letters = text.letters[line.clone()].iter();
        letters.take_while(|letter| letter.is_whitespace()).count()
    };
    lines.iter().map(indentation).min().unwrap_or(0)
}

/// The text in its lines, without `common` letters in front of each and the white space that ends it.
fn kept_lines(text: &Lines, lines: &[ops::Range<usize>], common: usize) -> Vec<Piece> {
    let mut cut = Cut::default();
    let mut is_gap = false;
    for line in lines {
        let mut end = line.end;
        while end > line.start && text.letters[end - 1].is_whitespace() {
            end -= 1;
        }
        cut.gap(&mut is_gap, '\n');
        for place in line.start + common..end {
            cut.push(text.letters[place], text.marked[place]);
        }
        is_gap = true;
    }
    joined(cut.pieces)
}

/// Marked words that follow each other as one piece, so that a phrase is one match and not as many as it has words.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        if let (Piece::Marked(word), [.., Piece::Marked(_), Piece::Plain(between)]) =
            (&piece, joined.as_slice())
            && between.chars().all(char::is_whitespace)
        {
            let gap = joined.pop();
            if let (Some(Piece::Plain(gap)), Some(Piece::Marked(before))) = (gap, joined.last_mut())
            {
                before.push_str(&gap);
                before.push_str(word);
            }
            continue;
        }
        joined.push(piece);
    }
    joined
}

/// Pieces that grow letter by letter.
#[derive(Default)]
struct Cut {
    pieces: Vec<Piece>,
}

impl Cut {
    fn push(&mut self, letter: char, is_marked: bool) {
        match (self.pieces.last_mut(), is_marked) {
            (Some(Piece::Plain(text)), false) | (Some(Piece::Marked(text)), true) => {
                text.push(letter);
            }
            (_, false) => self.pieces.push(Piece::Plain(letter.into())),
            (_, true) => self.pieces.push(Piece::Marked(letter.into())),
        }
    }

    /// White space, where there is some and not at the front.
    fn gap(&mut self, is_gap: &mut bool, letter: char) {
        if std::mem::take(is_gap) && !self.pieces.is_empty() {
            self.push(letter, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: Range = Range { from: 0, to: 0 };

    /// Kind and text of every block, marks in brackets.
    #[track_caller]
    fn check(text: &str, highlights: &[(usize, usize)], expected: &[(Kind, &str)]) {
        let lines = Lines::new(text, highlights);
        let chapters = [Chapter {
            title: "CHAPTER I".into(),
            from: 1_000,
            to: 9_000,
        }];
        let found = blocks(&lines, 0..lines.len(), 1_000, &chapters, NOWHERE);
        let found: Vec<(Kind, String)> = found
            .iter()
            .map(|block| {
                let piece = |piece: &Piece| match piece {
                    Piece::Plain(text) => text.clone(),
                    Piece::Marked(text) => format!("[{text}]"),
                };
                (block.kind, block.pieces.iter().map(piece).collect())
            })
            .collect();
        let found: Vec<(Kind, &str)> = found
            .iter()
            .map(|(kind, text)| (*kind, text.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn prose_is_reflowed_and_its_marks_stay_on_their_words() {
        check(
            "CHAPTER I\r\n\r\n  When the town grew too narrow for him, Ishmael\r\nwould go to  sea.\r\n\r\n\r\nOn.",
            &[(63, 68), (69, 71)],
            &[
                (Kind::Heading, "CHAPTER I"),
                (
                    Kind::Prose,
                    "When the town grew too narrow for him, Ishmael [would go] to sea.",
                ),
                (Kind::Prose, "On."),
            ],
        );
    }

    #[test]
    fn verse_keeps_its_lines_and_what_they_are_indented_beyond_the_others() {
        check(
            "    Tyger, tyger, burning bright\n      In the forests of the night,  \n    What immortal hand or eye\n",
            &[(4, 9)],
            &[(
                Kind::Verse,
                "[Tyger], tyger, burning bright\n  In the forests of the night,\nWhat immortal hand or eye",
            )],
        );
    }

    #[test]
    fn markup_stays_text_and_bad_highlights_mark_what_is_left_of_them() {
        check(
            "<b>bold</b>",
            &[(8, 99), (50, 60)],
            &[(Kind::Prose, "<b>bold<[/b>]")],
        );
        check("\n \n", &[], &[]);
    }

    #[test]
    fn blocks_know_where_they_stand() {
        let lines = Lines::new("one\n\ntwo\nthree\n", &[]);
        let found = blocks(&lines, 0..lines.len(), 100, &[], NOWHERE);
        let ranges: Vec<(u64, u64)> = found.iter().map(|b| (b.range.from, b.range.to)).collect();
        assert_eq!(ranges, [(100, 103), (105, 114)]);
    }
    #[test]
    fn the_lines_of_a_passage_are_a_block_of_their_own_in_a_long_stanza() {
        let stanza = "Of Mans first\nDisobedience\nAnd the fruit\nOf that forbidden\nTree whose\n";
        let lines = Lines::new(stanza, &[]);
        let passage = Range { from: 120, to: 130 };
        let found = blocks(&lines, 0..lines.len(), 100, &[], passage);
        let found: Vec<(u64, u64, bool, bool)> = found
            .iter()
            .map(|b| {
                (
                    b.range.from,
                    b.range.to,
                    b.range.overlaps(passage),
                    b.goes_on,
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                (100, 113, false, true),
                (114, 140, true, true),
                (141, 169, false, false),
            ]
        );
    }
}
