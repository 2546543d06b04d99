//! `GET /books/{id}` and `/books/{id}/text`: chapters, parts of a text, and the words that a query looks for in it.

use serde_json::json;
use shared::{BookDetail, BookText, QueryCapture};

use super::{assert_problem, ready};
use crate::support::{Backend, library};

#[tokio::test]
async fn a_book_comes_with_its_chapters() {
    let answer = ready().get("/books/austen-persuasion.txt").await;
    let book: BookDetail = serde_json::from_str(&answer.body).unwrap();
    assert_eq!((book.book.title.as_str(), book.bytes), ("Persuasion", 99));
    let chapters: Vec<(&str, usize, usize)> = book
        .chapters
        .iter()
        .map(|chapter| (chapter.title.as_str(), chapter.from, chapter.to))
        .collect();
    assert_eq!(chapters, [("CHAPTER I", 0, 18), ("CHAPTER II", 18, 99)]);
}

#[tokio::test]
async fn a_part_of_a_book_comes_as_it_stands_there_with_the_words_of_the_query() {
    let path = "/books/austen-persuasion.txt/text?from=30&to=64&q=whales+-snow";
    let text: BookText = serde_json::from_str(&ready().get(path).await.body).unwrap();
    assert_eq!(text.text, "They saw the white\n   whale--white");
    assert_eq!((text.from, text.to), (30, 64));
    assert_eq!(text.highlights, [(22, 27)]);
}

#[tokio::test]
async fn every_byte_is_a_letter_and_stop_words_are_marked_only_where_there_is_nothing_else() {
    let backend = Backend::new(
        library([b"C\xe6sar and the ending".as_slice()]),
        QueryCapture::Off,
    );
    let marked = async |query: &str| {
        let path = format!("/books/austen-emma.txt/text?q={query}");
        let text: BookText = serde_json::from_str(&backend.get(&path).await.body).unwrap();
        assert_eq!(text.text, "C\u{e6}sar and the ending");
        text.highlights
    };
    assert_eq!(marked("Caesar+and").await, [(0, 5)]);
    assert_eq!(marked("and+the").await, [(6, 9), (10, 13)]);
    assert_eq!(marked("endign").await, [(14, 20)]);
    assert_eq!(marked("xyzzy").await, []);
}

#[tokio::test]
async fn what_is_not_there_is_told_with_what_is() {
    let unknown = "there is no book with this id; /books lists all of them";
    for path in [
        "/books/nonsense.txt",
        "/books/..%2f..%2fetc%2fpasswd",
        "/books/nonsense.txt/text",
        "/search?q=whale&book=nonsense.txt",
        "/search/explain?q=whale&id=nonsense.txt",
    ] {
        assert_problem(&ready().get(path).await, 404, "Unknown book", unknown);
    }
    let from = "from: allowed is a byte of this book, 0 to 98";
    for (part, detail) in [
        ("from=100", from),
        ("from=-1", from),
        ("from=99999999999999999999", from),
        ("from=20&to=20", "to: allowed is 21 to 99 after this `from`"),
        (
            "from=20&to=90000",
            "to: allowed is 21 to 99 after this `from`",
        ),
        (
            "q=",
            "q is missing or blank: say what to look for, such as q=love",
        ),
        ("from=1&from=2", "a parameter is given twice or is no text"),
    ] {
        let path = format!("/books/austen-persuasion.txt/text?{part}");
        assert_problem(&ready().get(&path).await, 400, "Bad request", detail);
    }
}

#[tokio::test]
async fn a_part_may_end_behind_the_book_and_never_holds_more_than_64_kibibytes() {
    let long = "whale ".repeat(20_000);
    let backend = Backend::new(library([long]), QueryCapture::Off);
    let part = async |part: &str| {
        let answer = backend
            .get(&format!("/books/austen-emma.txt/text?{part}"))
            .await;
        let text: BookText = serde_json::from_str(&answer.body).unwrap();
        (text.from, text.to, text.text.len())
    };
    assert_eq!(part("").await, (0, 65_536, 65_536));
    assert_eq!(
        part("from=119000&to=130000").await,
        (119_000, 120_000, 1_000)
    );
    let json = backend.get("/books/austen-emma.txt").await.json();
    assert_eq!(json["chapters"], json!([]));
}
