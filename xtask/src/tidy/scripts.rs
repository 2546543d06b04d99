//! Rule: what a page has to fetch of the tracer's JavaScript stays few files. A browser fetches each module by itself, and few
//! at a time.

use super::Finding;

const FOLDER: &str = "crates/opentelemetry-browser/src/";

/// Of every page, of pages that record their load, of pages with other features.
const MOST_FILES: usize = 3;

pub(super) fn check(paths: &[String]) -> Vec<Finding> {
    let scripts: Vec<&str> = paths
        .iter()
        .map(String::as_str)
        .filter(|path| path.starts_with(FOLDER) && path.ends_with(".js"))
        .collect();
    if scripts.len() <= MOST_FILES {
        return Vec::new();
    }
    vec![Finding {
        path: FOLDER.to_owned(),
        problem: format!(
            "{} JavaScript files, {MOST_FILES} are wanted",
            scripts.len()
        ),
        cure: format!("join some of them: {}", scripts.join(", ")),
    }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fourth_file_is_found() {
        let paths = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| format!("{FOLDER}{name}")).collect()
        };
        let three = paths(&["shim.js", "load.js", "optional.js", "page.rs"]);
        assert_eq!(check(&three), []);
        let four = [three, paths(&["new.js"])].concat();
        let findings = check(&four);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].cure.contains("new.js"), "{}", findings[0].cure);
    }
}
