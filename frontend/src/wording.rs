//! The sentences of the search page.

use shared::{Method, Suggestion};
use trace_model::duration;

use crate::state::{Answer, SearchState, Shown};

/// What happened, as one sentence that a screen reader hears once. The sentence comes in pieces: the first and every
/// other one after it is what matters most.
///
/// Nothing while the answer is not painted yet, because only then the time until it was on the screen is known.
pub(crate) fn status(state: &SearchState) -> Option<Vec<String>> {
    match (&state.shown, state.on_screen_ns) {
        (Shown::Nothing, _) => Some(Vec::new()),
        (_, None) => None,
        (Shown::Failure(failure), _) => Some(vec![
            "The search failed.".into(),
            format!(" {}", failure.reason),
        ]),
        (Shown::Answer(answer), Some(on_screen_ns)) => Some(found(answer, on_screen_ns)),
    }
}

fn found(answer: &Answer, on_screen_ns: u64) -> Vec<String> {
    let books = match (answer.passages.len(), answer.total_matches) {
        (0, _) => "No book".to_owned(),
        (shown, total) if total > shown => format!("{shown} of {total} books"),
        (shown, _) => counted(shown, "book", "books"),
    };
    vec![
        books,
        " found in ".into(),
        duration::format(answer.took_ns),
        ", on your screen after ".into(),
        duration::format(on_screen_ns),
    ]
}

/// Why a search found nothing, one sentence for each reason.
pub(crate) fn nothing_found(answer: &Answer) -> Vec<String> {
    let mut reasons = Vec::new();
    if !answer.unknown_words.is_empty() {
        reasons.push(format!(
            "No book contains {}.",
            listed(&answer.unknown_words, "or")
        ));
    }
    if !answer.dropped_words.is_empty() {
        let verb = if answer.dropped_words.len() == 1 {
            "is"
        } else {
            "are"
        };
        reasons.push(format!(
            "{} {verb} too common or too short to search for.",
            listed(&answer.dropped_words, "and")
        ));
    }
    if reasons.is_empty() {
        reasons.push(match answer.method {
            Method::Phrase => "No book holds these words in a row.".to_owned(),
            _ => format!("“{}” holds no word to look for.", answer.query.trim()),
        });
    }
    reasons.extend(did_you_mean(&answer.suggestions));
    reasons
}

/// What to try after a search that found nothing; a list of examples follows.
pub(crate) fn advice(method: Method) -> &'static str {
    match method {
        Method::Tfidf | Method::SlowTfidf => {
            "TF-IDF looks for whole words as they are written. Check the spelling, use another form of the word, or try "
        }
        Method::Phrase => {
            "A phrase is looked for word by word. Choose another method, which takes the words in any order, or try "
        }
        Method::Bm25 | Method::Hybrid | Method::Fuzzy => {
            "Check the spelling, use another word, or try "
        }
    }
}

/// What became of words that no book holds or that were not searched for, although there are hits: a sentence each.
pub(crate) fn notes(answer: &Answer) -> Vec<String> {
    // These two methods search for what is spelled much like an unknown word.
    let replaces = matches!(answer.method, Method::Hybrid | Method::Fuzzy);
    let has_similar = |word: &String| answer.suggestions.iter().any(|one| one.word == *word);
    let (replaced, unknown): (Vec<String>, Vec<String>) = answer
        .unknown_words
        .iter()
        .cloned()
        .partition(|word| replaces && has_similar(word));

    let mut notes = Vec::new();
    if !replaced.is_empty() {
        notes.push(format!(
            "In no book: {}. Words spelled much alike are shown.",
            listed(&replaced, "and")
        ));
    }
    let mut passed_over = Vec::new();
    if !unknown.is_empty() {
        passed_over.push(format!("{} in no book", listed(&unknown, "and")));
    }
    if !answer.dropped_words.is_empty() {
        passed_over.push(format!(
            "{} too common to search for",
            listed(&answer.dropped_words, "and")
        ));
    }
    if !passed_over.is_empty() {
        notes.push(format!("Passed over: {}.", passed_over.join("; ")));
    }
    if !replaces {
        notes.extend(did_you_mean(&answer.suggestions));
    }
    notes
}

fn did_you_mean(suggestions: &[Suggestion]) -> Option<String> {
    let words: Vec<String> = suggestions
        .iter()
        .flat_map(|suggestion| suggestion.instead.iter().cloned())
        .collect();
    (!words.is_empty()).then(|| format!("Did you mean {}?", listed(&words, "or")))
}

/// `“a”, “b” and “c”`; at most six words are named.
fn listed(words: &[String], conjunction: &str) -> String {
    const NAMED: usize = 6;
    let mut quoted: Vec<String> = words
        .iter()
        .take(NAMED)
        .map(|word| format!("“{}”", shortened(word)))
        .collect();
    match words.len() {
        0 | 1 => quoted.concat(),
        n if n > NAMED => format!("{} {conjunction} {} more", quoted.join(", "), n - NAMED),
        _ => {
            let last = quoted.pop().unwrap_or_default();
            format!("{} {conjunction} {last}", quoted.join(", "))
        }
    }
}

/// A word as it is quoted: nobody needs all of a word of ten thousand letters.
fn shortened(word: &str) -> String {
    const LETTERS: usize = 40;
    match word.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", &word[..end]),
        None => word.to_owned(),
    }
}

/// `18 books`, `1 book`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A number with thin spaces between the thousands.
pub(crate) fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Failure, Passage};

    fn answer(shown: usize, total_matches: usize) -> Answer {
        let passage = Passage {
            title: "Emma".into(),
            by: "Jane Austen, 1815".into(),
            score: 0.5,
            relative_score: 1.0,
            pieces: vec![],
            chapter: None,
        };
        Answer {
            query: "love".into(),
            method: Method::Tfidf,
            took_ns: 400_000,
            total_matches,
            passages: vec![passage; shown],
            unknown_words: vec![],
            suggestions: vec![],
            dropped_words: vec![],
        }
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.into()).collect()
    }

    #[track_caller]
    fn check_status(shown: Shown, expected: &str) {
        let mut state = SearchState::default();
        state.begin(1);
        state.finish(1, shown);
        state.painted(1, 14_200_000);
        assert_eq!(
            status(&state).map(|pieces| pieces.concat()).as_deref(),
            Some(expected)
        );
    }

    #[test]
    fn the_status_says_it_all_in_words() {
        check_status(Shown::Nothing, "");
        check_status(
            Shown::Answer(answer(10, 10)),
            "10 books found in 400 µs, on your screen after 14.2 ms",
        );
        check_status(
            Shown::Answer(answer(1, 1)),
            "1 book found in 400 µs, on your screen after 14.2 ms",
        );
        check_status(
            Shown::Answer(answer(2, 7)),
            "2 of 7 books found in 400 µs, on your screen after 14.2 ms",
        );
        check_status(
            Shown::Answer(answer(0, 0)),
            "No book found in 400 µs, on your screen after 14.2 ms",
        );
        check_status(
            Shown::Failure(Failure {
                reason: "The server is starting.".into(),
                trace_id: "ab".into(),
            }),
            "The search failed. The server is starting.",
        );
    }

    #[test]
    fn nothing_is_announced_before_it_is_painted() {
        let mut state = SearchState::default();
        state.begin(1);
        state.finish(1, Shown::Answer(answer(3, 3)));
        assert_eq!(status(&state), None);
    }

    #[test]
    fn an_empty_answer_names_the_words_at_fault() {
        let mut empty = answer(0, 0);
        empty.unknown_words = words(&["zorkmid", "xyzzy"]);
        empty.dropped_words = words(&["the"]);
        assert_eq!(
            nothing_found(&empty),
            [
                "No book contains “zorkmid” or “xyzzy”.",
                "“the” is too common or too short to search for.",
            ]
        );
    }

    #[test]
    fn a_query_without_words_is_named_itself() {
        let mut empty = answer(0, 0);
        empty.query = "( ".into();
        assert_eq!(nothing_found(&empty), ["“(” holds no word to look for."]);
    }

    #[test]
    fn words_passed_over_are_noted_beside_hits() {
        let mut partly = answer(3, 3);
        assert_eq!(notes(&partly), [""; 0]);
        partly.unknown_words = words(&["xyzzy"]);
        partly.dropped_words = words(&["of", "the", "and"]);
        assert_eq!(
            notes(&partly),
            ["Passed over: “xyzzy” in no book; “of”, “the” and “and” too common to search for."]
        );
    }

    #[test]
    fn a_misspelt_word_is_replaced_by_some_methods_and_questioned_by_the_others() {
        let mut misspelt = answer(3, 3);
        misspelt.unknown_words = words(&["captian", "xyzzy"]);
        misspelt.suggestions = vec![Suggestion {
            word: "captian".into(),
            instead: words(&["captain", "captains"]),
        }];
        assert_eq!(
            notes(&misspelt),
            [
                "Passed over: “captian” and “xyzzy” in no book.",
                "Did you mean “captain” or “captains”?",
            ]
        );
        misspelt.method = Method::Fuzzy;
        assert_eq!(
            notes(&misspelt),
            [
                "In no book: “captian”. Words spelled much alike are shown.",
                "Passed over: “xyzzy” in no book.",
            ]
        );
    }

    #[test]
    fn a_phrase_that_is_nowhere_is_not_called_empty() {
        let mut nowhere = answer(0, 0);
        nowhere.method = Method::Phrase;
        assert_eq!(
            nothing_found(&nowhere),
            ["No book holds these words in a row."]
        );
    }

    #[test]
    fn long_lists_and_long_words_are_cut() {
        let many: Vec<String> = (0..9).map(|n| format!("w{n}")).collect();
        assert_eq!(
            listed(&many, "or"),
            "“w0”, “w1”, “w2”, “w3”, “w4”, “w5” or 3 more"
        );
        let long = "é".repeat(10_000);
        assert_eq!(shortened(&long).chars().count(), 41);
    }

    #[test]
    fn numbers_read_in_groups_of_three() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(26_443), "26\u{202f}443");
        assert_eq!(grouped(1_010_654), "1\u{202f}010\u{202f}654");
    }
}
