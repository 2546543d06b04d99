//! Words that are in every text and say nothing about it.

/// Whether `word`, in lower case and without punctuation, is one of NLTK's English stop words.
///
/// NLTK lists 179. Those with an apostrophe are missing here, because punctuation is gone before words are compared,
/// and so are those of at most two letters, which are too short anyway.
pub fn is_stop_word(word: &str) -> bool {
    let first = word.bytes().next().unwrap_or_default();
    let same_letter = BY_LETTER.get(usize::from(first.wrapping_sub(b'a')));
    same_letter.is_some_and(|words| words.contains(&word))
}

/// Every word of every book is looked up here, so the list is split by first letters.
#[rustfmt::skip]
const BY_LETTER: [&[&str]; 26] = [
    &["about", "above", "after", "again", "against", "ain", "all", "and", "any", "are", "aren"],
    &["because", "been", "before", "being", "below", "between", "both", "but"],
    &["can", "couldn"],
    &["did", "didn", "does", "doesn", "doing", "don", "down", "during"],
    &["each"],
    &["few", "for", "from", "further"],
    &[],
    &["had", "hadn", "has", "hasn", "have", "haven", "having", "her", "here", "hers", "herself", "him",
      "himself", "his", "how"],
    &["into", "isn", "its", "itself"],
    &["just"],
    &[],
    &[],
    &["mightn", "more", "most", "mustn", "myself"],
    &["needn", "nor", "not", "now"],
    &["off", "once", "only", "other", "our", "ours", "ourselves", "out", "over", "own"],
    &[],
    &[],
    &[],
    &["same", "shan", "she", "should", "shouldn", "some", "such"],
    &["than", "that", "the", "their", "theirs", "them", "themselves", "then", "there", "these", "they", "this",
      "those", "through", "too"],
    &["under", "until"],
    &["very"],
    &["was", "wasn", "were", "weren", "what", "when", "where", "which", "while", "who", "whom", "why", "will",
      "with", "won", "wouldn"],
    &[],
    &["you", "your", "yours", "yourself", "yourselves"],
    &[],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_found_under_its_letter() {
        assert_eq!(BY_LETTER.concat().len(), 119);
        assert!(BY_LETTER.concat().iter().all(|word| is_stop_word(word)));
        for other in ["whale", "", "the ", "{", "\u{e6}"] {
            assert!(!is_stop_word(other), "{other:?}");
        }
    }
}
