//! The list of books: one cover of type for each, with its length as a bar, and what is wrong with those left out.

use boxed_view::{CollectView, StoredValue, View, view};
use leptos::prelude::*;
use shared::{Book, Books as BookList, SkippedBook};

use crate::address::Address;
use crate::components::link::Link;
use crate::components::notice::failed;
use crate::session::Session;
use crate::state::{Place, Question, Spot};
use crate::wording;

/// The book list page.
#[component]
pub(crate) fn Books() -> View {
    let session = expect_context::<Session>();
    session.want_books();
    view! {
        <h1 class="page">"The books"</h1>
        {move || match session.books.get() {
            None => view! { <p class="sum" role="status"></p> },
            Some(Ok(books)) => shelf(books),
            Some(Err(failure)) => {
                let again = move || session.want_books();
                view! { <div role="alert">{failed("The books cannot be listed", failure, again)}</div> }
            }
        }}
    }
}

fn shelf(list: BookList) -> View {
    let words: usize = list.books.iter().map(|book| book.word_count).sum();
    let longest = list
        .books
        .iter()
        .map(|book| book.word_count)
        .max()
        .unwrap_or(0);
    let count = wording::counted(list.books.len(), "book", "books");
    let total = format!(" with {} words in all", wording::grouped(words));
    let sample = (list.corpus == "sample").then(|| {
        view! {
            <p class="note">
                "This is the bundled sample: short retellings under the names of the books, not the books themselves. Run "
                <code>"cargo xtask corpus"</code> " to fetch the real texts."
            </p>
        }
    });
    view! {
        <p class="sum" role="status">
            <b>{count}</b>
            {total}
        </p>
        {sample}
        {skipped(list.skipped)}
        <ul class="shelf">
            {list.books.into_iter().map(|book| cover(book, longest)).collect_view()}
        </ul>
    }
}

fn cover(book: Book, longest: usize) -> View {
    let share = book.word_count as f64 / longest.max(1) as f64;
    let words = format!("{} words", wording::grouped(book.word_count));
    let id = StoredValue::new(book.id);
    let read = move || {
        Address::Reader(Place {
            id: id.get_value(),
            spot: Spot::Beginning,
            query: String::new(),
        })
    };
    let search = move || {
        Address::Search(Question {
            book: Some(id.get_value()),
            ..Question::default()
        })
    };
    view! {
        <li>
            <div class="cover">
                <h2>
                    <Link to=read>{book.title}</Link>
                </h2>
                <p class="by">{book.author}</p>
                <p class="year">{book.year}</p>
                <p class="length">
                    <span>{words}</span>
                    <i style:width=format!("{:.1}%", share * 100.0)></i>
                </p>
            </div>
            <Link class="inside" to=search>
                "Search in this book"
            </Link>
        </li>
    }
}

fn skipped(books: Vec<SkippedBook>) -> Option<View> {
    (!books.is_empty()).then(|| {
        let heading = wording::counted(books.len(), "book is", "books are");
        view! {
            <div class="notice bad">
                <h2>{heading} " not served"</h2>
                <ul>
                    {books
                        .into_iter()
                        .map(|book| view! { <li><code>{book.id}</code> " " {book.reason}</li> })
                        .collect_view()}
                </ul>
            </div>
        }
    })
}
