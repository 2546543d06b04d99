//! The list of books: one cover of type for each, with its length as a bar, and what is wrong with those left out.

use leptos::prelude::*;
use opentelemetry::Context;
use opentelemetry_browser::{fail, in_new_trace};
use shared::semconv::span;
use shared::{Book, Books as BookList, SkippedBook};

use crate::api;
use crate::reply::ApiError;
use crate::wording;

/// The book list page.
#[component]
pub(crate) fn Books() -> impl IntoView {
    let list = RwSignal::new(None::<Result<BookList, ApiError>>);
    let load = move || {
        leptos::task::spawn_local(async move {
            let loaded = load_books().await;
            // The reader may have left for another page.
            list.try_set(Some(loaded));
        });
    };
    load();
    view! {
        <h1 class="page">"The books"</h1>
        {move || match list.get() {
            None => view! { <p class="sum" role="status"></p> }.into_any(),
            Some(Ok(books)) => shelf(books).into_any(),
            Some(Err(error)) => {
                view! {
                    <div class="notice bad" role="alert">
                        <h2>"The books cannot be listed"</h2>
                        <p>{error.reason()}</p>
                        <button type="button" on:click=move |_| load()>
                            "Try again"
                        </button>
                    </div>
                }
                    .into_any()
            }
        }}
    }
}

async fn load_books() -> Result<BookList, ApiError> {
    in_new_trace(span::LOAD_BOOKS, async |cx: Context| {
        let loaded = api::books().await;
        if let Err(error) = &loaded {
            fail(&cx, error.error_type(), error.message());
        }
        loaded
    })
    .await
}

fn shelf(list: BookList) -> impl IntoView {
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

fn cover(book: Book, longest: usize) -> impl IntoView {
    let share = book.word_count as f64 / longest.max(1) as f64;
    let words = format!("{} words", wording::grouped(book.word_count));
    view! {
        <li>
            <h2>{book.title}</h2>
            <p class="by">{book.author}</p>
            <p class="year">{book.year}</p>
            <p class="length">
                <span>{words}</span>
                <i style:width=format!("{:.1}%", share * 100.0)></i>
            </p>
        </li>
    }
}

fn skipped(books: Vec<SkippedBook>) -> Option<impl IntoView> {
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
