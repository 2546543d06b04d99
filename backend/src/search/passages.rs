//! A book in passages of about sixty words: what `bm25` and `hybrid` rank.
//!
//! A passage never reaches beyond its chapter or scene, nor beyond its verse in the Bible. What lies between two such
//! borders is parted into passages of much the same length, at the end of a paragraph or a sentence where one is near.

use std::ops::Range;

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

/// Words of a passage, in the middle.
const WORDS: usize = 60;
/// How far, in words, a passage may end from where it would end if all were of one length.
const SLACK: usize = 20;

/// Parts `text` into passages, in order, and visits each of its words.
pub(super) fn passages(
    text: &[u8],
    chapters: &Chapters,
    mut visit: impl FnMut(&str),
) -> Vec<Passage> {
    // Room for all words at once: a list that grows leaves its former places behind, and the process keeps them.
    let mut words: Vec<Range<u32>> = Vec::with_capacity(text.len() / BYTES_OF_A_WORD);
    let characters = text.iter().map(|&byte| char::from(byte)).enumerate();
    for_each_word(characters, text.len(), |range, word| {
        words.push(narrow(range.start)..narrow(range.end));
        visit(word);
    });
    let firsts = first_words(text, chapters, &words);
    locate(text, &words, &firsts)
}

/// No more than a word takes in any of the books, with the white space behind it.
const BYTES_OF_A_WORD: usize = 5;

/// The numbers of the words with which passages begin.
fn first_words(text: &[u8], chapters: &Chapters, words: &[Range<u32>]) -> Vec<usize> {
    let mut firsts = Vec::new();
    let mut headings = chapters.starts().peekable();
    let mut section = 0;
    let mut last_verse = verse(text, words, 0);
    for number in 1..=words.len() {
        let is_border = match words.get(number) {
            None => true,
            Some(word) => {
                let begins_chapter = headings
                    .next_if(|&heading| heading <= word.start as usize)
                    .is_some_and(|heading| heading >= words[number - 1].end as usize);
                // A time of day looks the same, but does not follow the verse before.
                let verse = verse(text, words, number).filter(|&(chapter, verse)| {
                    verse == 1 || last_verse == Some((chapter, verse.saturating_sub(1)))
                });
                last_verse = verse.or(last_verse);
                begins_chapter || verse.is_some()
            }
        };
        if is_border {
            part(text, words, section..number, &mut firsts);
            section = number;
        }
    }
    firsts
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

/// Parts the words of one section.
fn part(text: &[u8], words: &[Range<u32>], section: Range<usize>, firsts: &mut Vec<usize>) {
    firsts.push(section.start);
    let parts = (section.len() + WORDS / 2) / WORDS;
    let mut first = section.start;
    for number in 1..parts {
        let even = section.start + number * section.len() / parts;
        let nearest = (first + 1).max(even.saturating_sub(SLACK));
        let best = (nearest..section.end.min(even + SLACK))
            .filter_map(|word| {
                Some((
                    fitness(text, words, word)? - even.abs_diff(word) as i32,
                    word,
                ))
            })
            .max_by_key(|&(fitness, word)| (fitness, std::cmp::Reverse(word)));
        if let Some((_, word)) = best {
            firsts.push(word);
            first = word;
        }
    }
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

/// Where the passages stand: from white space to white space, so that punctuation stays with its words.
fn locate(text: &[u8], words: &[Range<u32>], firsts: &[usize]) -> Vec<Passage> {
    let starts: Vec<usize> = firsts
        .iter()
        .map(|&word| {
            let letter = words[word].start as usize;
            let space = text[..letter].iter().rposition(u8::is_ascii_whitespace);
            space.map_or(0, |space| space + 1)
        })
        .collect();
    let mut line = 1;
    let mut counted = 0;
    let mut found = Vec::with_capacity(starts.len());
    for (number, &from) in starts.iter().enumerate() {
        line += text[counted..from]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count();
        counted = from;
        let end = starts.get(number + 1).copied().unwrap_or(text.len());
        let behind = text[from..end]
            .iter()
            .rev()
            .take_while(|byte| **byte <= b' ')
            .count();
        let next_first = firsts.get(number + 1).copied().unwrap_or(words.len());
        found.push(Passage {
            from: narrow(from),
            to: narrow(end - behind),
            line: narrow(line),
            words: narrow(next_first - firsts[number]),
        });
    }
    found
}

/// Positions are 32 bits wide in tantivy, and no book is longer than that.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).expect("a book is shorter than 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        let bytes = text.as_bytes();
        let found = passages(bytes, &Chapters::find(bytes), |_| ());
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
        let found = passages(text, &Chapters::find(text), |_| ());
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
            let mut visited = Vec::new();
            let found = passages(bytes, &Chapters::find(bytes), |word| visited.push(word.to_owned()));
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
