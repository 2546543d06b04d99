//! Rule: inside a crate, the modules that must not know each other do not.

use super::Finding;
use super::source::Source;

/// Below `folder` (or in the file of that name), except in `except`, the code never says `word`.
struct Border {
    folder: &'static str,
    except: Option<&'static str>,
    word: &'static str,
    cure: &'static str,
}

const BORDERS: &[Border] = &[
    Border {
        folder: "backend/src/search",
        except: None,
        word: "axum",
        cure: "search answers plain values; backend/src/http turns them into responses",
    },
    Border {
        folder: "backend/src/corpus",
        except: None,
        word: "axum",
        cure: "corpus answers plain values; backend/src/http turns them into responses",
    },
    Border {
        folder: "backend/src/corpus",
        except: None,
        word: "crate::search",
        cure: "search builds on corpus, not the other way round; pass in what is needed",
    },
    Border {
        folder: "frontend/src",
        except: Some("frontend/src/api.rs"),
        word: "gloo_net",
        cure: "only frontend/src/api.rs speaks HTTP; call it",
    },
];

pub(super) fn check(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for border in BORDERS {
        for source in sources {
            let inside = source
                .path
                .strip_prefix(border.folder)
                .is_some_and(|rest| rest.starts_with('/') || rest == ".rs");
            if inside
                && border.except != Some(source.path.as_str())
                && says(&source.code_without_tests(), border.word)
            {
                findings.push(Finding {
                    path: source.path.clone(),
                    problem: format!("uses `{}`", border.word),
                    cure: border.cure.to_owned(),
                });
            }
        }
    }
    findings
}

/// Whether `word` stands in `code` as a whole word.
fn says(code: &str, word: &str) -> bool {
    let in_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    code.match_indices(word).any(|(start, _)| {
        !code[..start].ends_with(in_word) && !code[start + word.len()..].starts_with(in_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_a_module_that_knows_too_much() {
        let check = |path, text, count| {
            assert_eq!(
                check(&[Source::new(path, text)]).len(),
                count,
                "{path}: {text}"
            );
        };
        check("backend/src/search/tfidf.rs", "use axum::Json;", 1);
        check("backend/src/search.rs", "use axum::Json;", 1);
        check("backend/src/search/tfidf.rs", "// As axum does.", 0);
        check("backend/src/http/search.rs", "use axum::Json;", 0);
        check("backend/src/corpus/book.rs", "use crate::search::Index;", 1);
        check("backend/src/corpus/book.rs", "use crate::searching;", 0);
        check("frontend/src/pages/search.rs", "gloo_net::http::Request", 1);
        check("frontend/src/api.rs", "gloo_net::http::Request", 0);
    }
}
