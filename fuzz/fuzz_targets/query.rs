//! Any query, by every method, against the sample: answers, explanations and marked words keep their invariants.

#![no_main]

#[path = "../../backend/tests/integration/search/invariants.rs"]
mod invariants;

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use backend::corpus::{Source, load_gutenberg_corpus};
use backend::progress::Progress;
use backend::search::{
    Admission, Deadline, Library, Limits, Request, explain, matching_words,
};
use invariants::{check_answer, check_ranges, methods_and_features};
use libfuzzer_sys::fuzz_target;
use shared::Method;
use tokio::runtime::{Builder, Runtime};

/// The sample, indexed once.
static LIBRARY: LazyLock<Arc<Library>> = LazyLock::new(|| {
    let corpus = load_gutenberg_corpus(Source::Sample, &Progress::default()).expect("the sample is built in");
    Arc::new(Library::index(corpus).expect("the sample can be indexed"))
});

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made")
});

fuzz_target!(|query: &str| {
    for (method, features) in methods_and_features() {
        search(&Request {
            features,
            ..Request::new(query, method)
        });
    }
    search(&Request {
        book: Some(query.len() % LIBRARY.corpus.books.len()),
        ..Request::new(query, Method::Hybrid)
    });
    let text = LIBRARY.corpus.books[0].text.bytes().len();
    let marked = matching_words(&LIBRARY, query, 0, 0..text).expect("words can be looked up");
    check_ranges(&marked, &LIBRARY.corpus.books[0].text.decode(0..text));
});

fn search(request: &Request<'_>) {
    let answer = LIBRARY.search(request, &Deadline::none());
    let answer = answer.expect("the index can be read");
    check_answer(&LIBRARY, request, &answer);
    let Some(hit) = answer.hits.first() else {
        return;
    };
    let mut books = LIBRARY.corpus.books.iter();
    let book = books.position(|book| book.entry.id == hit.id);
    let book = book.expect("a hit is a book of the library");
    // A fuzzed program is slow.
    let admission = Admission::new(Limits {
        deadline: Duration::from_secs(60),
        ..Limits::default()
    });
    let explained = RUNTIME.block_on(explain(&LIBRARY, &admission, request, (book, None)));
    let explained = explained.expect("the index can be read");
    let mut sum = 0.0;
    for one in &explained.contributions {
        sum += one.contribution;
    }
    assert!((explained.score - hit.score).abs() <= 1e-5 * (1.0 + hit.score));
    assert!((sum - explained.score).abs() <= 1e-5 * (1.0 + sum));
}
