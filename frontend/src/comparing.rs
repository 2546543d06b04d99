//! The answers of several methods side by side, as plain data: a column for each, and where each hit stands in the first.

use shared::{ComparedMethod, Comparison, Hit, Method};
use trace_model::duration;

use crate::passage::Piece;
use crate::reply::sentence;
use crate::state::Passage;
use crate::wording::{counted, method};

/// Methods that are compared, the first one is what the others are held against. The slow one ranks like TF-IDF and would
/// keep all others waiting.
pub(crate) const COMPARED: [Method; 5] = [
    Method::Hybrid,
    Method::Tfidf,
    Method::Bm25,
    Method::Phrase,
    Method::Fuzzy,
];

/// A comparison, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Compared {
    /// A column for each method.
    pub columns: Vec<Column>,
    /// Which was the fastest, in a sentence; empty where none answered.
    pub speed: String,
    /// How the query was read, a sentence each.
    pub hints: Vec<String>,
}

/// What one method answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    /// Name of the method.
    pub name: &'static str,
    /// How much was found in which time, or why nothing was.
    pub summary: String,
    /// The hits, best first.
    pub hits: Vec<RankedHit>,
}

/// A hit and how its rank differs from the one in the first column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RankedHit {
    /// From 1.
    pub rank: usize,
    /// Where it stands in the first column.
    pub movement: Movement,
    /// The hit.
    pub passage: Passage,
}

/// How a rank differs from the one in the first column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Movement {
    /// This is the first column.
    Reference,
    /// The same rank.
    Same,
    /// So many ranks higher.
    Up(usize),
    /// So many ranks lower.
    Down(usize),
    /// Not in the first column.
    New,
}

impl Compared {
    /// The columns in the order of [`COMPARED`].
    pub(crate) fn new(comparison: Comparison) -> Compared {
        let Comparison {
            query,
            mut comparison,
            performance,
            hints,
        } = comparison;
        let answers: Vec<ComparedMethod> = COMPARED
            .iter()
            .filter_map(|method| comparison.remove(method))
            .collect();
        let reference: Vec<String> = answers.first().map_or_else(Vec::new, |first| {
            first.results.iter().map(|hit| hit.id.to_string()).collect()
        });
        let speed = performance
            .faster_method
            .map_or_else(String::new, |fastest| {
                format!(
                    "{} answered first, {} before the last.",
                    method::label(fastest),
                    took(performance.speed_difference_ms)
                )
            });
        Compared {
            columns: answers
                .into_iter()
                .enumerate()
                .map(|(place, answer)| column(answer, place == 0, &reference, &query))
                .collect(),
            speed,
            hints,
        }
    }
}

fn column(answer: ComparedMethod, is_first: bool, reference: &[String], query: &str) -> Column {
    let best = answer.results.first().map_or(0.0, |hit| hit.score);
    let summary = match &answer.error {
        Some(error) => sentence(error),
        None => format!(
            "{} in {}",
            counted(answer.total_matches, "book", "books"),
            took(answer.duration_ms)
        ),
    };
    let ranked = |(place, hit): (usize, Hit)| RankedHit {
        rank: place + 1,
        movement: match is_first {
            true => Movement::Reference,
            false => Movement::of(place, reference.iter().position(|id| *id == hit.id)),
        },
        passage: narrow(Passage::new(hit, best, query)),
    };
    Column {
        name: method::label(answer.method),
        summary,
        hits: answer.results.into_iter().enumerate().map(ranked).collect(),
    }
}

/// The passage for a narrow column: a few words before the first match, so that it is not cut off.
fn narrow(mut passage: Passage) -> Passage {
    const LETTERS_BEFORE: usize = 40;
    if let [Piece::Plain(before), Piece::Marked(_), ..] = passage.pieces.as_mut_slice() {
        let surplus = before.chars().count().saturating_sub(LETTERS_BEFORE);
        let cut = before.char_indices().nth(surplus).map_or(0, |(at, _)| at);
        if let Some((_, kept)) = before[cut..].split_once(' ').filter(|_| cut > 0) {
            *before = format!("… {kept}");
        }
    }
    passage
}

fn took(duration_ms: f64) -> String {
    duration::format((duration_ms.max(0.0) * 1e6) as u64)
}

impl Movement {
    fn of(place: usize, reference: Option<usize>) -> Movement {
        match reference {
            None => Movement::New,
            Some(before) if before > place => Movement::Up(before - place),
            Some(before) if before < place => Movement::Down(place - before),
            Some(_) => Movement::Same,
        }
    }

    /// The sign beside the hit; empty in the first column.
    pub(crate) fn sign(self) -> String {
        match self {
            Movement::Reference => String::new(),
            Movement::Same => "=".to_owned(),
            Movement::Up(ranks) => format!("▲{ranks}"),
            Movement::Down(ranks) => format!("▼{ranks}"),
            Movement::New => "new".to_owned(),
        }
    }

    /// What the sign means; `first` is the name of the first column.
    pub(crate) fn in_words(self, first: &str) -> String {
        let ranks = |count| counted(count, "rank", "ranks");
        match self {
            Movement::Reference => String::new(),
            Movement::Same => format!("the same rank as in {first}"),
            Movement::Up(count) => format!("{} higher than in {first}", ranks(count)),
            Movement::Down(count) => format!("{} lower than in {first}", ranks(count)),
            Movement::New => format!("not in {first}"),
        }
    }

    /// The class that colours the sign.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Movement::Reference | Movement::Same => "move",
            Movement::Up(_) => "move up",
            Movement::Down(_) => "move down",
            Movement::New => "move new",
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::{ComparedSpeed, Location};

    use super::*;

    fn answer(method: Method, ids: &[&str]) -> (Method, ComparedMethod) {
        let hit = |id: &&str| Hit {
            id: (*id).to_owned().into(),
            title: (*id).to_owned().into(),
            author: None,
            year: 1851,
            score: 0.5,
            snippet: String::new(),
            highlights: vec![],
            location: Location {
                chapter: None,
                line: None,
                from: 0,
                to: 1,
            },
        };
        let answer = ComparedMethod {
            method,
            total_results: ids.len(),
            total_matches: ids.len(),
            duration_ms: 0.25,
            results: ids.iter().map(hit).collect(),
            error: None,
        };
        (method, answer)
    }

    fn compared(answers: Vec<(Method, ComparedMethod)>) -> Compared {
        Compared::new(Comparison {
            query: "whale".into(),
            comparison: answers.into_iter().collect(),
            performance: ComparedSpeed {
                faster_method: Some(Method::Bm25),
                speed_difference_ms: 1.5,
            },
            hints: vec![],
        })
    }

    #[test]
    fn every_hit_says_how_far_it_moved_from_the_first_column() {
        let compared = compared(vec![
            answer(Method::Bm25, &["b", "a", "c", "z"]),
            answer(Method::Hybrid, &["a", "b", "c"]),
        ]);
        let names: Vec<&str> = compared.columns.iter().map(|column| column.name).collect();
        assert_eq!(names, ["Best passage", "BM25"]);
        let signs = |column: usize| -> Vec<String> {
            let hits = compared.columns[column].hits.iter();
            hits.map(|hit| hit.movement.sign()).collect()
        };
        assert_eq!(signs(0), ["", "", ""]);
        assert_eq!(signs(1), ["▲1", "▼1", "=", "new"]);
        let words: Vec<String> = compared.columns[1]
            .hits
            .iter()
            .map(|hit| hit.movement.in_words("Best passage"))
            .collect();
        assert_eq!(
            words,
            [
                "1 rank higher than in Best passage",
                "1 rank lower than in Best passage",
                "the same rank as in Best passage",
                "not in Best passage",
            ]
        );
        assert_eq!(compared.columns[0].summary, "3 books in 250 µs");
        assert_eq!(
            compared.speed,
            "BM25 answered first, 1.50 ms before the last."
        );
    }

    #[test]
    fn a_narrow_passage_begins_shortly_before_its_first_match() {
        let mut answer = answer(Method::Bm25, &["a"]);
        answer.1.results[0].snippet =
            "It belonged, he said, to the man who raised him a whale.".into();
        answer.1.results[0].highlights = vec![(50, 55)];
        let compared = compared(vec![answer]);
        let pieces = &compared.columns[0].hits[0].passage.pieces;
        assert_eq!(
            pieces[..2],
            [
                Piece::Plain("… he said, to the man who raised him a ".into()),
                Piece::Marked("whale".into())
            ]
        );
    }

    #[test]
    fn a_method_without_an_answer_says_why() {
        let (method, mut late) = answer(Method::Fuzzy, &[]);
        late.error = Some("the search took longer than 2 s".into());
        let compared = compared(vec![(method, late)]);
        assert_eq!(
            compared.columns[0].summary,
            "The search took longer than 2 s."
        );
    }
}
