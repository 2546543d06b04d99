//! What holds for every answer, whatever the books and the query are: for property tests, and for the fuzz targets of
//! `fuzz/`, which include this file.

use backend::search::{Answer, Features, Library, Request};
use shared::Method;

/// Every way to ask: the features are a choice of TF-IDF alone, and may be named with any method.
pub(crate) fn methods_and_features() -> impl Iterator<Item = (Method, Features)> {
    let features = [Features::All, Features::MostFrequent];
    let methods = Method::ALL.into_iter();
    methods.flat_map(move |method| features.map(|features| (method, features)))
}

/// Panics where `answer` cannot be one to `request`.
pub(crate) fn check_answer(library: &Library, request: &Request<'_>, answer: &Answer) {
    assert!(answer.hits.len() <= request.limit);
    assert!(answer.hits.len() <= answer.total_matches);
    for two in answer.hits.windows(2) {
        assert!(two[0].score >= two[1].score, "{:?}", answer.hits);
    }
    for (place, hit) in answer.hits.iter().enumerate() {
        assert!(hit.score.is_finite() && hit.score >= 0.0, "{hit:?}");
        for other in &answer.hits[..place] {
            let is_same = (&other.id, &other.location) == (&hit.id, &hit.location);
            assert!(!is_same, "one passage, one hit: {hit:?}");
            let is_one_book = answer.hits.iter().all(|other| other.id == hit.id);
            assert!(
                is_one_book || other.id != hit.id,
                "one book, one hit: {hit:?}"
            );
        }
        let mut books = library.corpus.books.iter();
        let book = books.find(|book| book.entry.id == hit.id);
        let text = &book.expect("a hit is a book of the library").text;
        let location = &hit.location;
        assert!(location.from < location.to && location.to <= text.bytes().len());
        let part = text.decode(location.from..location.to);
        let words: Vec<&str> = part.split(is_gap).filter(|word| !word.is_empty()).collect();
        assert_eq!(hit.snippet, words.join(" "));
        check_ranges(&hit.highlights, &hit.snippet);
        assert!(!hit.highlights.is_empty(), "{hit:?}");
    }
    for suggestion in &answer.suggestions {
        assert!(!suggestion.instead.is_empty(), "{suggestion:?}");
        assert!(
            answer.unknown_words.contains(&suggestion.word),
            "{suggestion:?}"
        );
    }
}

/// White space, control characters, and punctuation beyond ASCII, for which a snippet has a blank.
fn is_gap(letter: char) -> bool {
    let is_shown = letter.is_ascii() || letter.is_alphanumeric();
    letter <= ' ' || letter == '\x7f' || !is_shown
}

/// Panics where `ranges` are not in order, or not of `text`.
pub(crate) fn check_ranges(ranges: &[(usize, usize)], text: &str) {
    let mut end = 0;
    for &(from, to) in ranges {
        assert!(end <= from && from < to, "{ranges:?}");
        end = to;
    }
    assert!(end <= text.chars().count(), "{ranges:?} in {text:?}");
}
