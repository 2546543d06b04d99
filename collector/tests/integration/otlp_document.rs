//! `docs/otlp.md` names a test for each rule of the specification: they exist.

use std::collections::HashSet;
use std::path::Path;

#[test]
fn every_test_that_the_document_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = HashSet::new();
    for entry in std::fs::read_dir(root.join("tests/integration")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let file = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let source = std::fs::read_to_string(&path).unwrap();
            let mut lines = source.lines().map(str::trim);
            while let Some(line) = lines.next() {
                if line == "#[test]" {
                    let name = lines.find_map(|line| line.strip_prefix("fn ")).unwrap();
                    tests.insert(format!("{file}::{}", name.split('(').next().unwrap()));
                }
            }
        }
    }
    let document = std::fs::read_to_string(root.join("../docs/otlp.md")).unwrap();
    let named: Vec<&str> = document
        .split('`')
        .filter(|word| word.contains("::"))
        .collect();
    assert!(named.len() > 40, "{} are named", named.len());
    for name in named {
        assert!(tests.contains(name), "docs/otlp.md names {name}");
    }
}
