//! What the search page shows, as plain data. `frontend_search` moves it from one state to the next; the components
//! only read it.

use shared::{Hit, Method, SearchResponse, Suggestion};

use crate::passage::{self, Piece};

/// How the page searches unless its user chooses otherwise.
pub(crate) const DEFAULT_METHOD: Method = Method::Hybrid;

/// State of the search page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct SearchState {
    /// Number of the newest search; older ones can no longer change anything.
    newest: u64,
    /// A search is under way; what is shown belongs to the one before.
    pub busy: bool,
    /// What the reader sees.
    pub shown: Shown,
    /// Time from the submit until what is shown was painted; absent until it is.
    pub on_screen_ns: Option<u64>,
}

/// What stands below the form.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Shown {
    /// No question has been asked yet.
    #[default]
    Nothing,
    /// The answer to the latest question.
    Answer(Answer),
    /// Why the latest question has no answer.
    Failure(Failure),
}

/// A search: the question, how to look for it and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    /// The words as typed.
    pub query: String,
    /// How to search.
    pub method: Method,
    /// Id of the one book to search; all of them without.
    pub book: Option<String>,
}

/// A place in a book, to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Id of the book.
    pub id: String,
    /// Where to open it.
    pub spot: Spot,
    /// Whose words are marked.
    pub query: String,
}

impl Place {
    /// The first byte of the passage, or of the book.
    pub(crate) fn from(&self) -> u64 {
        match self.spot {
            Spot::Passage { from, .. } => from,
            Spot::Beginning | Spot::Unreadable => 0,
        }
    }
}

/// Where a book is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// At its first page.
    Beginning,
    /// At these bytes, half-open.
    Passage {
        /// First byte.
        from: u64,
        /// Byte after the last.
        to: u64,
    },
    /// The address names a passage that can be none.
    Unreadable,
}

/// An answer, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    /// What was asked.
    pub question: Question,
    /// Time the search took in the backend.
    pub took_ns: u64,
    /// Books found, of which `passages` are shown.
    pub total_matches: usize,
    /// The hits, best first.
    pub passages: Vec<Passage>,
    /// Words that no book contains.
    pub unknown_words: Vec<String>,
    /// What may have been meant by some of them.
    pub suggestions: Vec<Suggestion>,
    /// Words too common or too short to search for.
    pub dropped_words: Vec<String>,
    /// How the question was read, a sentence each.
    pub hints: Vec<String>,
}

/// One hit, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Passage {
    /// Where to read on.
    pub place: Place,
    /// Title of the book.
    pub title: String,
    /// Author and year, or the year alone.
    pub by: String,
    /// How well it answers; its scale depends on the method.
    pub score: f64,
    /// Score as a share of the best score, 0 to 1: the length of its bar.
    pub relative_score: f64,
    /// The text with its marked words.
    pub pieces: Vec<Piece>,
    /// Heading of the chapter that holds the passage.
    pub chapter: Option<String>,
}

/// Something that was asked for and failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the user is told.
    pub reason: String,
    /// The trace that shows where it failed.
    pub trace_id: String,
}

impl SearchState {
    /// Search `number` starts; numbers grow.
    pub(crate) fn begin(&mut self, number: u64) {
        self.newest = number;
        self.busy = true;
    }

    /// Search `number` ended. What an older search brings is thrown away.
    pub(crate) fn finish(&mut self, number: u64, shown: Shown) {
        if number == self.newest {
            self.busy = false;
            self.shown = shown;
            self.on_screen_ns = None;
        }
    }

    /// What search `number` brought is painted, this long after its submit.
    pub(crate) fn painted(&mut self, number: u64, on_screen_ns: u64) {
        if number == self.newest {
            self.on_screen_ns = Some(on_screen_ns);
        }
    }

    /// The page goes back to its first state; what is still under way can no longer change it.
    pub(crate) fn clear(&mut self) {
        *self = SearchState {
            newest: self.newest + 1,
            ..SearchState::default()
        };
    }
}

impl Default for Question {
    fn default() -> Self {
        Question {
            query: String::new(),
            method: DEFAULT_METHOD,
            book: None,
        }
    }
}

impl Question {
    /// Whether nothing is asked yet.
    pub(crate) fn is_blank(&self) -> bool {
        self.query.trim().is_empty()
    }
}

impl Answer {
    /// The answer to `question`.
    pub(crate) fn new(question: Question, response: SearchResponse) -> Self {
        let best = response.results.first().map_or(0.0, |hit| hit.score);
        Answer {
            took_ns: response.took_us.saturating_mul(1000),
            total_matches: response.total_matches,
            passages: response
                .results
                .into_iter()
                .map(|hit| Passage::new(hit, best, &question.query))
                .collect(),
            unknown_words: response.unknown_words,
            suggestions: response.suggestions,
            dropped_words: response.dropped_words,
            hints: response.hints,
            question,
        }
    }
}

impl Passage {
    /// A hit beside others whose best has the score `best`.
    pub(crate) fn new(hit: Hit, best: f64, query: &str) -> Self {
        let share = if best > 0.0 { hit.score / best } else { 0.0 };
        Passage {
            place: Place {
                id: hit.id.into_owned(),
                spot: Spot::Passage {
                    from: hit.location.from as u64,
                    to: hit.location.to as u64,
                },
                query: query.to_owned(),
            },
            by: by_line(hit.author.as_deref(), hit.year),
            title: hit.title.into_owned(),
            score: hit.score,
            relative_score: share.clamp(0.0, 1.0),
            pieces: passage::pieces(&hit.snippet, &hit.highlights),
            chapter: hit.location.chapter,
        }
    }
}

/// Author and year, or the year alone.
pub(crate) fn by_line(author: Option<&str>, year: u16) -> String {
    match author {
        Some(author) => format!("{author}, {year}"),
        None => year.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use shared::Location;

    use super::*;

    fn failure() -> Shown {
        Shown::Failure(Failure {
            reason: "no".into(),
            trace_id: String::new(),
        })
    }

    fn hit(title: &'static str, author: Option<&'static str>, score: f64) -> Hit {
        Hit {
            id: "x.txt".into(),
            title: title.into(),
            author: author.map(Into::into),
            year: 1851,
            score,
            snippet: "a whale".into(),
            highlights: vec![(2, 7)],
            location: Location {
                chapter: None,
                line: None,
                from: 0,
                to: 7,
            },
        }
    }

    fn response(results: Vec<Hit>) -> SearchResponse {
        SearchResponse {
            query: "whale".into(),
            method: Method::Tfidf,
            total_results: results.len(),
            total_matches: results.len(),
            took_us: 400,
            results,
            unknown_words: vec![],
            suggestions: vec![],
            dropped_words: vec![],
            hints: vec![],
        }
    }

    fn answer(results: Vec<Hit>) -> Answer {
        Answer::new(Question::default(), response(results))
    }

    #[test]
    fn a_stale_answer_changes_nothing() {
        let mut state = SearchState::default();
        state.begin(1);
        state.begin(2);
        state.finish(1, failure());
        assert_eq!((state.busy, &state.shown), (true, &Shown::Nothing));
        state.finish(2, failure());
        assert_eq!((state.busy, &state.shown), (false, &failure()));
    }

    #[test]
    fn what_was_shown_stays_while_the_next_search_runs() {
        let mut state = SearchState::default();
        state.begin(1);
        state.finish(1, failure());
        state.begin(2);
        assert_eq!((state.busy, &state.shown), (true, &failure()));
    }

    #[test]
    fn a_search_that_was_under_way_does_not_fill_a_cleared_page() {
        let mut state = SearchState::default();
        state.begin(1);
        state.clear();
        state.finish(1, failure());
        assert_eq!((state.busy, &state.shown), (false, &Shown::Nothing));
    }

    #[test]
    fn the_time_on_screen_belongs_to_what_is_shown() {
        let mut state = SearchState::default();
        state.begin(1);
        state.finish(1, Shown::Answer(answer(vec![])));
        assert_eq!(state.on_screen_ns, None);
        state.painted(1, 14_200_000);
        state.begin(2);
        state.painted(1, 99);
        assert_eq!(state.on_screen_ns, Some(14_200_000));
    }

    #[test]
    fn score_bars_are_relative_to_the_best_hit() {
        let answer = answer(vec![
            hit("Moby Dick", Some("Herman Melville"), 0.4),
            hit("The Bible", None, 0.1),
        ]);
        let bars: Vec<f64> = answer.passages.iter().map(|p| p.relative_score).collect();
        assert_eq!(bars, [1.0, 0.25]);
        let by: Vec<&str> = answer.passages.iter().map(|p| p.by.as_str()).collect();
        assert_eq!(by, ["Herman Melville, 1851", "1851"]);
    }

    #[test]
    fn scores_of_zero_make_empty_bars_and_no_division_by_zero() {
        let answer = answer(vec![hit("Emma", None, 0.0)]);
        assert_eq!(answer.passages[0].relative_score, 0.0);
    }
}
