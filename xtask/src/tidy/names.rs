//! Rule: no folder or file is named after nothing in particular, and no module is a `mod.rs`.

use std::collections::BTreeSet;

use super::Finding;

const SAYS_NOTHING: &[&str] = &["common", "helper", "helpers", "misc", "util", "utils"];

pub(super) fn check(paths: &[String]) -> Vec<Finding> {
    let mut findings = BTreeSet::new();
    for path in paths {
        let mut end = 0;
        for part in path.split('/') {
            end += part.len();
            let stem = part.split('.').next().unwrap_or(part);
            if SAYS_NOTHING.contains(&stem) {
                findings.insert(Finding {
                    path: path[..end].to_owned(),
                    problem: format!("`{stem}` does not say what is inside"),
                    cure: "name it after the one thing it holds; split it when there are several"
                        .to_owned(),
                });
            }
            end += 1;
        }
        if let Some(folder) = path.strip_suffix("/mod.rs") {
            findings.insert(Finding {
                path: path.clone(),
                problem: "a mod.rs cannot be told from the others in an editor".to_owned(),
                cure: format!("move it to {folder}.rs"),
            });
        }
    }
    findings.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejects_empty_names_once_and_mod_rs() {
        let paths = [
            "backend/src/http.rs",
            "backend/src/utils/a.rs",
            "backend/src/utils/b.rs",
            "collector/src/common.rs",
            "shared/src/wire/mod.rs",
            "shared/src/common_words.rs",
        ]
        .map(str::to_owned);
        let found: Vec<String> = check(&paths)
            .into_iter()
            .map(|finding| finding.path)
            .collect();
        assert_eq!(
            found,
            [
                "backend/src/utils",
                "collector/src/common.rs",
                "shared/src/wire/mod.rs"
            ]
        );
    }
}
