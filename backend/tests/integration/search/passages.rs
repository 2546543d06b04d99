//! `bm25` and `hybrid`: exact scores, the right passage, words in whichever form they stand.

use backend::search::{Deadline, Features, Library, Request};
use proptest::prelude::*;
use shared::{Hit, Method};

use super::invariants::methods_and_features;
use super::snippets::marked;
use super::{ids, reference, request, search_by};
use crate::support::{library, three_books};

/// Those that rank passages by their words.
const BOTH: [Method; 2] = [Method::Bm25, Method::Hybrid];

/// The first hit of `query` by `method`.
fn first(library: &Library, method: Method, query: &str) -> Hit {
    let mut answer = search_by(library, method, query);
    assert!(!answer.hits.is_empty(), "{method}: {query}");
    answer.hits.remove(0)
}

#[test]
fn a_book_is_represented_by_its_best_passage_from_end_to_end() {
    for method in BOTH {
        let hit = first(&three_books(), method, "white whale");
        assert_eq!(hit.id, "austen-persuasion.txt");
        assert_eq!(
            marked(&hit),
            "CHAPTER II They saw the [white] [whale]--[white] as snow. The [white] [whale] saw them."
        );
        assert_eq!(hit.location.chapter.as_deref(), Some("CHAPTER II"));
        assert_eq!(hit.location.line, Some(5));
        assert_eq!((hit.location.from, hit.location.to), (18, 99));
    }
}

#[test]
fn a_word_is_found_in_the_spelling_of_the_first_folio_and_marked_in_it() {
    let book =
        "He loues vs, and I haue lou'd his vnkinde selfe: iudge my soule, the Starres are twelue";
    let library = library([book, "Nothing of the kind is here."]);
    for (query, highlighted) in [
        ("love", "He [loues] vs, and I haue [lou'd] his"),
        ("us", "loues [vs], and"),
        ("have", "I [haue] lou'd"),
        ("himself self", "vnkinde [selfe]:"),
        ("unkind", "his [vnkinde] selfe"),
        ("judge", ": [iudge] my"),
        ("soul", "my [soule], the"),
        ("star", "the [Starres] are"),
        ("twelve", "are [twelue]"),
    ] {
        for method in BOTH {
            let snippet = marked(&first(&library, method, query));
            assert!(snippet.contains(highlighted), "{method} {query}: {snippet}");
        }
    }
}

#[test]
fn contractions_are_found_by_their_words() {
    let library = library([
        "\"We're all mad here,\" said the Cat.",
        "They had made it all for her.",
    ]);
    for method in BOTH {
        let hit = first(&library, method, "we are all mad here");
        assert_eq!(
            marked(&hit),
            "\"[We]'[re] [all] [mad] [here],\" said the Cat."
        );
    }
}

#[test]
fn hybrid_prefers_the_words_in_their_order() {
    let words = "The sea was near. A ship and a whale and the man of the king were old. ";
    let library = library([
        format!("{words} king of the whale ship; old man {words}"),
        format!("{words} the old man of the sea saw a ship {words}"),
    ]);
    let hit = first(&library, Method::Hybrid, "the old man of the sea");
    assert_eq!(hit.id, "austen-persuasion.txt");
    assert!(hit.score > 0.9 && hit.score <= 1.0, "{}", hit.score);
}

#[test]
fn hybrid_finds_frequent_words_in_a_row_among_passages_with_more_of_them() {
    let many = "Not be or to, be not to or. ".repeat(200);
    let quoted = format!(
        "Enter the prince. To be or not to be, that asks {}",
        "he aloud. ".repeat(20)
    );
    let library = library([format!("{many}\n\n{quoted}\n\n{many}"), many.clone()]);
    let query = "to be or not to be";
    let answer = search_by(&library, Method::Hybrid, query);
    assert_eq!(ids(&answer), ["austen-emma.txt", "austen-persuasion.txt"]);
    let shown = marked(&answer.hits[0]);
    assert!(
        shown.contains("[To] [be] [or] [not] [to] [be], that asks"),
        "{shown}"
    );
    let bm25 = marked(&search_by(&library, Method::Bm25, query).hits[0]);
    assert!(!bm25.contains("that asks"), "{bm25}");
}

#[test]
fn hybrid_takes_an_unknown_word_for_what_is_spelled_much_like_it() {
    let library = library(["The Cheshire Cat vanished.", "A church and its cat."]);
    let answer = search_by(&library, Method::Hybrid, "Chesire");
    assert_eq!(answer.unknown_words, ["Chesire"]);
    assert_eq!(marked(&answer.hits[0]), "The [Cheshire] Cat vanished.");
    assert_eq!(answer.total_matches, 1);
    assert_eq!(
        search_by(&library, Method::Bm25, "Chesire").total_matches,
        0
    );
    // In a short word, every other one would be close.
    assert_eq!(search_by(&library, Method::Hybrid, "cot").total_matches, 0);
}

#[test]
fn queries_without_a_single_word_find_nothing_and_break_nothing() {
    for method in [Method::Bm25, Method::Hybrid, Method::Phrase, Method::Fuzzy] {
        for hostile in [
            "(",
            "''",
            "\0\r\n",
            "--",
            "\u{611b}",
            "'s",
            "\u{2019}t",
            "\"\"\"",
            "🐋",
        ] {
            let answer = search_by(&three_books(), method, hostile);
            assert_eq!(answer.total_matches, 0, "{method} {hostile:?}");
            assert!(
                !(answer.unknown_words.is_empty() && answer.dropped_words.is_empty())
                    || hostile.trim_matches('\0').trim().is_empty(),
                "{method} {hostile:?}"
            );
        }
        let long = "whale ".repeat(170);
        let expected = if method == Method::Phrase { 0 } else { 2 };
        assert_eq!(
            search_by(&three_books(), method, &long).total_matches,
            expected
        );
        let answer = search_by(&library(["", "  \n"]), method, "whale");
        assert_eq!(answer.total_matches, 0, "no words at all");
    }
}

#[test]
fn a_phrase_is_found_word_for_word_and_with_its_stop_words() {
    let library = library([
        "To be, or not to be: that is the Question.",
        "The question is that he was not to be, or was to be.",
        "He is to be or not here. To be.",
    ]);
    let answer = search_by(&library, Method::Phrase, "to be or not to be");
    assert_eq!(ids(&answer), ["austen-emma.txt"]);
    assert_eq!(
        marked(&answer.hits[0]),
        "[To] [be], [or] [not] [to] [be]: that is the Question."
    );
    let answer = search_by(&library, Method::Phrase, "not to be");
    assert_eq!(ids(&answer).len(), 2);
    assert_eq!(
        search_by(&library, Method::Phrase, "be that to").total_matches,
        0
    );
    assert_eq!(
        search_by(&library, Method::Phrase, "to be xyzzy").total_matches,
        0
    );
}

#[test]
fn a_phrase_may_reach_over_the_border_of_passages_but_not_of_books() {
    let library = library([
        "1:1 God made the light.\n\n1:2 The light was good.\n\n1:3 And the end",
        "of the book is near.",
    ]);
    let answer = search_by(&library, Method::Phrase, "light. 1:2 The light");
    assert_eq!(ids(&answer), ["austen-emma.txt"]);
    assert_eq!(marked(&answer.hits[0]), "1:1 God made the [light].");
    assert_eq!(
        search_by(&library, Method::Phrase, "the end of the book").total_matches,
        0
    );
}

#[test]
fn fuzzy_forgives_what_bm25_does_not_and_takes_known_words_as_they_are() {
    let library = library([
        "Nebuchadnezzar made a furnace.",
        "A whale and its tale.",
        "The whole ship was a while away.",
    ]);
    let check = |query, books: &[&str]| {
        let answer = search_by(&library, Method::Fuzzy, query);
        assert_eq!(ids(&answer), books, "{query}");
        answer
    };
    let answer = check("Nebuchadnezar", &["austen-emma.txt"]);
    assert_eq!(marked(&answer.hits[0]), "[Nebuchadnezzar] made a furnace.");
    check("fruncae", &[]);
    check("furnaec", &["austen-emma.txt"]);
    check("whale", &["austen-persuasion.txt"]);
    check(
        "whalle whole",
        &["austen-sense.txt", "austen-persuasion.txt"],
    );
}

#[test]
fn a_word_is_not_suggested_in_place_of_itself() {
    // Whole books know `seashore` by its letters, passages know `sea` and `shore`.
    let library = library(["By the sea-shore they met seashares.", "Nothing else."]);
    let suggestions = search_by(&library, Method::Bm25, "seashore").suggestions;
    assert_eq!(suggestions.len(), 1);
    assert_eq!(suggestions[0].instead, ["seashares"]);
}

#[test]
fn unknown_words_come_with_what_may_have_been_meant() {
    let library = library([
        "A furnace and a furnish and a whale.",
        "A furnace, a whale.",
    ]);
    for (method, features) in methods_and_features() {
        let request = Request {
            method,
            ..request("furnade Whael whale xyzzy and", features)
        };
        let answer = library.search(&request, &Deadline::none()).unwrap();
        assert_eq!(
            answer.unknown_words,
            ["furnade", "Whael", "xyzzy"],
            "{method}"
        );
        let found: Vec<(&str, String)> = answer
            .suggestions
            .iter()
            .map(|suggestion| (suggestion.word.as_str(), suggestion.instead.join(" ")))
            .collect();
        let meant = [
            ("furnade", "furnace".to_owned()),
            ("Whael", "whale".to_owned()),
        ];
        // Nine of ten words are unknown to the compatible variant, so it suggests nothing.
        let is_compatible = matches!(method, Method::Tfidf | Method::SlowTfidf)
            && features == Features::MostFrequent;
        match is_compatible {
            true => assert_eq!(found, [], "{method}"),
            false => assert_eq!(found, meant, "{method} {features:?}"),
        }
    }
}

/// Words that neither the stemmer nor the spelling changes, so that the plainest splitting is the right one.
fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "sea", "Ahab", "the", "and", "ship", "gold", "wind", "of",
    ])
}

fn text(words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(word(), words).prop_map(|words| words.join(" "))
}

/// A book of chapters that are short enough to be one passage each.
fn chapters() -> impl Strategy<Value = Vec<String>> {
    let chapter = text(1..40).prop_map(|text| format!("CHAPTER I\n\n{text}"));
    prop::collection::vec(chapter, 1..5)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn bm25_agrees_with_the_plain_reference(
        books in prop::collection::vec(chapters(), 1..5),
        query in text(1..6),
    ) {
        let passages: Vec<String> = books.concat();
        let mut expected = reference::bm25(&passages, &query).into_iter();
        let best = |book: &Vec<String>| expected.by_ref().take(book.len()).fold(0.0, f64::max);
        let best: Vec<f64> = books.iter().map(best).collect();

        let library = library(books.iter().map(|book| book.join("\n\n")));
        let answer = search_by(&library, Method::Bm25, &query);
        prop_assert_eq!(answer.total_matches, best.iter().filter(|&&score| score > 0.0).count());
        for hit in &answer.hits {
            let book = library.corpus.books.iter().position(|book| book.entry.id == hit.id).unwrap();
            prop_assert!((hit.score - best[book]).abs() < 1e-5, "{} is not {}", hit.score, best[book]);
        }
        for pair in answer.hits.windows(2) {
            prop_assert!(pair[0].score >= pair[1].score);
        }
    }

    #[test]
    fn a_phrase_is_found_wherever_the_plain_reference_finds_it(
        books in prop::collection::vec(text(1..300), 1..4),
        phrase in text(1..4),
    ) {
        let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_lowercase).collect() };
        let wanted = words(&phrase);
        let has_phrase = |text: &String| words(text).windows(wanted.len()).any(|part| part == wanted);
        let library = library(books.clone());
        let answer = search_by(&library, Method::Phrase, &phrase);
        prop_assert_eq!(answer.total_matches, books.iter().filter(|text| has_phrase(text)).count());
        prop_assert!(answer.hits.iter().all(|hit| !hit.highlights.is_empty()));
    }

    #[test]
    fn hybrid_finds_the_same_books_as_bm25_and_shows_what_stands_there(
        books in prop::collection::vec(chapters(), 1..5),
        query in text(1..6),
    ) {
        let library = library(books.iter().map(|book| book.join("\n\n")));
        let [mut bm25, mut hybrid] = BOTH.map(|method| search_by(&library, method, &query));
        for hit in bm25.hits.iter().chain(&hybrid.hits) {
            let book = library.corpus.books.iter().find(|book| book.entry.id == hit.id).unwrap();
            let part = book.text.decode(hit.location.from..hit.location.to);
            prop_assert_eq!(&hit.snippet, &part.split_whitespace().collect::<Vec<_>>().join(" "));
            prop_assert!(!hit.highlights.is_empty());
            for &(from, to) in &hit.highlights {
                let word = hit.snippet[from..to].to_lowercase();
                prop_assert!(query.to_lowercase().split(' ').any(|asked| asked == word), "{word}");
            }
        }
        prop_assert!(hybrid.hits.iter().all(|hit| hit.score > 0.0 && hit.score <= 1.0 + 1e-6));
        bm25.hits.sort_by(|one, other| one.id.cmp(&other.id));
        hybrid.hits.sort_by(|one, other| one.id.cmp(&other.id));
        prop_assert_eq!(ids(&bm25), ids(&hybrid));
    }
}

#[test]
fn only_the_first_eight_unknown_words_are_replaced_and_suggested_for() {
    let library = library([
        "Alabaster, bandanna, cardinal, dandelion, elephant, fandango, gallery, harmonica, indigo.",
    ]);
    // The first one is typed twice, and is one word all the same.
    let typed = "alabxster alabxster bandxnna cardxnal dandxlion elephxnt fandxngo gallxry harmxnica indxgo";
    for method in Method::ALL {
        let answer = search_by(&library, method, typed);
        let words: Vec<&str> = answer
            .suggestions
            .iter()
            .map(|suggestion| suggestion.word.as_str())
            .collect();
        assert_eq!(words.len(), 8, "{method}: {words:?}");
        assert!(!words.contains(&"indxgo"), "{method}");
        assert_eq!(answer.unknown_words.len(), 10, "{method}");
    }
    let replaced = &search_by(&library, Method::Fuzzy, typed).hits[0];
    assert_eq!(replaced.highlights.len(), 8);
}
