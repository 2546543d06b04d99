//! Rule: every span of `shared/src/semconv.rs` is opened, and in exactly one place: whoever sees it in a trace finds
//! its code by one search. To be opened means to be the first argument of a call, `in_span(span::NAME, …)`; a name that
//! is only compared with, as in `name == span::NAME`, is not counted.

use super::Finding;
use super::source::{Source, item_end};

const SEMCONV: &str = "shared/src/semconv.rs";

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let Some(semconv) = sources.iter().find(|source| source.path == SEMCONV) else {
        return vec![Finding {
            path: SEMCONV.to_owned(),
            problem: "the file with the names of the spans is missing".to_owned(),
            cure: "tell xtask/src/tidy/spans.rs where it has gone".to_owned(),
        }];
    };
    let searched: Vec<(&str, String)> = sources
        .iter()
        .filter(|source| source.path != SEMCONV && !source.is_test())
        .map(|source| (source.path.as_str(), source.code_without_tests()))
        .collect();
    span_constants(&semconv.code)
        .into_iter()
        .filter_map(|constant| {
            let openings: Vec<&str> = searched
                .iter()
                .flat_map(|(path, code)| vec![*path; openings_in(code, constant)])
                .collect();
            let (problem, cure) = match openings.as_slice() {
                [_] => return None,
                [] => (
                    format!("no code opens span::{constant}"),
                    "open it by `in_span(span::NAME, …)` or its like, or delete the constant",
                ),
                many => (
                    format!(
                        "span::{constant} is opened {} times: {}",
                        many.len(),
                        many.join(", ")
                    ),
                    "open the span in one function and call that",
                ),
            };
            Some(Finding {
                path: SEMCONV.to_owned(),
                problem,
                cure: cure.to_owned(),
            })
        })
        .collect()
}

/// Names of the constants in `mod span`.
fn span_constants(code: &str) -> Vec<&str> {
    let Some((_, after)) = code.split_once("mod span ") else {
        return Vec::new();
    };
    let module = item_end(after).map_or(after, |end| &after[..end]);
    module
        .split("const ")
        .skip(1)
        .filter_map(|constant| Some(constant.split_once(':')?.0.trim()))
        .collect()
}

fn openings_in(code: &str, constant: &str) -> usize {
    let in_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let word = format!("span::{constant}");
    code.match_indices(&word)
        .filter(|(start, _)| {
            let whole_word = !code[start + word.len()..].starts_with(in_word);
            let before = code[..*start].trim_end_matches(|letter| in_word(letter) || letter == ':');
            let call = before.trim_end().strip_suffix('(');
            whole_word && call.is_some_and(|callee| callee.ends_with(in_word))
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(others: &[(&str, &str)]) -> Vec<String> {
        let semconv = "pub mod service { pub const PAGE: &str = \"page\"; }\n\
                       pub mod span {\n pub const SEARCH: &str = \"search\";\n \
                       pub const SEARCH_API: &str = \"search_api\"; }\n";
        let mut sources = vec![Source::new(SEMCONV, semconv)];
        sources.extend(others.iter().map(|(path, text)| Source::new(path, text)));
        check(&sources)
            .into_iter()
            .map(|finding| finding.problem)
            .collect()
    }

    #[test]
    fn accepts_one_place_for_each() {
        let code = "fn a() { in_span(span::SEARCH, x); in_span(semconv::span::SEARCH_API, y); }";
        assert_eq!(problems(&[("backend/src/a.rs", code)]), [""; 0]);
    }

    #[test]
    fn rejects_a_span_that_is_opened_twice() {
        assert_eq!(
            problems(&[
                (
                    "backend/src/a.rs",
                    "in_span(span::SEARCH); in_span(span::SEARCH_API);"
                ),
                ("frontend/src/b.rs", "in_span(span::SEARCH);"),
            ]),
            ["span::SEARCH is opened 2 times: backend/src/a.rs, frontend/src/b.rs"]
        );
    }

    #[test]
    fn rejects_a_span_that_only_comments_and_tests_name() {
        assert_eq!(
            problems(&[
                (
                    "backend/src/a.rs",
                    "in_span(span::SEARCH); // in_span(span::SEARCH_API)"
                ),
                (
                    "backend/src/b.rs",
                    "#[cfg(test)]\nmod tests { fn a() { in_span(span::SEARCH_API); } }"
                ),
                (
                    "backend/tests/integration/c.rs",
                    "in_span(span::SEARCH_API);"
                ),
            ]),
            ["no code opens span::SEARCH_API"]
        );
    }

    #[test]
    fn a_name_that_is_only_compared_with_is_not_opened() {
        let code = "in_span(\n    span::SEARCH, x);\nin_span(span::SEARCH_API);\n\
                    if name == span::SEARCH {}\n\
                    match name { span::SEARCH | span::SEARCH_API => {} }\n\
                    [span::SEARCH, span::SEARCH_API].contains(&span::SEARCH);";
        assert_eq!(problems(&[("frontend/src/a.rs", code)]), [""; 0]);
    }
}
