//! Words that are in every text and say nothing about it.

/// Whether `word`, in lower case and without punctuation, is one of NLTK's English stop words.
///
/// NLTK lists 179. Those with an apostrophe are missing here, because punctuation is gone before words are compared,
/// and so are those of at most two letters, which are too short anyway.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.binary_search(&word).is_ok()
}

#[rustfmt::skip]
const STOP_WORDS: [&str; 119] = [
    "about", "above", "after", "again", "against", "ain", "all", "and", "any", "are", "aren", "because",
    "been", "before", "being", "below", "between", "both", "but", "can", "couldn", "did", "didn", "does",
    "doesn", "doing", "don", "down", "during", "each", "few", "for", "from", "further", "had", "hadn", "has",
    "hasn", "have", "haven", "having", "her", "here", "hers", "herself", "him", "himself", "his", "how",
    "into", "isn", "its", "itself", "just", "mightn", "more", "most", "mustn", "myself", "needn", "nor",
    "not", "now", "off", "once", "only", "other", "our", "ours", "ourselves", "out", "over", "own", "same",
    "shan", "she", "should", "shouldn", "some", "such", "than", "that", "the", "their", "theirs", "them",
    "themselves", "then", "there", "these", "they", "this", "those", "through", "too", "under", "until",
    "very", "was", "wasn", "were", "weren", "what", "when", "where", "which", "while", "who", "whom", "why",
    "will", "with", "won", "wouldn", "you", "your", "yours", "yourself", "yourselves",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_as_the_search_in_it_needs() {
        assert!(STOP_WORDS.is_sorted());
        assert!(is_stop_word("about") && is_stop_word("yourselves") && !is_stop_word("whale"));
    }
}
