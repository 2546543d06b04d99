//! The methods by the names and in the words in which they are offered.

use shared::Method;

/// Name of a method on its pill and above its column.
pub(crate) fn label(method: Method) -> &'static str {
    match method {
        Method::Hybrid => "Best passage",
        Method::Tfidf => "TF-IDF",
        Method::Bm25 => "BM25",
        Method::Phrase => "Phrase",
        Method::Fuzzy => "Fuzzy",
        Method::SlowTfidf => "Slow, for practice",
    }
}

/// What a method finds.
pub(crate) fn explained(method: Method) -> &'static str {
    match method {
        Method::Hybrid => {
            "Books with the passage that comes closest to your words as you typed them"
        }
        Method::Tfidf => "Books in which your words weigh most, rare words more than common ones",
        Method::Bm25 => {
            "Books with the passage in which most of your words stand, in whatever order"
        }
        Method::Phrase => "Books with a passage in which your words stand in a row",
        Method::Fuzzy => "Like BM25, with words that no book holds taken for similar ones",
        Method::SlowTfidf => "TF-IDF done badly on purpose: find in the trace what makes it slow",
    }
}

/// What to try after a search by a method that found nothing; a list of examples follows.
pub(crate) fn advice(method: Method) -> &'static str {
    match method {
        Method::Tfidf | Method::SlowTfidf => {
            "TF-IDF looks for whole words as they are written. Check the spelling, use another form of the word, or try "
        }
        Method::Phrase => {
            "A phrase is looked for word by word. Choose another method, which takes the words in any order, or try "
        }
        Method::Bm25 | Method::Hybrid | Method::Fuzzy => {
            "Check the spelling, use another word, or try "
        }
    }
}
