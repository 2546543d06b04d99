//! A book in passages of about sixty words: what `bm25` and `hybrid` rank.
//!
//! A passage never reaches beyond its chapter or scene, nor beyond its verse in the Bible. What lies between two such
//! borders is parted into passages of much the same length, at the end of a paragraph or a sentence where one is near.

use std::iter::once;
use std::ops::Range;

use super::occurrences::narrow;
use super::words::for_each_word;
use crate::corpus::Chapters;

/// A part of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Passage {
    /// First byte.
    pub(super) from: u32,
    /// Byte after the last.
    pub(super) to: u32,
    /// Line in which it begins, from 1.
    pub(super) line: u32,
    /// How many words it has.
    pub(super) words: u32,
}

impl Passage {
    /// Its bytes.
    pub(super) fn bytes(self) -> Range<usize> {
        self.from as usize..self.to as usize
    }
}

/// The number of the first word of each passage among those of all, and at the end the number of all words.
pub(super) fn first_words_of(passages: &[Passage]) -> Vec<u32> {
    let sum = |words: &mut u32, passage: &Passage| {
        *words += passage.words;
        Some(*words)
    };
    once(0).chain(passages.iter().scan(0, sum)).collect()
}

/// Words of a passage, in the middle.
const WORDS: usize = 60;
/// How far, in words, a passage may end from where it would end if all were of one length.
const SLACK: usize = 20;

/// Parts `text` into passages and visits them in order, each with the keys of its words, which `key` makes.
pub(super) fn for_each_passage<K>(
    text: &[u8],
    chapters: &Chapters,
    mut key: impl FnMut(&str) -> K,
    visit: impl FnMut(Passage, &[K]),
) {
    // Only the section that is being read is kept: what a start-up once took, the process keeps.
    let mut section = Section {
        text,
        words: Vec::new(),
        keys: Vec::new(),
        place: Place { from: 0, line: 1 },
        visit,
    };
    let mut headings = chapters.starts().peekable();
    let mut last_verse = None;
    let characters = text.iter().map(|&byte| char::from(byte)).enumerate();
    for_each_word(characters, text.len(), |range, word| {
        let end = section.words.last().map_or(0, |word| word.end as usize);
        let heading = headings.next_if(|&heading| heading <= range.start);
        section.words.push(narrow(range.start)..narrow(range.end));
        section.keys.push(key(word));
        let read = section.words.len();
        if heading.is_some_and(|heading| heading >= end) {
            section.close(read - 1);
            return;
        }
        // A time of day looks like a verse, but does not follow the verse before.
        let Some(first) = read.checked_sub(2) else {
            return;
        };
        let verse = verse(text, &section.words, first).filter(|&(chapter, verse)| {
            verse == 1 || last_verse == Some((chapter, verse.saturating_sub(1)))
        });
        if verse.is_some() {
            last_verse = verse;
            section.close(first);
        }
    });
    section.close(section.words.len());
}

/// The words between two borders that no passage crosses.
struct Section<'t, K, V> {
    text: &'t [u8],
    words: Vec<Range<u32>>,
    keys: Vec<K>,
    place: Place,
    visit: V,
}

/// Up to where the lines have been counted.
struct Place {
    from: usize,
    line: usize,
}

impl<K, V: FnMut(Passage, &[K])> Section<'_, K, V> {
    /// Ends the section in front of the word `end`, with which the next one begins.
    fn close(&mut self, end: usize) {
        let firsts = first_words(self.text, &self.words[..end]);
        for (place, &first) in firsts.iter().enumerate() {
            let next = firsts.get(place + 1).copied().unwrap_or(end);
            let passage = self.locate(first, next);
            (self.visit)(passage, &self.keys[first..next]);
        }
        self.words.drain(..end);
        self.keys.drain(..end);
    }

    /// The passage of these words: from white space to white space, so that punctuation stays with its words.
    fn locate(&mut self, first: usize, next: usize) -> Passage {
        let from = self.start_of(first);
        let end = match next < self.words.len() {
            true => self.start_of(next),
            false => self.text.len(),
        };
        let behind = self.text[from..end]
            .iter()
            .rev()
            .take_while(|byte| **byte <= b' ')
            .count();
        let before = &self.text[self.place.from..from];
        self.place.line += before.iter().filter(|&&byte| byte == b'\n').count();
        self.place.from = from;
        Passage {
            from: narrow(from),
            to: narrow(end - behind),
            line: narrow(self.place.line),
            words: narrow(next - first),
        }
    }

    /// The byte behind the white space in front of a word.
    fn start_of(&self, word: usize) -> usize {
        let before = &self.text[..self.words[word].start as usize];
        let space = before.iter().rposition(u8::is_ascii_whitespace);
        space.map_or(0, |space| space + 1)
    }
}

/// Chapter and verse, if the word with this number begins one: `1:1` with white space around it.
fn verse(text: &[u8], words: &[Range<u32>], number: usize) -> Option<(u32, u32)> {
    let (chapter, verse) = (words.get(number)?, words.get(number + 1)?);
    let parse = |word: &Range<u32>| -> Option<u32> {
        let digits = std::str::from_utf8(&text[word.start as usize..word.end as usize]).ok()?;
        digits.parse().ok()
    };
    let before = text[..chapter.start as usize].last();
    let stands_alone = chapter.end + 1 == verse.start
        && text[chapter.end as usize] == b':'
        && before.is_none_or(u8::is_ascii_whitespace)
        && text
            .get(verse.end as usize)
            .is_some_and(u8::is_ascii_whitespace);
    stands_alone.then_some((parse(chapter)?, parse(verse)?))
}

/// The numbers of the words of a section with which passages begin.
fn first_words(text: &[u8], section: &[Range<u32>]) -> Vec<usize> {
    if section.is_empty() {
        return Vec::new();
    }
    let parts = (section.len() + WORDS / 2) / WORDS;
    let mut firsts = vec![0];
    let mut first = 0;
    for number in 1..parts {
        let even = number * section.len() / parts;
        let nearest = (first + 1).max(even.saturating_sub(SLACK));
        let best = (nearest..section.len().min(even + SLACK))
            .filter_map(|word| {
                let fitness = fitness(text, section, word)?;
                Some((fitness - even.abs_diff(word) as i32, word))
            })
            .max_by_key(|&(fitness, word)| (fitness, std::cmp::Reverse(word)));
        if let Some((_, word)) = best {
            firsts.push(word);
            first = word;
        }
    }
    firsts
}

/// How well a passage may begin with this word, in words by which it may be farther away; `None` where it may not.
fn fitness(text: &[u8], words: &[Range<u32>], word: usize) -> Option<i32> {
    let before = &words[word - 1];
    let gap = &text[before.end as usize..words[word].start as usize];
    let lines = gap.iter().filter(|&&byte| byte == b'\n').count();
    let has = |marks: &[u8]| gap.iter().any(|byte| marks.contains(byte));
    let is_title = || {
        let title = &text[before.start as usize..before.end as usize];
        ABBREVIATIONS.contains(&title)
    };
    match () {
        () if !gap.iter().any(u8::is_ascii_whitespace) => None,
        () if lines > 1 => Some(30),
        () if has(b".!?") && !is_title() => Some(20),
        () if has(b";:") => Some(8),
        () if lines > 0 || has(b",-") => Some(4),
        () => Some(0),
    }
}

const ABBREVIATIONS: [&[u8]; 5] = [b"Mr", b"Mrs", b"Dr", b"St", b"Capt"];

#[cfg(test)]
mod tests {
    use super::*;

    fn passages(text: &[u8]) -> Vec<Passage> {
        let mut found = Vec::new();
        for_each_passage(
            text,
            &Chapters::find(text),
            |_| 0,
            |passage, keys: &[i32]| {
                assert_eq!(passage.words as usize, keys.len());
                found.push(passage);
            },
        );
        found
    }

    fn texts(text: &str) -> Vec<String> {
        let bytes = text.as_bytes();
        let found = passages(bytes);
        let decode = |passage: &Passage| text[passage.bytes()].to_owned();
        found.iter().map(decode).collect()
    }

    #[test]
    fn a_passage_ends_with_its_chapter_and_its_verse() {
        let text = "[A Book]\n\nCHAPTER I\n\nOne word.\n\nCHAPTER II\n\n1:1 In the beginning.\n\n1:2 At 10:30 came\n1:3 light.";
        assert_eq!(
            texts(text),
            [
                "[A Book]",
                "CHAPTER I\n\nOne word.",
                "CHAPTER II",
                "1:1 In the beginning.",
                "1:2 At 10:30 came",
                "1:3 light."
            ]
        );
    }

    #[test]
    fn a_long_chapter_is_parted_where_a_paragraph_or_a_sentence_ends() {
        let sentence = "He went to the sea and saw Mr. Ahab. ";
        let text = format!("{}\n\n{}", sentence.repeat(8), sentence.repeat(6));
        let halves = texts(&text);
        assert_eq!(
            halves,
            [sentence.repeat(8).trim(), sentence.repeat(6).trim()]
        );
        let thirds = texts(&sentence.repeat(20));
        assert_eq!(
            thirds,
            [7, 6, 7].map(|times| sentence.repeat(times).trim().to_owned())
        );
    }

    #[test]
    fn a_passage_knows_its_line() {
        let text = b"One\ntwo.\n\nCHAPTER I\n\nThree.\n\n\nCHAPTER II\n\nFour.";
        let found = passages(text);
        let lines: Vec<u32> = found.iter().map(|passage| passage.line).collect();
        assert_eq!(lines, [1, 4, 9]);
    }

    proptest::proptest! {
        #[test]
        fn passages_hold_every_word_once_and_in_order(
            words in proptest::collection::vec(
                proptest::sample::select(vec!["Whale", "sea.", "Mr.", "\n\n", "\n", "1:1", "don't", "--", "\n\nCHAPTER II\n\n", "a-b"]),
                0..400,
            ),
        ) {
            let text = words.join(" ");
            let bytes = text.as_bytes();
            let mut visited: Vec<String> = Vec::new();
            let mut found = Vec::new();
            let mut in_order = Vec::new();
            let number = |word: &str| {
                visited.push(word.to_owned());
                visited.len() as u32 - 1
            };
            for_each_passage(bytes, &Chapters::find(bytes), number, |passage, keys: &[u32]| {
                found.push(passage);
                in_order.extend_from_slice(keys);
            });
            proptest::prop_assert!(in_order.into_iter().eq(0..visited.len() as u32));
            let mut end = 0;
            let mut inside = Vec::new();
            for passage in &found {
                let part = passage.bytes();
                proptest::prop_assert!(end <= part.start && part.start < part.end);
                end = part.end;
                let before = inside.len();
                let text = &text[part];
                for_each_word(text.char_indices(), text.len(), |_, word| inside.push(word.to_owned()));
                let words = inside.len() - before;
                proptest::prop_assert_eq!(passage.words as usize, words);
                proptest::prop_assert!((1..=WORDS + WORDS / 2 + 2 * SLACK).contains(&words));
            }
            proptest::prop_assert_eq!(&inside, &visited);
            let mut all = Vec::new();
            for_each_word(text.char_indices(), text.len(), |_, word| all.push(word.to_owned()));
            proptest::prop_assert_eq!(all, visited);
        }
    }
}
