//! Headings of a text, recognised by their looks, so that a hit can say in which chapter it stands.
//!
//! Only lines that stand alone count: with an empty line before and after. Such a line is a heading when it starts with
//! a word like CHAPTER and a number, when it starts with a Roman numeral, when it is all capitals, or when it names a
//! book of the Bible. Headings that follow each other (`CHAPTER I`, then its title) are read as one.

use std::mem;
use std::ops::Range;

use memchr::memchr_iter;

/// The headings of one text, in order.
#[derive(Debug, Default)]
pub struct Chapters {
    headings: Vec<Heading>,
}

#[derive(Debug)]
struct Heading {
    /// First byte of the heading.
    from: usize,
    /// Byte after the heading.
    to: usize,
    /// The heading on one line.
    text: String,
}

impl Chapters {
    /// Finds the headings of a text in ISO-8859-1.
    pub fn find(text: &[u8]) -> Self {
        let mut chapters = Self::default();
        let mut after_heading = false;
        let mut after_empty = true;
        // The line behind an empty one: it stands alone if another empty one follows.
        let mut candidate = None;
        for (from, line) in lines(text).chain([(text.len(), [].as_slice())]) {
            // Most lines are told by their first byte.
            if !line.iter().all(u8::is_ascii_whitespace) {
                after_heading &= after_empty;
                candidate = after_empty.then_some((from, line));
                after_empty = false;
                continue;
            }
            after_empty = true;
            if let Some((from, line)) = candidate.take() {
                let line = line.trim_ascii();
                let is_heading = is_heading(line);
                if is_heading {
                    chapters.push(from, line, after_heading);
                }
                after_heading = is_heading;
            }
        }
        chapters
    }

    /// Adds a heading, or a further line of the last one.
    fn push(&mut self, from: usize, line: &[u8], to_the_last: bool) {
        let (to, line) = (from + line.len(), one_line(line));
        match self.headings.last_mut().filter(|_| to_the_last) {
            Some(heading) => {
                heading.to = to;
                heading.text.push_str(", ");
                heading.text.push_str(&line);
            }
            None => self.headings.push(Heading {
                from,
                to,
                text: line,
            }),
        }
    }

    /// The heading above the byte `at`.
    pub fn at(&self, at: usize) -> Option<&str> {
        self.above(at).map(|heading| heading.text.as_str())
    }

    /// The text around `part` of a text of `length` bytes that is free of headings, except for one that `part` itself
    /// begins or ends in.
    pub fn around(&self, part: Range<usize>, length: usize) -> Range<usize> {
        let from = self
            .above(part.start)
            .map_or(0, |heading| match part.start < heading.to {
                true => heading.from,
                false => heading.to,
            });
        let below = self
            .headings
            .partition_point(|heading| heading.from <= part.end);
        from..self
            .headings
            .get(below)
            .map_or(length, |heading| heading.from)
    }

    /// All headings, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.headings.iter().map(|heading| heading.text.as_str())
    }

    /// First bytes of all headings, in order.
    pub fn starts(&self) -> impl Iterator<Item = usize> {
        self.headings.iter().map(|heading| heading.from)
    }

    fn above(&self, at: usize) -> Option<&Heading> {
        let below = self.headings.partition_point(|heading| heading.from <= at);
        self.headings.get(below.checked_sub(1)?)
    }
}

/// A longer line is a sentence in capitals, not a heading.
const LONGEST_HEADING_BYTES: usize = 80;
const NUMBERED: [&str; 12] = [
    "ACT", "ACTUS", "BOOK", "CANTO", "CHAPTER", "LETTER", "PART", "SCENA", "SCENE", "SCOENA",
    "SECTION", "VOLUME",
];
const BIBLICAL: [&str; 6] = [
    " Book of ",
    " Epistle ",
    "The Book of ",
    "The Gospel ",
    "The Revelation ",
    "The Acts ",
];

fn is_heading(line: &[u8]) -> bool {
    let Ok(line) = std::str::from_utf8(line) else {
        return false;
    };
    if line.len() > LONGEST_HEADING_BYTES || line.ends_with([',', ';', ':', '!']) {
        return false;
    }
    let mut words = line.split_ascii_whitespace();
    let first = words.next().unwrap_or_default();
    let bare = first.trim_end_matches('.');
    if NUMBERED.iter().any(|word| word.eq_ignore_ascii_case(bare)) {
        return words.next().is_some();
    }
    // `IV. A DISCUSSION` and `IV` are headings, `I went.` is a sentence.
    if is_roman(bare) && (first.ends_with('.') || words.next().is_none()) {
        return true;
    }
    let letters = line.bytes().filter(u8::is_ascii_alphabetic).count();
    let capitals = line.bytes().all(|byte| !byte.is_ascii_lowercase());
    let biblical = BIBLICAL.iter().any(|part| line.contains(part));
    (capitals && letters >= 4) || (biblical && line.starts_with("The "))
}

fn is_roman(word: &str) -> bool {
    !word.is_empty() && word.len() <= 8 && word.bytes().all(|byte| b"IVXLC".contains(&byte))
}

fn one_line(line: &[u8]) -> String {
    let words: Vec<&str> = line
        .split(u8::is_ascii_whitespace)
        .filter_map(|word| std::str::from_utf8(word).ok())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

/// Lines and where they start.
fn lines(text: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let ends = memchr_iter(b'\n', text).chain((!text.ends_with(b"\n")).then_some(text.len()));
    let mut next = 0;
    ends.map(move |end| {
        let from = mem::replace(&mut next, end + 1);
        (from, &text[from..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_stand_alone_and_titles_join_them() {
        let text = b"[A Title]\n\nVOLUME I\n\nCHAPTER I\n\nHe saw a\nCHAPTER II\nin the book.\n\nII\n\nTHE BEAR\n\nI went.\n\nACTION, he said.\n";
        let chapters = Chapters::find(text);
        assert_eq!(
            chapters.iter().collect::<Vec<_>>(),
            ["VOLUME I, CHAPTER I", "II, THE BEAR"]
        );
        assert_eq!(chapters.at(3), None);
        assert_eq!(chapters.at(40), Some("VOLUME I, CHAPTER I"));
        assert_eq!(chapters.at(text.len()), Some("II, THE BEAR"));

        let around = |part| String::from_utf8(text[chapters.around(part, text.len())].to_vec());
        assert_eq!(
            around(35..36).unwrap().trim(),
            "He saw a\nCHAPTER II\nin the book."
        );
        assert!(
            around(20..35)
                .unwrap()
                .starts_with("VOLUME I\n\nCHAPTER I\n\nHe saw")
        );
        assert_eq!(around(3..4).unwrap().trim(), "[A Title]");
    }
}
