//! Passages: whole words, whole sentences where they are near, the right chapter.

use backend::search::Features;
use shared::Hit;

use super::search;
use crate::support::{library, real_library};

/// The only hit of `query` in `text`.
fn hit(text: &str, query: &str) -> Hit {
    let letters: Vec<u8> = text.chars().map(|letter| letter as u8).collect();
    let mut answer = search(&library([letters]), query, Features::All);
    assert_eq!(answer.hits.len(), 1, "{query}");
    answer.hits.remove(0)
}

/// The snippet with its highlights in brackets.
pub(super) fn marked(hit: &Hit) -> String {
    let mut marked = String::new();
    for (at, letter) in hit.snippet.chars().enumerate() {
        for (from, to) in &hit.highlights {
            if at == *to {
                marked.push(']');
            }
            if at == *from {
                marked.push('[');
            }
        }
        marked.push(letter);
    }
    if hit
        .highlights
        .last()
        .is_some_and(|(_, to)| *to == hit.snippet.chars().count())
    {
        marked.push(']');
    }
    marked
}

#[test]
fn words_are_marked_whole_and_never_as_parts_of_others() {
    let text =
        "The whaler saw a \"Whale!\" -- no whales,\n\n  but the WHALE--whale-like, and a _whale_";
    let marks =
        "The whaler saw a \"[Whale]!\" -- no whales, but the [WHALE]--whale-like, and a _[whale]_";
    assert_eq!(marked(&hit(text, "whale")), marks);
}

#[test]
fn ranges_count_letters_and_not_bytes_of_utf8() {
    let hit = hit("C\u{e6}sar and \u{c6}gypt met Ahab once.", "ahab");
    assert_eq!(marked(&hit), "C\u{e6}sar and \u{c6}gypt met [Ahab] once.");
    assert_eq!(hit.highlights, [(20, 24)]);
}

#[test]
fn the_passage_is_where_most_of_the_query_stands_together() {
    let filler = "Nothing happened on that day at all. ".repeat(20);
    let text = format!(
        "A whale. {filler}A whale and a white ship and a captain. {filler}White white white."
    );
    let hit = hit(&text, "white whale captain");
    assert!(
        hit.snippet
            .contains("A whale and a white ship and a captain."),
        "{}",
        hit.snippet
    );
}

#[test]
fn a_passage_starts_and_ends_with_a_sentence_where_one_is_near() {
    let filler = "Nothing whatever happened on that day. ".repeat(10);
    let hit = hit(
        &format!("{filler}At noon Mr. Ahab saw the ship. {filler}"),
        "ahab",
    );
    assert!(
        hit.snippet.starts_with("At noon Mr. Ahab saw"),
        "{}",
        hit.snippet
    );
    assert!(hit.snippet.ends_with("that day."), "{}", hit.snippet);
    assert!(
        (30..=45).contains(&hit.snippet.split(' ').count()),
        "{}",
        hit.snippet
    );
}

#[test]
fn a_hit_knows_its_chapter() {
    let hit = hit(
        "Title\n\nCHAPTER I\n\nNothing.\n\nCHAPTER II\n\nTHE SHIP\n\nAhab came.",
        "ahab",
    );
    assert_eq!(
        hit.location.chapter.as_deref(),
        Some("CHAPTER II, THE SHIP")
    );
}

#[test]
fn real_passages_are_short_and_lead_to_their_place() {
    let Some(library) = real_library() else {
        return;
    };
    for query in [
        "love",
        "white whale",
        "god beginning heaven",
        "yorick",
        "c\u{e6}sar",
    ] {
        let answer = search(library, query, Features::All);
        assert!(!answer.hits.is_empty(), "{query}");
        for hit in &answer.hits {
            let book = library
                .corpus
                .books
                .iter()
                .find(|book| book.entry.id == hit.id)
                .unwrap();
            let part = book.text.decode(hit.location.from..hit.location.to);
            let words: Vec<&str> = part.split_whitespace().collect();
            assert_eq!(hit.snippet, words.join(" "), "{query} in {}", hit.id);
            assert!(
                (4..=45).contains(&words.len()),
                "{query} in {}: {}",
                hit.id,
                hit.snippet
            );
        }
    }
    let hamlet = search(library, "yorick", Features::All).hits.remove(0);
    assert_eq!(hamlet.id, "shakespeare-hamlet.txt");
    assert_eq!(hamlet.location.chapter.as_deref(), Some("Scena Secunda."));
}
