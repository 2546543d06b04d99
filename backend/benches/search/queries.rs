//! The fixed list of queries, and the judged ones of `RELEVANCE_QUERIES`.

use std::env;
use std::fs;

use anyhow::Context;
use serde::Deserialize;

/// What people type, by kind, so that no kind decides the percentiles alone.
pub(crate) const QUERIES: [&str; 40] = [
    // Words that most books have.
    "love",
    "time",
    "man",
    "good",
    // Words that one book or a few have.
    "yorick",
    "leviathan",
    "cheshire",
    "philistines",
    // Two words.
    "white whale",
    "father brown",
    "mad hatter",
    "adventure journey",
    // Several words, all frequent.
    "god king lord man",
    "love death time hope fear joy peace war nature",
    // First words of what people know by heart.
    "In the beginning God created the heaven and the earth",
    "Call me Ishmael",
    "Tyger tyger burning bright",
    "Friends Romans countrymen lend me your ears",
    "Of man's first disobedience",
    "I celebrate myself",
    "The Lord is my shepherd I shall not want",
    "Double double toil and trouble",
    "handsome clever and rich with a comfortable home",
    // Questions.
    "who killed the king of scotland",
    "where does the bear sleep in winter",
    "why did the captain hunt the whale",
    "how did the girl fall down the rabbit hole",
    "what did the woman say to the serpent in the garden",
    // Words that no book has.
    "xyzzy",
    "blockchain wallet",
    // Misspelled words.
    "leviathen",
    "marrige proposal",
    "the lord is my shepperd",
    "captian ahab",
    // Spellings of another age.
    "loue and vertue",
    "my selfe",
    // Nothing but stop words.
    "to be or not to be",
    "it was the",
    // Punctuation and capitals.
    "WHALE!!!",
    "sea-shore",
];

#[derive(Deserialize)]
struct Judged {
    query: String,
}

/// The queries of the file that `RELEVANCE_QUERIES` names; none without it.
pub(crate) fn judged() -> anyhow::Result<Vec<String>> {
    let Some(path) = env::var_os("RELEVANCE_QUERIES") else {
        return Ok(Vec::new());
    };
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let queries: Vec<Judged> = serde_json::from_str(&text)?;
    Ok(queries.into_iter().map(|judged| judged.query).collect())
}
