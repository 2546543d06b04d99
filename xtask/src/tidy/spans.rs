//! Rule: every span of `shared/src/semconv.rs` is opened, and in exactly one place: whoever sees it in a trace finds
//! its code by one search.

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
            let uses: Vec<&str> = searched
                .iter()
                .flat_map(|(path, code)| vec![*path; uses_in(code, constant)])
                .collect();
            let (problem, cure) = match uses.as_slice() {
                [_] => return None,
                [] => (
                    format!("no code opens span::{constant}"),
                    "open it as `span::NAME`, or delete the constant",
                ),
                many => (
                    format!(
                        "span::{constant} is used {} times: {}",
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

fn uses_in(code: &str, constant: &str) -> usize {
    let word = format!("span::{constant}");
    code.match_indices(&word)
        .filter(|(start, _)| {
            let rest = &code[start + word.len()..];
            !rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '_')
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
            ["span::SEARCH is used 2 times: backend/src/a.rs, frontend/src/b.rs"]
        );
    }

    #[test]
    fn rejects_a_span_that_only_comments_and_tests_name() {
        assert_eq!(
            problems(&[
                (
                    "backend/src/a.rs",
                    "in_span(span::SEARCH); // span::SEARCH_API"
                ),
                (
                    "backend/src/b.rs",
                    "#[cfg(test)]\nmod tests { fn a() { span::SEARCH_API; } }"
                ),
                ("backend/tests/integration/c.rs", "span::SEARCH_API"),
            ]),
            ["no code opens span::SEARCH_API"]
        );
    }
}
