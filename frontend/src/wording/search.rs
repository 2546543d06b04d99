//! The sentences of the search page.

use shared::{Method, Suggestion};
use trace_model::duration;

use super::{counted, listed, shortened};
use crate::state::{Answer, Question, SearchState, Shown};

/// A piece of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// To be read.
    Plain(String),
    /// To be clicked: asks this question.
    Asking(String, Question),
}

/// A sentence in pieces.
pub(crate) type Sentence = Vec<Words>;

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

/// What a backend that cannot answer yet is doing, in pieces as [`status`] has them.
pub(crate) fn starting(phase: &str) -> Vec<String> {
    vec![
        "The library is being opened".into(),
        format!(": {phase}. A search is answered as soon as it is ready."),
    ]
}

fn found(answer: &Answer, on_screen_ns: u64) -> Vec<String> {
    // Within one book it goes without saying that the book is found.
    let (one, many) = match answer.question.book {
        Some(_) => ("passage", "passages"),
        None => ("book", "books"),
    };
    let hits = match (answer.passages.len(), answer.total_matches) {
        (0, _) => format!("No {one}"),
        (shown, total) if total > shown => format!("{shown} of {total} {many}"),
        (shown, _) => counted(shown, one, many),
    };
    vec![
        hits,
        " found in ".into(),
        duration::format(answer.took_ns),
        ", on your screen after ".into(),
        duration::format(on_screen_ns),
    ]
}

/// Why a search found nothing, one sentence for each reason.
pub(crate) fn nothing_found(answer: &Answer) -> Vec<Sentence> {
    let mut reasons: Vec<String> = answer.hints.clone();
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
        reasons.push(without_reason(&answer.question));
    }
    let mut sentences: Vec<Sentence> = reasons.into_iter().map(plain).collect();
    sentences.extend(did_you_mean(answer));
    sentences
}

/// What is said where the answer gives no reason.
fn without_reason(question: &Question) -> String {
    match (question.method, &question.book) {
        (Method::Phrase, None) => "No book holds these words in a row.".to_owned(),
        (Method::Phrase, Some(_)) => "This book does not hold these words in a row.".to_owned(),
        (_, Some(_)) => "This book holds none of these words.".to_owned(),
        (_, None) => format!("“{}” holds no word to look for.", question.query.trim()),
    }
}

/// How the question was read, and what became of words that no book holds or that were not searched for, although there are
/// hits: a sentence each.
pub(crate) fn notes(answer: &Answer) -> Vec<Sentence> {
    // These two methods search for what is spelled much like an unknown word.
    let replaces = matches!(answer.question.method, Method::Hybrid | Method::Fuzzy);
    let has_similar = |word: &String| answer.suggestions.iter().any(|one| one.word == *word);
    let (replaced, unknown): (Vec<String>, Vec<String>) = answer
        .unknown_words
        .iter()
        .cloned()
        .partition(|word| replaces && has_similar(word));

    let mut notes = answer.hints.clone();
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
    let mut sentences: Vec<Sentence> = notes.into_iter().map(plain).collect();
    sentences.extend(did_you_mean(answer));
    sentences
}

/// The suggestions as links that ask the same question with the word replaced.
fn did_you_mean(answer: &Answer) -> Option<Sentence> {
    const OFFERED: usize = 6;
    let mut links: Vec<Words> = answer
        .suggestions
        .iter()
        .flat_map(|suggestion| {
            let Suggestion { word, instead } = suggestion;
            instead.iter().map(|better| {
                let question = Question {
                    query: with_word_replaced(&answer.question.query, word, better),
                    ..answer.question.clone()
                };
                Words::Asking(format!("“{}”", shortened(better)), question)
            })
        })
        .take(OFFERED)
        .collect();
    let last = links.pop()?;
    let mut sentence = plain("Did you mean ".to_owned());
    for (place, link) in links.into_iter().enumerate() {
        if place > 0 {
            sentence.push(Words::Plain(", ".to_owned()));
        }
        sentence.push(link);
    }
    if sentence.len() > 1 {
        sentence.push(Words::Plain(" or ".to_owned()));
    }
    sentence.push(last);
    sentence.push(Words::Plain("?".to_owned()));
    Some(sentence)
}

/// `query` with every `word` that stands for itself replaced by `better`.
fn with_word_replaced(query: &str, word: &str, better: &str) -> String {
    if word.is_empty() {
        return query.to_owned();
    }
    let mut replaced = String::with_capacity(query.len() + better.len());
    let mut done = 0;
    for (start, found) in query.match_indices(word) {
        let end = start + found.len();
        let is_letter = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
        let stands_alone = !is_letter(query[..start].chars().next_back())
            && !is_letter(query[end..].chars().next());
        if stands_alone {
            replaced.push_str(&query[done..start]);
            replaced.push_str(better);
            done = end;
        }
    }
    replaced.push_str(&query[done..]);
    replaced
}

fn plain(text: String) -> Sentence {
    vec![Words::Plain(text)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Failure, Passage, Place, Spot};

    fn answer(shown: usize, total_matches: usize) -> Answer {
        let passage = Passage {
            place: Place {
                id: "emma.txt".into(),
                spot: Spot::Beginning,
                query: "love".into(),
            },
            title: "Emma".into(),
            by: "Jane Austen, 1815".into(),
            score: 0.5,
            relative_score: 1.0,
            pieces: vec![],
            chapter: None,
        };
        Answer {
            question: Question {
                query: "love".into(),
                method: Method::Tfidf,
                book: None,
            },
            took_ns: 400_000,
            total_matches,
            passages: vec![passage; shown],
            unknown_words: vec![],
            suggestions: vec![],
            dropped_words: vec![],
            hints: vec![],
        }
    }

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.into()).collect()
    }

    /// The sentences as text; behind a link the question that it asks.
    fn read(sentences: &[Sentence]) -> Vec<String> {
        let piece = |words: &Words| match words {
            Words::Plain(text) => text.clone(),
            Words::Asking(text, question) => format!("{text}<{}>", question.query),
        };
        sentences
            .iter()
            .map(|sentence| sentence.iter().map(piece).collect())
            .collect()
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
        let mut inside = answer(1, 1);
        inside.question.book = Some("emma.txt".into());
        check_status(
            Shown::Answer(inside),
            "1 passage found in 400 µs, on your screen after 14.2 ms",
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
        empty.hints = words(&["A quotation mark has no partner."]);
        assert_eq!(
            read(&nothing_found(&empty)),
            [
                "A quotation mark has no partner.",
                "No book contains “zorkmid” or “xyzzy”.",
                "“the” is too common or too short to search for.",
            ]
        );
    }

    #[test]
    fn a_query_without_words_is_named_itself() {
        let mut empty = answer(0, 0);
        empty.question.query = "( ".into();
        assert_eq!(
            read(&nothing_found(&empty)),
            ["“(” holds no word to look for."]
        );
    }

    #[test]
    fn words_that_one_book_does_not_hold_may_stand_in_others() {
        let mut empty = answer(0, 0);
        empty.question.book = Some("emma.txt".into());
        assert_eq!(
            read(&nothing_found(&empty)),
            ["This book holds none of these words."]
        );
    }

    #[test]
    fn words_passed_over_are_noted_beside_hits() {
        let mut partly = answer(3, 3);
        assert_eq!(read(&notes(&partly)), [""; 0]);
        partly.unknown_words = words(&["xyzzy"]);
        partly.dropped_words = words(&["of", "the", "and"]);
        assert_eq!(
            read(&notes(&partly)),
            ["Passed over: “xyzzy” in no book; “of”, “the” and “and” too common to search for."]
        );
    }

    #[test]
    fn a_suggestion_asks_the_question_with_the_word_replaced() {
        let mut misspelt = answer(3, 3);
        misspelt.question.query = "the captian, xyzzy".into();
        misspelt.unknown_words = words(&["captian", "xyzzy"]);
        misspelt.suggestions = vec![Suggestion {
            word: "captian".into(),
            instead: words(&["captain", "captains", "caption"]),
        }];
        let asked = "Did you mean “captain”<the captain, xyzzy>, “captains”<the captains, xyzzy> \
                     or “caption”<the caption, xyzzy>?";
        assert_eq!(
            read(&notes(&misspelt)),
            ["Passed over: “captian” and “xyzzy” in no book.", asked]
        );
        misspelt.question.method = Method::Fuzzy;
        assert_eq!(
            read(&notes(&misspelt)),
            [
                "In no book: “captian”. Words spelled much alike are shown.",
                "Passed over: “xyzzy” in no book.",
                asked,
            ]
        );
    }

    #[test]
    fn only_whole_words_are_replaced() {
        assert_eq!(
            with_word_replaced("cat concat cat-o", "cat", "dog"),
            "dog concat dog-o"
        );
        assert_eq!(with_word_replaced("élan", "lan", "x"), "élan");
        assert_eq!(with_word_replaced("a", "", "x"), "a");
    }

    #[test]
    fn a_phrase_that_is_nowhere_is_not_called_empty() {
        let mut nowhere = answer(0, 0);
        nowhere.question.method = Method::Phrase;
        assert_eq!(
            read(&nothing_found(&nowhere)),
            ["No book holds these words in a row."]
        );
    }
}
