//! How a score came about, as plain data: the addends in rows whose bars follow each other up to the score.

use shared::semconv::{attribute, span};
use shared::{Contribution, Explanation, Method, ScorePart};
use trace_model::{Span, SpanId, Value, duration};

use crate::wording::{counted, grouped, listed};

/// An explanation, ready to be shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Explained {
    /// How the addends become the score, in a sentence.
    pub formula: String,
    /// What is known of the document that was scored, in a sentence.
    pub document: String,
    /// The addends.
    pub rows: Vec<Row>,
    /// What they add up to.
    pub sum: f64,
    /// Words that add nothing, and why: a sentence each.
    pub silent: Vec<String>,
}

/// One addend.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// The word as typed.
    pub word: String,
    /// The term of the index that stands for it, where that is another one.
    pub term: Option<String>,
    /// The part of the score that it belongs to.
    pub part: &'static str,
    /// How often it occurs in the document.
    pub term_frequency: String,
    /// Documents that hold it.
    pub document_frequency: String,
    /// Its rarity.
    pub idf: String,
    /// What it adds.
    pub contribution: f64,
    /// Where its bar begins and how long it is, as shares of the sum.
    pub bar: (f64, f64),
}

/// A step of the search that brought a hit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// Its span.
    pub span: SpanId,
    /// The name of the span.
    pub name: String,
    /// What it did, and how long that took.
    pub words: String,
}

/// From the words of a query to the passage that is shown: names of spans, the attribute that says how much each did, and
/// of what.
const STEPS: [(&str, &str, [&str; 2]); 5] = [
    (
        span::PREPROCESS_QUERY,
        attribute::QUERY_TOKEN_COUNT,
        ["word read", "words read"],
    ),
    (
        span::VECTORIZE_QUERY,
        attribute::VECTOR_NONZERO,
        ["term weighed", "terms weighed"],
    ),
    (
        span::COMPUTE_SIMILARITY,
        attribute::SIMILARITY_POSTINGS_READ,
        ["posting read", "postings read"],
    ),
    (
        span::RERANK_PASSAGES,
        attribute::RERANK_CANDIDATES,
        ["passage compared", "passages compared"],
    ),
    (
        span::GENERATE_SNIPPET,
        attribute::SNIPPET_HIGHLIGHTS,
        ["word marked", "words marked"],
    ),
];

/// The steps that brought the hit in this book, the `nth` of several in one book, as far as their spans are there.
pub(crate) fn steps(spans: &[Span], book: &str, nth: usize) -> Vec<Step> {
    let is =
        |span: &Span, name: &str| span.name.strip_prefix("slow_").unwrap_or(&span.name) == name;
    let step = |(name, done, of): (&str, &str, [&str; 2])| {
        let mut named = spans.iter().filter(|span| is(span, name));
        let span = match name {
            // Each hit has one of its own.
            span::GENERATE_SNIPPET => named
                .filter(|span| matches!(span.attribute(attribute::BOOK_ID), Some(Value::String(id)) if id == book))
                .nth(nth),
            _ => named.next(),
        }?;
        let took = duration::format(span.end_ns.saturating_sub(span.start_ns));
        let words = match span.attribute(done) {
            Some(&Value::Int(count)) => {
                format!("{}, {took}", counted(count.max(0) as usize, of[0], of[1]))
            }
            _ => took,
        };
        Some(Step {
            span: span.span_id,
            name: span.name.clone(),
            words,
        })
    };
    STEPS.into_iter().filter_map(step).collect()
}

impl From<Explanation> for Explained {
    fn from(explanation: Explanation) -> Self {
        let contributions = &explanation.contributions;
        let sum: f64 = contributions.iter().map(|c| c.contribution).sum();
        // What belongs together stands together, within it the largest first, as it came. A stable sort would do the
        // same with much more code.
        let by_part = (0..=ScorePart::Run as u8)
            .flat_map(|part| contributions.iter().filter(move |c| c.part as u8 == part));
        let mut reached = 0.0;
        let mut rows = Vec::with_capacity(contributions.len());
        for contribution in by_part {
            let share = match sum > 0.0 {
                true => (contribution.contribution / sum).clamp(0.0, 1.0 - reached),
                false => 0.0,
            };
            rows.push(Row::new(contribution, (reached, share)));
            reached += share;
        }
        Explained {
            formula: explanation.formula.clone(),
            document: document(&explanation),
            rows,
            sum,
            silent: silent(&explanation),
        }
    }
}

impl Row {
    fn new(contribution: &Contribution, bar: (f64, f64)) -> Row {
        let Contribution { word, term, .. } = contribution;
        Row {
            term: (!word.eq_ignore_ascii_case(term)).then(|| term.clone()),
            word: word.clone(),
            part: part(contribution.part),
            // These two count whether a word occurs, not how often.
            term_frequency: match contribution.part {
                ScorePart::Coverage | ScorePart::Run => "–".to_owned(),
                _ => grouped(contribution.term_frequency as usize),
            },
            document_frequency: grouped(contribution.document_frequency as usize),
            idf: format!("{:.2}", contribution.idf),
            contribution: contribution.contribution,
            bar,
        }
    }
}

/// The name of a part of a score.
fn part(part: ScorePart) -> &'static str {
    match part {
        ScorePart::Cosine => "weight",
        ScorePart::Bm25 => "BM25",
        ScorePart::Phrase => "phrase",
        ScorePart::Coverage => "coverage",
        ScorePart::Run => "run",
    }
}

/// What a document is for this method, how many there are, and how long the one is that was scored.
fn document(explanation: &Explanation) -> String {
    let documents = explanation.documents as usize;
    match explanation.mean_length {
        Some(mean) => format!(
            "Scored was one passage of {} among {}; the mean is {mean:.0}.",
            counted(
                explanation.document_length.round() as usize,
                "word",
                "words"
            ),
            grouped(documents),
        ),
        None => format!(
            "Scored was the whole book, one of {}; the length of its vector is {:.1}.",
            grouped(documents),
            explanation.document_length,
        ),
    }
}

fn silent(explanation: &Explanation) -> Vec<String> {
    let mut sentences = Vec::new();
    if !explanation.unknown_words.is_empty() {
        sentences.push(format!(
            "In no book: {}.",
            listed(&explanation.unknown_words, "and")
        ));
    }
    if !explanation.dropped_words.is_empty() {
        sentences.push(format!(
            "Too common to count: {}.",
            listed(&explanation.dropped_words, "and")
        ));
    }
    if explanation.contributions.is_empty() {
        sentences.push(match explanation.method {
            Method::Phrase => "The words do not stand in a row here.".to_owned(),
            _ => "None of the words is here.".to_owned(),
        });
    }
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contribution(word: &str, term: &str, contribution: f64) -> Contribution {
        Contribution {
            word: word.into(),
            term: term.into(),
            part: ScorePart::Bm25,
            term_frequency: 3,
            document_frequency: 1_204,
            idf: 2.416,
            weight: 1.0,
            contribution,
        }
    }

    fn explanation(contributions: Vec<Contribution>) -> Explanation {
        Explanation {
            query: "white whales".into(),
            method: Method::Bm25,
            id: "x.txt".into(),
            title: "X".into(),
            score: contributions.iter().map(|c| c.contribution).sum(),
            formula: "The addends of all words are summed.".into(),
            documents: 28_229,
            document_length: 61.0,
            mean_length: Some(58.3),
            contributions,
            unknown_words: vec![],
            dropped_words: vec!["the".into()],
        }
    }

    #[test]
    fn the_bars_follow_each_other_and_add_up_to_the_score() {
        let explained = Explained::from(explanation(vec![
            contribution("whales", "whale", 3.0),
            contribution("White", "white", 1.0),
        ]));
        assert_eq!(explained.sum, 4.0);
        let bars: Vec<(f64, f64)> = explained.rows.iter().map(|row| row.bar).collect();
        assert_eq!(bars, [(0.0, 0.75), (0.75, 0.25)]);
        let first = &explained.rows[0];
        assert_eq!(first.term.as_deref(), Some("whale"));
        assert_eq!(explained.rows[1].term, None);
        assert_eq!(first.document_frequency, "1\u{202f}204");
        assert_eq!(
            (first.idf.as_str(), first.term_frequency.as_str()),
            ("2.42", "3")
        );
        assert_eq!(
            explained.document,
            "Scored was one passage of 61 words among 28\u{202f}229; the mean is 58."
        );
        assert_eq!(explained.silent, ["Too common to count: “the”."]);
    }

    #[test]
    fn the_steps_of_a_search_are_its_spans_and_of_the_snippets_the_one_of_the_hit() {
        let span = |id: u8, name: &str, key: &str, value: Value| Span {
            span_id: SpanId([id; 8]),
            name: name.into(),
            end_ns: 2_500,
            attributes: vec![
                (key.into(), value),
                (attribute::SNIPPET_HIGHLIGHTS.into(), Value::Int(1)),
            ],
            ..Span::default()
        };
        let snippet = |id, book: &str| {
            span(
                id,
                span::GENERATE_SNIPPET,
                attribute::BOOK_ID,
                Value::String(book.into()),
            )
        };
        let spans = [
            span(1, "GET", "", Value::Int(0)),
            span(
                2,
                span::PREPROCESS_QUERY,
                attribute::QUERY_TOKEN_COUNT,
                Value::Int(2),
            ),
            span(3, span::SLOW_COMPUTE_SIMILARITY, "", Value::Int(0)),
            snippet(4, "x"),
            snippet(5, "y"),
            snippet(6, "x"),
        ];
        let told = |book, nth| -> Vec<String> {
            let told = |step: Step| format!("{} {}: {}", step.span, step.name, step.words);
            steps(&spans, book, nth).into_iter().map(told).collect()
        };
        assert_eq!(
            told("x", 1),
            [
                "0202020202020202 preprocess_query: 2 words read, 2.50 µs",
                "0303030303030303 slow_compute_similarity: 2.50 µs",
                "0606060606060606 generate_snippet: 1 word marked, 2.50 µs",
            ]
        );
        assert_eq!(told("z", 0).len(), 2);
        assert_eq!(steps(&[], "x", 0), []);
    }

    #[test]
    fn a_book_that_does_not_match_has_no_bars_and_says_so() {
        let explained = Explained::from(explanation(vec![]));
        assert_eq!((explained.sum, explained.rows.len()), (0.0, 0));
        assert_eq!(explained.silent[1], "None of the words is here.");
    }
}
